-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Waits for a line, and half a second; then writes the time into a file and interrupts a process.

local ffi = require("ffi")
local system = require("pygrpc.system")

ffi.cdef([[
int pygrpc_test_kill(int, int) __asm__("kill");
]])

local SIGINT = 2

io.read("*l")
system.sleep(0.5)
local file = assert(io.open(arg[2], "w"))
file:write(("%.6f"):format(system.now()))
file:close()
ffi.C.pygrpc_test_kill(tonumber(arg[1]), SIGINT)
