-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What a client and a call can do besides the scenarios.

local pygrpc = require("pygrpc")
local support = require("support")

local M = {}

local function find(list, key, value)
  for _, each in ipairs(list) do
    if each[key] == value then
      return each
    end
  end
  error(("there is no %s %q"):format(key, value), 2)
end

function M.introspection()
  local client = support.connect()
  local services = assert(client:services())
  local found = false
  for _, service in ipairs(services) do
    found = found or support.show(service):find("helloworld.Greeter", 1, true)
  end
  assert(found, support.show(services))
  support.contains(support.show(assert(client:describe("SayHello"))), "HelloRequest")
  support.equal(type(assert(client:template("SayHello")).name), "string")
  assert(assert(client:json_schema("helloworld.HelloRequest")).properties.name)
  support.contains(support.show(assert(client:json_schema())), "SayHello")
  local symbols = { "helloworld.Greeter" }
  local set = assert(client:export(symbols))
  support.equal(pygrpc.is_array(symbols), false)
  local other = assert(pygrpc.client(nil))
  assert(other:load_descriptor_set(set))
  support.equal(assert(other:cardinality("SayHello")), "UNARY_UNARY")
  local texts = assert(client:export(symbols, "proto"))
  support.contains(texts["helloworld.proto"], "service Greeter")
  local third = assert(pygrpc.client(nil))
  assert(third:load_proto("helloworld.proto", texts["helloworld.proto"]))
  assert(third:load_client(other))
  third:close()
  for _, name in ipairs({ "services", "describe", "template", "json_schema" }) do
    support.equal(support.failure(third[name](third, "SayHello")).name, "E_CLOSED")
  end
  support.equal(support.failure(third:export()).name, "E_CLOSED")
  support.equal(support.failure(client:export("SayHello")).name, "E_ARGUMENT")
  support.equal(support.failure(client:describe("Nothing")).name, "E_NOT_FOUND")
  support.equal(support.failure(client:export({ print })).name, "E_ARGUMENT")
  support.contains(assert(pygrpc.version()), ".")
  support.equal(find(assert(pygrpc.options()).call, "name", "timeout").name, "timeout")
end

function M.connection()
  local client = support.connect()
  support.equal(assert(client:state()), "IDLE")
  assert(client:wait_ready(60))
  support.equal(assert(client:state()), "READY")
  local nowhere = assert(pygrpc.client("unix:/nowhere/pygrpc.sock"))
  support.equal(support.failure(nowhere:wait_ready(0.1)).name, "PENDING")
  client:close()
  support.equal(support.failure(client:wait_ready(1)).name, "E_CLOSED")
  support.equal(support.failure(client:state()).name, "E_CLOSED")
end

function M.health()
  local client = support.connect()
  support.equal(assert(client:health()), "SERVING")
  support.equal(support.failure(client:health("no.Service")).status, "NOT_FOUND")
  local function watch(service)
    local call = assert(client:health_watch(service))
    local status = assert(call:read(60)).status
    call:close()
    return status
  end
  support.equal(watch(), "SERVING")
  support.equal(watch("no.Service"), "SERVICE_UNKNOWN")
  local loop = assert(pygrpc.loop())
  support.equal(loop:run(watch), "SERVING")
  loop:close()
end

function M.calls()
  local client = support.connect()
  local options = { timeout = 30 }
  local call = assert(client:call("SayHello", { name = "you" }, options))
  support.equal(getmetatable(options), nil)
  support.equal(support.failure(call:trailers()).name, "E_STATE")
  support.equal(assert(call:response()).message, "Hello, you!")
  support.equal(support.failure(call:response()).name, "E_STATE")
  support.equal(call:read(), nil)
  local info = assert(call:info())
  support.equal(info.method, "/helloworld.Greeter/SayHello")
  support.equal(info.ended, true)
  call:close()
  for _, name in ipairs({ "headers", "trailers", "info", "write", "half_close" }) do
    support.equal(support.failure(call[name](call, name == "write" and {} or nil)).name, "E_CLOSED")
  end
  call = assert(client:unary_stream("CountForever", { interval = "60s" }))
  support.equal(support.failure(call:read(0.05)).name, "PENDING")
  support.equal(support.failure(call:response()).name, "E_CARDINALITY")
  call:close()
  support.equal(support.failure(call:read()).name, "E_CLOSED")
  -- A write that flow control holds up.
  call = assert(client:call("NeverRead"))
  local megabyte = { body = pygrpc.bytes(("a"):rep(1000000)) }
  local written, err
  repeat
    written, err = call:write(megabyte, 0.2)
  until not written
  support.equal(err.name, "PENDING")
  call:close()
  call = assert(client:stream_stream("SayHelloBidiStream", {}))
  support.equal(support.failure(call:write({})).name, "E_STATE")
  support.equal(call:read(), nil)
  support.equal(call.status, "OK")
  call = assert(client:stream_stream("SayHelloBidiStream"))
  support.equal(support.failure(call:write({ nam = "x" })).name, "E_JSON")
  assert(call:write({ name = "x" }))
  support.equal(assert(call:read()).message, "Hello, x!")
  assert(call:half_close())
  support.equal(support.failure(call:write({ name = "x" })).name, "E_STATE")
end

return M
