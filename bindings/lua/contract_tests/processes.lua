-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What concerns a whole process: signals, exit, fork, memory.

local support = require("support")

local M = {}

-- Begins with a process that interrupts this one half a second after it was told that the wait
-- begins. The wait raises "interrupted!"; the program prints how long that took, and calls on.
local INTERRUPTED = support.PREAMBLE
  .. [[
local ffi = require("ffi")
local path = os.tmpname()
local command = "exec luajit %s/contract_tests/killer.lua %%d %%s"
local killer = io.popen(command:format(ffi.C.pygrpc_test_getpid(), path), "w")
local client = connect()
local megabyte = { body = pygrpc.bytes(("a"):rep(1000000)) }
assert(client:wait_ready(60))
local function work()
  killer:write("ready\n")
  killer:flush()
  %s
end
local ok, raised = pcall(work)
local ended = support.now()
killer:close()
assert(not ok and tostring(raised):find("interrupted!", 1, true), tostring(raised))
assert(client:unary_unary("SayHello", { name = "you" }))
print(ended - tonumber(support.read_file(path)))
os.remove(path)
]]

local WAITS = {
  unary = [[client:unary_unary("NeverAnswer", {}, { timeout = 300 })]],
  read = [[
    local call = assert(client:unary_stream("CountForever", { interval = "3600s" }))
    call:read()
    call:read() ]],
  headers = [[assert(client:call("NeverAnswer")):headers()]],
  write = [[
    local call = assert(client:call("NeverRead"))
    while true do call:write(megabyte) end ]],
  requests = [[client:stream_unary("NeverRead", function() return megabyte end)]],
  ["wait_ready"] = [[assert(pygrpc.client("unix:/nowhere")):wait_ready()]],
  -- Here there is nothing to wait for: an endless stream, which is compiled.
  ["busy reading"] = [[
    for _ in client:unary_stream("CountForever") do end ]],
  loop = [[
    local loop = assert(pygrpc.loop())
    loop:run(function() return client:unary_unary("NeverAnswer", {}, { timeout = 300 }) end) ]],
}

function M.interrupt()
  for _, wait in pairs(WAITS) do
    support.fast_enough(0.2, function()
      return tonumber(support.run_lua(INTERRUPTED:format(support.ROOT, wait)))
    end)
  end
end

function M.no_leak()
  local program = support.PREAMBLE
    .. [[
    local client = connect()
    local name = ("x"):rep(1000)
    local function work(rounds)
      for number = 1, rounds do
        assert(client:unary_unary("SayHello", { name = name }))
        if number % 10 == 0 then
          for _ in client:unary_stream("SayHelloStreamReply", { name = name }) do
            break
          end
        end
      end
    end
    local function files()
      return support.count_files("/proc/$PPID/fd")
    end
    work(2000)
    collectgarbage()
    collectgarbage()
    local before, open = support.resident(), files()
    work(8000)
    collectgarbage()
    collectgarbage()
    print(support.resident() - before, files() - open)
  ]]
  local output = support.run_lua(program)
  local grown, opened = output:match("^(%-?%d+)\t(%-?%d+)\n$")
  assert(tonumber(grown) < 20 * 1024 * 1024, grown)
  assert(tonumber(opened) < 10, opened)
end

local EXITS = {
  open_stream = [[
    local call = assert(client:unary_stream("CountForever"))
    assert(call:read()) ]],
  os_exit = [[
    call = assert(client:unary_stream("CountForever"))
    assert(call:read())
    print(support.now())
    os.exit(0) ]],
  read_in_a_task = [[
    loop = assert(pygrpc.loop())
    loop:spawn(function()
      client:unary_stream("CountForever", { interval = "3600s" }):read()
    end)
    loop:sleep(0.2) ]],
  write_held_up = [[
    local megabyte = { body = pygrpc.bytes(("a"):rep(1000000)) }
    call = assert(client:call("NeverRead", function() return megabyte end))
    assert(call:read(0.2) == nil) ]],
}

function M.exit_with_open_stream()
  for _, code in pairs(EXITS) do
    support.fast_enough(2, function()
      local program = support.PREAMBLE
        .. "local client = connect()\n"
        .. code
        .. "\nprint(support.now())\n"
      local output = support.run_lua(program)
      return support.now() - tonumber(output)
    end)
  end
end

local FORK = [[
local ffi = require("ffi")
ffi.cdef([=[
int pygrpc_test_fork(void) __asm__("fork");
int pygrpc_test_waitpid(int, int *, int) __asm__("waitpid");
unsigned pygrpc_test_alarm(unsigned) __asm__("alarm");
]=])
local function wait(child)
  local status = ffi.new("int[1]")
  assert(ffi.C.pygrpc_test_waitpid(child, status, 0) == child)
  return status[0]
end
]]

function M.load_then_fork()
  local program = support.PREAMBLE
    .. FORK
    .. [[
    local client = connect()
    local child = ffi.C.pygrpc_test_fork()
    if child == 0 then
      local reply = assert(client:unary_unary("SayHello", { name = "child" }))
      os.exit(reply.message == "Hello, child!" and 0 or 1)
    end
    print(wait(child), assert(client:unary_unary("SayHello", { name = "parent" })).message)
  ]]
  support.equal(support.run_lua(program), "0\tHello, parent!\n")
end

-- How long the child takes to be told.
local function use_then_fork()
  local program = support.PREAMBLE
    .. FORK
    .. [[
    local client = connect()
    assert(client:unary_unary("SayHello", { name = "parent" }))
    local call = assert(client:unary_stream("CountForever"))
    assert(call:read())
    local loop = assert(pygrpc.loop())
    loop:run(function() assert(client:unary_unary("SayHello")) end)
    local child = ffi.C.pygrpc_test_fork()
    if child == 0 then
      ffi.C.pygrpc_test_alarm(60)
      local began = support.now()
      local _, first = client:unary_unary("SayHello", { name = "child" })
      local other = assert(pygrpc.client(client.target))
      local _, second = other:unary_unary("/helloworld.Greeter/SayHello")
      local _, third = call:read()
      local _, fourth = loop:run(function() return client:unary_unary("SayHello") end)
      for _, err in ipairs({ first, second, third, fourth }) do
        assert(err.name == "E_FORKED", tostring(err))
      end
      assert(first and second and third and fourth)
      print(support.now() - began)
      io.stdout:flush()
      -- Not os.exit(): all that is left is collected here.
      return
    end
    print(wait(child), assert(client:unary_unary("SayHello", { name = "parent" })).message)
  ]]
  local took, rest = support.run_lua(program):match("^(%S+)\n(.*)$")
  support.equal(rest, "0\tHello, parent!\n")
  return tonumber(took)
end

function M.use_then_fork()
  support.fast_enough(1, use_then_fork)
end

local NO_PACKAGE = "users of plain LuaJIT have no gRPC package; those that there are run in nginx"

function M.coexist_theirs_first()
  support.inapplicable(NO_PACKAGE)
end

function M.coexist_ours_first()
  support.inapplicable(NO_PACKAGE)
end

return M
