-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What runs in a loop.

local pygrpc = require("pygrpc")
local support = require("support")

local M = {}

local MEGABYTE = { body = pygrpc.bytes(("a"):rep(1000000)) }

local function endless_megabytes()
  return MEGABYTE
end

-- Runs a function as a task of a loop of its own.
local function in_loop(work)
  local loop = assert(pygrpc.loop())
  local results = { pcall(loop.run, loop, work, loop) }
  loop:close()
  loop:close()
  if not results[1] then
    error(results[2], 0)
  end
  return unpack(results, 2)
end

function M.async_calls()
  local client = support.connect()
  in_loop(function(loop)
    support.equal(assert(client:unary_unary("SayHello", { name = "you" })).message, "Hello, you!")
    local replies = {}
    for reply in client:unary_stream("SayHelloStreamReply", { name = "a" }) do
      replies[#replies + 1] = reply.message
    end
    support.equal(#replies, 5)
    support.equal(replies[5], "Hello, a! (5/5)")
    -- Requests may come from a function that waits itself.
    local count = 0
    local function requests()
      count = count + 1
      loop:sleep(0.001)
      return count <= 3 and { name = tostring(count) } or nil
    end
    replies = {}
    for reply in client:stream_stream("SayHelloBidiStream", requests) do
      replies[#replies + 1] = reply.message
    end
    support.equal(table.concat(replies, " "), "Hello, 1! Hello, 2! Hello, 3!")
    local three = coroutine.create(function()
      for _ = 1, 3 do
        coroutine.yield({ body = pygrpc.bytes("abc") })
      end
    end)
    local summary = assert(client:stream_unary("SinkPayloads", three))
    support.equal(summary.bytes, "9")
    support.equal(assert(client:request("SayHello", { name = "you" })).message, "Hello, you!")
    local call = assert(client:stream_stream("SayHelloBidiStream"))
    for _, name in ipairs({ "a", "b" }) do
      assert(call:write({ name = name }))
      support.equal(assert(call:read()).message, "Hello, " .. name .. "!")
    end
    assert(call:headers())
    assert(call:half_close())
    support.equal(call:read(), nil)
    support.equal(call.status, "OK")
    assert(call:trailers())
    local err = support.failure(client:unary_unary("ReturnStatus", { code = 5 }))
    support.equal(err.status, "NOT_FOUND")
    call = assert(client:call("NeverAnswer"))
    support.equal(support.failure(call:read(0.05)).name, "PENDING")
    support.equal(support.failure(call:headers(0.05)).name, "PENDING")
    call:close()
    assert(client:wait_ready(60))
  end)
end

-- A call that a task began may be read after it, which runs the loop; and what a task raises that
-- nobody waits for is raised by run().
function M.tasks()
  local client = support.connect()
  local loop = assert(pygrpc.loop())
  local call = loop:run(function()
    return assert(client:unary_stream("SayHelloStreamReply", { name = "a" }))
  end)
  local count = 0
  for _ in call do
    count = count + 1
  end
  support.equal(count, 5)
  local task = loop:spawn(function(a, b)
    loop:sleep(0.01)
    return a + b, "two"
  end, 1, 2)
  local sum, text = task:wait()
  assert(sum == 3 and text == "two")
  loop:spawn(function()
    loop:sleep(0.01)
    error("raised", 0)
  end)
  local ok, raised = pcall(loop.run, loop)
  assert(not ok and raised == "raised", raised)
  -- As part of another event loop: its fd, and turns that do not wait.
  local done = false
  loop:spawn(function()
    assert(client:unary_unary("SayHello"))
    loop:sleep(0.01)
    done = true
  end)
  local system = require("pygrpc.system")
  while not done do
    local next_timer = loop:next_timer()
    system.wait_readable(loop:fd(), next_timer and math.ceil(next_timer * 1000) or 5000)
    assert(loop:step())
  end
  loop:close()
  support.equal(support.failure(loop:run()).name, "E_CLOSED")
end

function M.ten_thousand_completions()
  local client = support.connect()
  local answered = 0
  in_loop(function(loop)
    local tasks = {}
    for number = 1, 100 do
      tasks[number] = loop:spawn(function()
        for round = 1, 100 do
          local name = number .. "-" .. round
          local reply = assert(client:unary_unary("SayHello", { name = name }, { timeout = 60 }))
          support.equal(reply.message, "Hello, " .. name .. "!")
          answered = answered + 1
        end
      end)
    end
    for _, task in ipairs(tasks) do
      task:wait()
    end
  end)
  support.equal(answered, 10000)
end

-- How long it takes until a task that waits in a call with the tag has ended, once `cancel` is
-- called.
local function time_to_end(loop, client, tag, work, cancel)
  local ended
  local task = loop:spawn(function()
    local _, err = work()
    ended = support.now()
    return err
  end)
  support.wait_until_started(client, tag)
  loop:sleep(0.1)
  assert(not task.done, "it did not wait")
  local began = support.now()
  cancel(task)
  local err = task:wait()
  support.equal(err and err.status, "CANCELLED")
  return ended - began
end

function M.cancel_from_elsewhere()
  local client = support.connect()
  local starts = {
    function(options)
      return client:call("NeverAnswer", nil, options)
    end,
    function(options)
      return client:unary_stream("CountForever", { interval = "3600s" }, options)
    end,
  }
  for _, start in ipairs(starts) do
    support.fast_enough(0.1, function()
      return in_loop(function(loop)
        local call
        local tag = support.new_tag()
        return time_to_end(loop, client, tag, function()
          call = assert(start({ metadata = { ["x-call-tag"] = tag } }))
          return call:read()
        end, function()
          call:cancel()
        end)
      end)
    end)
  end
end

function M.cancel_natively()
  local client = support.connect()
  local works = {
    function(options)
      return client:unary_unary("NeverAnswer", {}, options)
    end,
    function(options)
      return client:unary_stream("CountForever", { interval = "3600s" }, options):read()
    end,
    function(options)
      return client:stream_unary("NeverRead", endless_megabytes, options)
    end,
    function(options)
      local call = assert(client:call("NeverRead", nil, options))
      while true do
        local ok, err = call:write(MEGABYTE)
        if not ok then
          return nil, err
        end
      end
    end,
  }
  for _, work in ipairs(works) do
    support.fast_enough(0.1, function()
      local tag = support.new_tag()
      local took = in_loop(function(loop)
        return time_to_end(loop, client, tag, function()
          return work({ timeout = 300, metadata = { ["x-call-tag"] = tag } })
        end, function(task)
          task:cancel()
        end)
      end)
      support.wait_until_cancelled(client, tag)
      return took
    end)
  end
end

function M.others_run_meanwhile()
  local client = support.connect()
  in_loop(function(loop)
    local steps
    -- Where the machine is too busy for 100 steps of 1 ms in half a second, in a longer call.
    for attempt = 1, 10 do
      steps = 0
      local sleeping = loop:spawn(function()
        assert(client:unary_unary("Sleep", { delay = ("%.1fs"):format(0.5 * attempt) }))
      end)
      while not sleeping.done do
        assert(loop:sleep(0.001))
        steps = steps + 1
      end
      if steps >= 100 then
        return
      end
    end
    error(steps .. " steps")
  end)
end

local function read_slowly(client, sleep)
  local before = support.resident()
  local call = assert(client:unary_stream("StreamPayloads", { messages = 10000, size = 65536 }))
  for _ = 1, 10 do
    assert(call:read())
  end
  sleep(1)
  local grown = support.resident() - before
  assert(grown < 64 * 1024 * 1024, grown)
  assert(#assert(call:read()).body > 65536)
  call:close()
  call = assert(client:unary_stream("CountForever"))
  for number = 1, 10 do
    support.equal(assert(call:read()).number, tostring(number))
  end
  sleep(0.2)
  support.equal(assert(call:read()).number, "11")
  call:close()
end

function M.slow_consumer()
  local client = support.connect()
  read_slowly(client, support.sleep)
  in_loop(function(loop)
    read_slowly(client, function(seconds)
      loop:sleep(seconds)
    end)
  end)
end

-- How long it takes.
local function close_with_calls_in_flight()
  local tag = support.new_tag()
  local observer = support.connect()
  local client = support.connect({ metadata = { ["x-call-tag"] = tag } })
  local works = {
    function()
      return client:unary_unary("NeverAnswer", {}, { timeout = 300 })
    end,
    function()
      return client:unary_stream("CountForever", { interval = "3600s" }):read()
    end,
    function()
      return client:stream_stream("NeverAnswerBidi", { {} }):read()
    end,
    function()
      return client:stream_unary("NeverRead", endless_megabytes)
    end,
  }
  return in_loop(function(loop)
    local tasks = {}
    for number = 1, 8 do
      tasks[number] = loop:spawn(function()
        local _, err = works[(number - 1) % 4 + 1]()
        return err
      end)
    end
    support.wait_until_started(observer, tag, 8)
    loop:sleep(0.2)
    local began = support.now()
    client:close()
    client:close()
    for _, task in ipairs(tasks) do
      support.equal(task:wait().name, "E_CLOSED")
    end
    return support.now() - began
  end)
end

function M.close_with_calls_in_flight()
  support.fast_enough(1, close_with_calls_in_flight)
end

function M.eight_threads()
  local client = support.connect()
  in_loop(function(loop)
    local tasks = {}
    for number = 1, 8 do
      tasks[number] = loop:spawn(function()
        for round = 1, 200 do
          local name = number .. "-" .. round
          local reply = assert(client:unary_unary("SayHello", { name = name }))
          support.equal(reply.message, "Hello, " .. name .. "!")
        end
        for _ = 1, 20 do
          local count = 0
          for reply in client:unary_stream("SayHelloStreamReply", { name = tostring(number) }) do
            count = count + 1
            support.equal(reply.message, ("Hello, %d! (%d/5)"):format(number, count))
          end
          support.equal(count, 5)
        end
      end)
    end
    for _, task in ipairs(tasks) do
      task:wait()
    end
  end)
end

return M
