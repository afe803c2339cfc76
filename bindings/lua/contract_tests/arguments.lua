-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What programs give to the package, and should not: an error, never a wait that does not end.

local pygrpc = require("pygrpc")
local support = require("support")

local M = {}

local NAN = 0 / 0
local MEGABYTE = { body = pygrpc.bytes(("a"):rep(1000000)) }

-- Each ends after so long, also where a wait has no limit that should have one.
local OPTIONS = { timeout = 60 }

local function is_refused(...)
  local err = support.failure(...)
  support.equal(err.name, "E_ARGUMENT")
  return err
end

local function refuses_what_is_no_time(wait)
  for _, value in ipairs({ NAN, "1", {}, true, print }) do
    support.contains(is_refused(wait(value)), "not a number of seconds")
  end
end

-- What a call and a client say to times that are over, endless, or none.
local function check_timeouts(client)
  local call = assert(client:unary_stream("CountForever", { interval = "100s" }, OPTIONS))
  for _, name in ipairs({ "headers", "read" }) do
    refuses_what_is_no_time(function(timeout)
      return call[name](call, timeout)
    end)
  end
  for _, timeout in ipairs({ -1, -math.huge, -0.0001, 0, -1LL }) do
    support.equal(support.failure(call:headers(timeout)).name, "PENDING")
    support.equal(support.failure(call:read(timeout)).name, "PENDING")
  end
  call:close()

  local answered = assert(client:unary_stream("SayHelloStreamReply", {}, OPTIONS))
  assert(answered:headers(math.huge) and answered:read(math.huge))
  answered:close()

  local writer = assert(client:call("NeverRead", nil, OPTIONS))
  refuses_what_is_no_time(function(timeout)
    return writer:write(MEGABYTE, timeout)
  end)
  local written, err
  repeat
    written, err = writer:write(MEGABYTE, -1)
  until not written
  support.equal(support.failure(written, err).name, "PENDING")
  writer:close()

  refuses_what_is_no_time(function(timeout)
    return client:wait_ready(timeout)
  end)
  assert(client:wait_ready(math.huge))
  local nobody = assert(pygrpc.client("unix:/nowhere/pygrpc.sock"))
  support.equal(support.failure(nobody:wait_ready(-1)).name, "PENDING")
end

function M.timeouts()
  check_timeouts(support.connect())
end

function M.timeouts_in_a_loop()
  local client = support.connect()
  local loop = assert(pygrpc.loop())
  assert(loop:run(function()
    check_timeouts(client)
    refuses_what_is_no_time(function(seconds)
      return loop:sleep(seconds)
    end)
    is_refused(loop:sleep(nil))
    assert(loop:sleep(-1))
    return true
  end))
  loop:close()
end

function M.values_of_other_types()
  local client = support.connect()
  for _, other in ipairs({ 5, "x", true, {}, print }) do
    support.contains(is_refused(client:load_client(other)), type(other))
  end
  is_refused(client:load_client(nil))
  is_refused(pygrpc.load_library(5))
  is_refused(pygrpc.load_library("a\0b"))

  local loop = assert(pygrpc.loop())
  for _, work in ipairs({ 5, "x", {} }) do
    support.contains(is_refused(loop:spawn(work)), type(work))
    is_refused(loop:run(work))
  end
  is_refused(loop:spawn(nil))
  loop:close()
  support.equal(support.failure(loop:spawn(print)).name, "E_CLOSED")

  local call = assert(client:unary_stream("CountForever", { interval = "100s" }, OPTIONS))
  is_refused(call:each("x"))
  support.equal(support.failure(call:read()).name, "E_CLOSED")
end

function M.metadata_of_other_types()
  local client = support.connect()
  local function send(metadata)
    return client:unary_unary("EchoMetadata", {}, { metadata = metadata })
  end
  local wrong = { { b = "x" }, { "x", b = "y" }, { "x", nil, "y" }, { [2] = "x" }, { {} } }
  for _, values in ipairs(wrong) do
    local err = support.failure(send({ ["x-key"] = values }))
    support.equal(err.name, "E_OPTION")
    support.contains(err, "x-key")
  end
  local both = { ["x-key"] = { "one", pygrpc.bytes("two") }, ["x-none"] = {} }
  local texts = {}
  for _, each in ipairs(assert(send(both)).metadata) do
    if each.key:sub(1, 2) == "x-" then
      texts[#texts + 1] = each.key .. "=" .. each.text
    end
  end
  support.equal(table.concat(texts, " "), "x-key=one x-key=two")
end

return M
