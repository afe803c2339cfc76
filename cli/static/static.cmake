# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Links gRPC and protobuf into the command: half of the time of a short call would else be the
# dynamic linker's, which looks symbols up in some seventy libraries of gRPC's. The system's own stay
# shared, and so do simdjson, which has no static library, and OpenSSL, which gets security updates.

set(libraries ${GRPC_STATIC_LIBRARIES} protobuf)
list(REMOVE_ITEM libraries ssl crypto z dl pthread atomic m rt)
list(TRANSFORM libraries PREPEND -l)
target_sources(pygrpc_command PRIVATE $<TARGET_OBJECTS:pygrpc> $<TARGET_OBJECTS:pygrpc_engine>)
target_include_directories(pygrpc_command PRIVATE ${PROJECT_SOURCE_DIR}/capi
                                                  ${CMAKE_CURRENT_SOURCE_DIR})

# OpenSSL is loaded when it is needed. Elsewhere than here the dynamic linker does so each time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND OPENSSL_VERSION VERSION_GREATER_EQUAL 3)
  enable_language(ASM)
  find_library(PYGRPC_GRPC_ARCHIVE libgrpc.a HINTS ${GRPC_LIBRARY_DIRS} REQUIRED)
  set(objects $<TARGET_OBJECTS:pygrpc_engine> ${PYGRPC_GRPC_ARCHIVE})
  set(functions ${CMAKE_CURRENT_BINARY_DIR}/openssl_functions.inc)
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/static/OpensslFunctions.cmake)
  add_custom_command(
    OUTPUT ${functions}
    COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} "-DOBJECTS=$<JOIN:${objects},$<COMMA>>"
            "-DLIBRARIES=${OPENSSL_SSL_LIBRARY},${OPENSSL_CRYPTO_LIBRARY}" -DOUTPUT=${functions} -P
            ${script}
    DEPENDS ${objects} ${script}
    COMMENT "Listing the functions of OpenSSL that are called"
    VERBATIM)
  target_sources(pygrpc_command PRIVATE static/openssl_on_demand.cc static/openssl_on_demand.S
                                        ${functions})
  set_source_files_properties(static/openssl_on_demand.S PROPERTIES OBJECT_DEPENDS ${functions})
else()
  set(openssl OpenSSL::SSL OpenSSL::Crypto)
endif()

# Thousands of pointers of gRPC's tables are relocated, which takes less where they are packed; the
# C library must know the form.
include(CheckCXXSourceRuns)
set(CMAKE_REQUIRED_LINK_OPTIONS -pie -Wl,-z,pack-relative-relocs -Wl,--fatal-warnings)
check_cxx_source_runs("int zero; int* pointer = &zero; int main() { return *pointer; }"
                      PYGRPC_PACKS_RELOCATIONS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(PYGRPC_PACKS_RELOCATIONS)
  target_link_options(pygrpc_command PRIVATE -Wl,-z,pack-relative-relocs)
endif()
target_link_options(pygrpc_command PRIVATE -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now)

# libstdc++ is before simdjson, which needs it, too: its thousands of symbols are then found at once.
target_link_libraries(
  pygrpc_command
  PRIVATE -Wl,-Bstatic -Wl,--start-group ${libraries} -Wl,--end-group -Wl,-Bdynamic
          stdc++ simdjson::simdjson ZLIB::ZLIB ${openssl} Threads::Threads ${CMAKE_DL_LIBS})
