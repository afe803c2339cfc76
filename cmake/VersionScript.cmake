# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Writes the linker's version script: the functions that HEADER declares are exported, the rest is
# local.
file(READ ${HEADER} text)
string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}")
string(REGEX MATCHALL "pygrpc_[a-z0-9_]+\\(" names "${text}")
list(TRANSFORM names REPLACE "\\($" "")
list(REMOVE_DUPLICATES names)
list(SORT names)
set(script "PYGRPC_0 {\n  global:\n")
foreach(name IN LISTS names)
  string(APPEND script "    ${name};\n")
endforeach()
string(APPEND script "  local:\n    *;\n};\n")
file(WRITE ${OUTPUT} "${script}")
