# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts where: the header, the library with its SONAME links, a pkg-config
# file, a CMake package and a bill of materials. Who uses them needs none of the library's own
# dependencies to compile.
include(CMakePackageConfigHelpers)

install(TARGETS pygrpc LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES capi/pygrpc.h bindings/cpp/include/pygrpc.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# The bill of materials: what the library is linked to, with versions and licences.
find_program(PYGRPC_SBOM_PYTHON python3)
if(NOT PYGRPC_SBOM_PYTHON)
  message(WARNING "There is no python3, so no bill of materials is written or installed")
elseif(NOT PYGRPC_SANITIZE)
  set(PYGRPC_SBOM ${CMAKE_CURRENT_BINARY_DIR}/pygrpc.cdx.json)
  add_custom_command(
    TARGET pygrpc POST_BUILD
    COMMAND ${PYGRPC_SBOM_PYTHON} -B ${PROJECT_SOURCE_DIR}/scripts/generate-sbom
            $<TARGET_FILE:pygrpc> ${PROJECT_VERSION} ${PYGRPC_SBOM}
    VERBATIM)
  install(FILES ${PYGRPC_SBOM} DESTINATION ${CMAKE_INSTALL_DATADIR}/pygrpc)
endif()

# Paths relative to the prefix keep the files true when the prefix is moved.
file(RELATIVE_PATH PYGRPC_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" PYGRPC_PC_PREFIX "${PYGRPC_PC_PREFIX}")
configure_file(pkgconfig/pygrpc.pc.in pygrpc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pygrpc.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The imported target is written by hand: install(EXPORT) would make every user of the library look
# for protobuf and simdjson, which only the library itself links.
set(PYGRPC_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/pygrpc)
set(PYGRPC_LIBRARY ${CMAKE_SHARED_LIBRARY_PREFIX}pygrpc${CMAKE_SHARED_LIBRARY_SUFFIX})
configure_package_config_file(
  cmake/pygrpcConfig.cmake.in pygrpcConfig.cmake INSTALL_DESTINATION ${PYGRPC_PACKAGE_DIR}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
# Before 1.0 a new minor version may change the ABI.
write_basic_package_version_file(pygrpcConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pygrpcConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/pygrpcConfigVersion.cmake
        DESTINATION ${PYGRPC_PACKAGE_DIR})
