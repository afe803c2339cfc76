-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What Lua lacks of the system. The functions have names of their own, so that programs that
-- declare them too do not collide.

local ffi = require("ffi")

ffi.cdef([[
int pygrpc_lua_poll(void *, unsigned long, int) __asm__("poll");
int pygrpc_lua_pipe2(int *, int) __asm__("pipe2");
intptr_t pygrpc_lua_read(int, void *, size_t) __asm__("read");
int pygrpc_lua_close(int) __asm__("close");
int pygrpc_lua_clock_gettime(int, void *) __asm__("clock_gettime");
]])

local CLOCK_MONOTONIC = 1
local POLLIN = 1
local O_NONBLOCK, O_CLOEXEC = 0x800, 0x80000

local system = {}

local timespec = ffi.new("struct { long seconds; long nanoseconds; }")
local poll_fd = ffi.new("struct { int fd; short events; short revents; }")
local scratch = ffi.new("uint8_t[64]")

-- A clock in seconds that never goes back.
function system.now()
  ffi.C.pygrpc_lua_clock_gettime(CLOCK_MONOTONIC, timespec)
  return tonumber(timespec.seconds) + tonumber(timespec.nanoseconds) * 1e-9
end

-- Fills fds, an int[2], with a pipe's ends. False if the process may open no more.
function system.open_pipe(fds)
  return ffi.C.pygrpc_lua_pipe2(fds, O_NONBLOCK + O_CLOEXEC) == 0
end

function system.close(fd)
  ffi.C.pygrpc_lua_close(fd)
end

-- Whether there is something to read within so many milliseconds. A signal ends the wait.
function system.wait_readable(fd, milliseconds)
  poll_fd.fd, poll_fd.events = fd, POLLIN
  return ffi.C.pygrpc_lua_poll(poll_fd, 1, milliseconds) > 0
end

-- Takes what a pipe holds, which says nothing but that there is something.
function system.empty(fd)
  while ffi.C.pygrpc_lua_read(fd, scratch, 64) == 64 do -- luacheck: ignore 542
  end
end

-- Waits without anything to wait for.
function system.sleep(seconds)
  ffi.C.pygrpc_lua_poll(nil, 0, math.max(0, math.ceil(seconds * 1000)))
end

return system
