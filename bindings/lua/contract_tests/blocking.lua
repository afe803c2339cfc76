-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Calls that block, and values.

local ffi = require("ffi")
local pygrpc = require("pygrpc")
local support = require("support")

local M = {}

local MEGABYTE = { body = pygrpc.bytes(("a"):rep(1000000)) }

function M.wrong_native_value()
  local client = support.connect()
  local cycle = {}
  cycle.recursiveValue = cycle
  local cases = {
    { { repeatedString = { "a", print } }, "$.repeatedString[1]", "function" },
    { { mapStringNested = { k = coroutine.create(print) } }, "$.mapStringNested.k", "thread" },
    { { stringValue = io.stdout }, "$.stringValue", "userdata" },
    { { int32Value = ffi.new("int[2]") }, "$.int32Value", "cdata" },
    { { mapStringString = { [{}] = "x" } }, "$.mapStringString", "table" },
    { cycle, "$.recursiveValue", "holds itself" },
    { { int32Value = 0 / 0 }, "$.int32Value", "NaN" },
    { { repeatedInt32 = { 1, 1.5 } }, "$.repeatedInt32[1]", "1.5" },
  }
  for _, case in ipairs(cases) do
    local err = support.failure(client:unary_unary("Echo", case[1]))
    support.equal(err.name, "E_JSON")
    support.contains(err, case[2])
    support.contains(err, case[3])
  end
  local err = support.failure(client:stream_unary("SinkPayloads", { body = "AAAA" }))
  support.equal(err.name, "E_ARGUMENT")
  err = support.failure(client:unary_unary("SayHello", {}, "soon"))
  support.equal(err.name, "E_OPTION")
end

function M.requests_are_lazy()
  local client = support.connect()
  assert(client:wait_ready(60))
  local taken = 0
  local function requests()
    taken = taken + 1
    return MEGABYTE
  end
  -- Twice the time, and no more are taken: they have stopped.
  local counts = {}
  for round, timeout in ipairs({ 1.5, 3 }) do
    taken = 0
    local err = support.failure(client:stream_unary("NeverRead", requests, { timeout = timeout }))
    support.equal(err.status, "DEADLINE_EXCEEDED")
    assert(taken > 0 and taken < 100, taken)
    counts[round] = taken
  end
  assert(counts[2] < counts[1] + 20, counts[1] .. ", then " .. counts[2])
  taken = 0
  local call = assert(client:stream_stream("NeverAnswerBidi", {}, { timeout = 60 }))
  call:close()
  call = assert(client:call("NeverRead", requests, { timeout = 60 }))
  support.equal(support.failure(call:read(1)).name, "PENDING")
  local before = taken
  support.equal(support.failure(call:read(1)).name, "PENDING")
  assert(taken < 100 and taken - before < 20, taken)
  call:close()
end

function M.requests_that_fail()
  local observer = support.connect()
  local own_error = {}
  local function raising(tag)
    local count = 0
    return function()
      count = count + 1
      if count > 1 then
        support.wait_until_started(observer, tag)
        error(own_error, 0)
      end
      return { body = "AAAA" }
    end
  end
  local function returning(tag)
    local next_request = raising(tag)
    return function()
      local ok, request = pcall(next_request)
      if ok then
        return request
      end
      return nil, own_error
    end
  end
  local function metadata(tag)
    return { metadata = { ["x-call-tag"] = tag } }
  end
  for _, method in ipairs({ "NeverAnswerBidi", "SinkPayloads" }) do
    local tag = support.new_tag()
    local ok, raised = pcall(function()
      local call = assert(observer:call(method, raising(tag), metadata(tag)))
      return call:read()
    end)
    assert(not ok and raised == own_error, tostring(raised))
    support.wait_until_cancelled(observer, tag)
    tag = support.new_tag()
    local call = assert(observer:call(method, returning(tag), metadata(tag)))
    local response, err = call:read()
    assert(response == nil and err == own_error and call.error == own_error)
    support.wait_until_cancelled(observer, tag)
  end
  local tag = support.new_tag()
  local requests = raising(tag)
  local ok, raised =
    pcall(observer.stream_unary, observer, "SinkPayloads", requests, metadata(tag))
  assert(not ok and raised == own_error)
end

-- Ways out of an iteration. Those that leave without a word are followed by a collection.
local ways = {
  ["break"] = function(call)
    for _ in call do -- luacheck: ignore 512
      break
    end
  end,
  ["return"] = function(call)
    for each in call do -- luacheck: ignore 512
      return each
    end
  end,
  ["error"] = function(call)
    pcall(function()
      for _ in call do
        error("left")
      end
    end)
  end,
  collection = function(call)
    assert(call:read())
    local cycle = { call = call }
    call.cycle = cycle
  end,
  coroutine = function(call)
    coroutine.wrap(function()
      for each in call do
        coroutine.yield(each)
      end
    end)()
  end,
  close = function(call)
    assert(call:read())
    call:close()
    call:close()
  end,
  each = function(call)
    local count = 0
    assert(call:each(function()
      count = count + 1
      return count < 3
    end))
    support.equal(count, 3)
  end,
  ["error in each"] = function(call)
    local ok, raised = pcall(call.each, call, function()
      error("left", 0)
    end)
    assert(not ok and raised == "left")
  end,
}

local NEEDS_COLLECTION =
  { ["break"] = true, ["return"] = true, error = true, collection = true, coroutine = true }

-- The call is a local of another function, so that nothing holds it on the stack.
local function leave(client, method, request, tag, way)
  local options = { metadata = { ["x-call-tag"] = tag } }
  way(assert(client:call(method, request, options)))
end

function M.leave_early()
  local client = support.connect()
  local request = { interval = "0.01s" }
  local function endless()
    return request
  end
  for name, way in pairs(ways) do
    for method, requests in pairs({ CountForever = request, CountForeverBidi = endless }) do
      local tag = support.new_tag()
      leave(client, method, requests, tag, way)
      if NEEDS_COLLECTION[name] then
        support.collect_until_cancelled(client, tag)
      else
        support.wait_until_cancelled(client, tag)
      end
    end
  end
end

function M.native_error_types()
  support.inapplicable("Lua has no types of errors: the status's name is a field of the error")
end

function M.native_values()
  local client = support.connect()
  local request = {
    bytesValue = pygrpc.bytes("\0\255"),
    repeatedBytes = { pygrpc.bytes("\128"), "gQ==" },
    int64Value = -0x8000000000000000LL,
    uint64Value = 18446744073709551615ULL,
    mapInt64Int64 = { ["9007199254740993"] = 9007199254740993LL, [5] = 2 ^ 52 },
    mapBoolBool = { [true] = false },
    mapStringString = pygrpc.map({ "one", "two" }),
    optionalDouble = 0 / 0,
    doubleValue = -0.0,
    floatValue = -math.huge,
    repeatedInt32 = pygrpc.array(),
    repeatedInt64 = { 2 ^ 53, -(2 ^ 63) },
    boolValue = true,
    value = pygrpc.null,
  }
  local reply = assert(client:unary_unary("Echo", request))
  support.equal(pygrpc.base64.decode(reply.bytesValue), "\0\255")
  support.equal(table.concat(reply.repeatedBytes, " "), "gA== gQ==")
  support.equal(reply.int64Value, "-9223372036854775808")
  support.equal(reply.uint64Value, "18446744073709551615")
  support.equal(reply.mapInt64Int64["9007199254740993"], "9007199254740993")
  support.equal(reply.mapInt64Int64["5"], "4503599627370496")
  support.equal(reply.mapBoolBool["true"], false)
  support.equal(reply.mapStringString["2"], "two")
  support.equal(reply.optionalDouble, "NaN")
  support.equal(1 / reply.doubleValue, -math.huge)
  support.equal(reply.floatValue, "-Infinity")
  assert(pygrpc.is_array(reply.repeatedInt32) and #reply.repeatedInt32 == 0)
  support.equal(table.concat(reply.repeatedInt64, " "), "9007199254740992 -9223372036854775808")
  support.equal(reply.boolValue, true)
  support.equal(reply.value, pygrpc.null)
  assert(client:unary_unary("Echo", reply), "a response is a request")
  -- With int64_numbers, numbers where a double is exact, and else int64_t or uint64_t.
  local numbers = assert(client:unary_unary("Echo", request, { int64_numbers = true }))
  assert(ffi.istype("int64_t", numbers.int64Value), type(numbers.int64Value))
  support.equal(tostring(numbers.int64Value), "-9223372036854775808LL")
  assert(ffi.istype("uint64_t", numbers.uint64Value))
  support.equal(tostring(numbers.uint64Value), "18446744073709551615ULL")
  support.equal(numbers.mapInt64Int64["5"], 2 ^ 52)
  support.equal(tostring(numbers.repeatedInt64[1]), "9007199254740992LL")
  local again = assert(client:unary_unary("Echo", numbers))
  support.equal(again.uint64Value, "18446744073709551615")
end

function M.invalid_utf8()
  local client = support.connect()
  local bad = "\255"
  local function case(part, ...)
    support.contains(support.failure(...), part)
  end
  case("$.stringValue", client:unary_unary("Echo", { stringValue = bad }))
  case("$.mapStringString", client:unary_unary("Echo", { mapStringString = { [bad] = "x" } }))
  case("method", client:unary_unary("SayHello" .. bad))
  case("source", client:load("hello" .. bad))
  case("UTF-8", client:unary_unary("SayHello", {}, { user_agent = "a" .. bad }))
  case("UTF-8", client:unary_unary("SayHello", {}, { metadata = { ["x-key"] = bad } }))
  case("x-key", client:unary_unary("SayHello", {}, { metadata = { ["x-key"] = bad } }))
  case("target", pygrpc.client("local" .. bad))
  case("target", pygrpc.client("local\0host"))
  support.equal(support.failure(client:unary_unary("SayHello\0", {})).name, "E_ARGUMENT")
end

return M
