-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What the tests of the contract share.

local ffi = require("ffi")
local pygrpc = require("pygrpc")
local system = require("pygrpc.system")

ffi.cdef([[
int pygrpc_test_kill(int, int) __asm__("kill");
int pygrpc_test_getpid(void) __asm__("getpid");
]])

local M = {}

M.TARGET = os.getenv("PYGRPC_TEST_TARGET")
M.ROOT = debug.getinfo(1, "S").source:match("^@(.*)/contract_tests/")
M.FILES = {
  "helloworld.proto",
  "route_guide.proto",
  "pygrpc_test/test.proto",
  "pygrpc_test/proto2.proto",
}

M.now = system.now
M.sleep = system.sleep

-- Ends a test that does not apply.
local Inapplicable = {}

function M.inapplicable(reason)
  error(setmetatable({ reason = reason }, Inapplicable), 0)
end

function M.is_inapplicable(value)
  return getmetatable(value) == Inapplicable
end

-- A value as text, for messages.
function M.show(value)
  if type(value) ~= "table" or pygrpc.is_error(value) then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local text, fault = require("pygrpc.json").encode(value)
  return text or fault.message
end

function M.equal(found, expected)
  if found ~= expected then
    error(("expected %s, found %s"):format(M.show(expected), M.show(found)), 2)
  end
end

function M.contains(text, part)
  if not tostring(text):find(part, 1, true) then
    error(("%q is not in %s"):format(part, tostring(text)), 2)
  end
end

-- The error that a function returns behind nil.
function M.failure(...)
  local value, err = ...
  if value ~= nil or not pygrpc.is_error(err) then
    error("expected nil and an error, found " .. M.show(value) .. ", " .. M.show(err), 2)
  end
  return err
end

-- A client that has loaded what the scenarios need.
function M.connect(options)
  local client = assert(pygrpc.client(M.TARGET, options))
  for _, each in ipairs(M.FILES) do
    assert(client:load(each))
  end
  return client
end

local tags = 0

-- A text for x-call-tag.
function M.new_tag()
  tags = tags + 1
  return ("lua-%d-%.6f-%d"):format(ffi.C.pygrpc_test_getpid(), M.now(), tags)
end

-- Until the server has seen the call with the tag cancelled.
function M.wait_until_cancelled(client, tag)
  local request = { tag = tag, waitForCancelled = 1, waitAtMost = "60s" }
  local counts = assert(client:unary_unary("GetCallCounts", request, { timeout = 90 }))
  M.equal(tostring(counts.cancelled), "1")
end

-- Until the server has seen so many calls with the tag.
function M.wait_until_started(client, tag, calls)
  local request = { tag = tag, waitForStarted = calls or 1, waitAtMost = "60s" }
  local counts = assert(client:unary_unary("GetCallCounts", request, { timeout = 90 }))
  M.equal(tostring(counts.started), tostring(calls or 1))
end

-- Collects what nothing holds, until the server has seen the call with the tag cancelled.
function M.collect_until_cancelled(client, tag)
  local deadline = M.now() + 60
  repeat
    assert(M.now() < deadline, "the call is not collected")
    collectgarbage()
    collectgarbage()
    local counts = assert(client:unary_unary("GetCallCounts", { tag = tag }))
  until tostring(counts.cancelled) == "1"
end

-- Checks a time, in seconds: the first attempt below the limit counts, for the machine may be busy.
function M.fast_enough(limit, attempt)
  local best = math.huge
  for _ = 1, 10 do
    best = math.min(best, attempt())
    if best < limit then
      return
    end
  end
  error(("it took %.0f ms, more than %.0f ms"):format(best * 1000, limit * 1000), 2)
end

function M.read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function M.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- Resident memory in bytes.
function M.resident()
  local pages = M.read_file("/proc/self/statm"):match("^%d+ (%d+)")
  return tonumber(pages) * 4096
end

function M.count_files(folder)
  local pipe = io.popen("ls " .. folder .. " | wc -l")
  local count = tonumber(pipe:read("*a"))
  pipe:close()
  return count
end

function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- A folder that is removed with $TMPDIR.
function M.new_folder()
  local pipe = io.popen("mktemp -d")
  local folder = pipe:read("*l")
  pipe:close()
  return folder
end

-- Runs a shell command, which has to succeed and to be silent on the standard error; returns what
-- it prints.
function M.run(command)
  local folder = M.new_folder()
  local errors_path = folder .. "/errors"
  local pipe = io.popen(("( %s ) 2>%s; echo \" $?\""):format(command, M.quote(errors_path)))
  local output = pipe:read("*a")
  pipe:close()
  local text, code = output:match("^(.*) (%d+)\n$")
  local errors = M.read_file(errors_path)
  if code ~= "0" or errors ~= "" then
    error(("%s\nended with %s\n%s%s"):format(command, code, text, errors), 2)
  end
  return text
end

-- The same for a command whose output is of interest only if it fails.
function M.run_quietly(command)
  local log = M.quote(M.new_folder() .. "/log")
  M.run(("( %s ) >%s 2>&1 || { cat %s >&2; exit 1; }"):format(command, log, log))
end

-- What every program of lua_command() begins with.
M.PREAMBLE = [[
local pygrpc = require("pygrpc")
local support = require("support")
local connect = support.connect
]]

-- The command that runs a program in another interpreter, and ends it if it takes too long.
-- `environment` is put before it, such as "A=b" or "-u A".
function M.lua_command(program, environment)
  local path = M.new_folder() .. "/program.lua"
  M.write_file(path, program)
  local command = "cd / && exec env %s timeout --signal=KILL 240 luajit %s </dev/null"
  return command:format(environment or "", M.quote(path))
end

function M.run_lua(program, environment)
  return M.run(M.lua_command(program, environment))
end

return M
