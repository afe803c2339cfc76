# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Writes which functions of LIBRARIES (OpenSSL's) the OBJECTS call, as openssl_on_demand.S wants it.
cmake_policy(VERSION 3.18)
string(REPLACE "," ";" objects "${OBJECTS}")
string(REPLACE "," ";" libraries "${LIBRARIES}")
execute_process(COMMAND ${NM} --undefined-only --format=posix ${objects}
                OUTPUT_VARIABLE wanted ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${NM} --dynamic --defined-only --format=posix ${libraries}
                OUTPUT_VARIABLE offered COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[A-Za-z0-9_]+ U" wanted "\n${wanted}")
string(REGEX MATCHALL "\n[A-Za-z0-9_]+@+[A-Z0-9_.]+ T" offered "\n${offered}")
list(TRANSFORM wanted REPLACE "\n(.*) U" "\\1")
list(TRANSFORM offered REPLACE "\n([^@]*)@.*" "\\1")
list(REMOVE_DUPLICATES wanted)
list(SORT wanted)
set(text "")
foreach(name IN LISTS wanted)
  if(name IN_LIST offered)
    string(APPEND text "openssl_function ${name}\n")
  endif()
endforeach()
file(WRITE ${OUTPUT} "${text}")
