-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

std = "luajit"
max_line_length = 100
files["**/cdef.lua"] = { max_line_length = false }
