# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

# pygrpc_embed_protos(<target>): compiles protos/embedded, and the well-known types that come with
# protobuf, into one serialized FileDescriptorSet and adds it to <target> as a byte array. No
# generated message classes: two copies of those in one process abort it.

set(_pygrpc_embed_script "${CMAKE_CURRENT_LIST_DIR}/EmbedFile.cmake")
get_filename_component(_pygrpc_embed_root "${CMAKE_CURRENT_LIST_DIR}/../protos/embedded" ABSOLUTE)

function(pygrpc_embed_protos target)
  find_program(PYGRPC_PROTOC protoc REQUIRED)
  find_path(PYGRPC_WELL_KNOWN_TYPES google/protobuf/descriptor.proto
            HINTS ${Protobuf_INCLUDE_DIRS} REQUIRED)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE "${_pygrpc_embed_root}"
       "${_pygrpc_embed_root}/*.proto")
  set(well_known)
  foreach(name any api descriptor duration empty field_mask source_context struct timestamp type
               wrappers)
    list(APPEND well_known google/protobuf/${name}.proto)
  endforeach()
  set(dependencies ${protos})
  list(TRANSFORM dependencies PREPEND "${_pygrpc_embed_root}/")

  set(descriptor_set "${CMAKE_CURRENT_BINARY_DIR}/embedded_protos.pb")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_protos.cc")
  add_custom_command(
    OUTPUT "${source}"
    BYPRODUCTS "${descriptor_set}"
    COMMAND "${PYGRPC_PROTOC}" --include_imports --include_source_info
            "--descriptor_set_out=${descriptor_set}" -I "${_pygrpc_embed_root}"
            -I "${PYGRPC_WELL_KNOWN_TYPES}" ${protos} ${well_known}
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${descriptor_set}" "-DOUTPUT=${source}"
            -P "${_pygrpc_embed_script}"
    DEPENDS ${dependencies} "${_pygrpc_embed_script}"
    COMMENT "Embedding the built-in .proto files"
    VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()
