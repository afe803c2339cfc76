-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- A client: a target and a schema. What can fail returns nil and an error.

local ffi = require("ffi")
local jit = require("jit")
local api = require("pygrpc.cdef")
local calls = require("pygrpc.call")
local codec = require("pygrpc.codec")
local errors = require("pygrpc.errors")
local json = require("pygrpc.json")
local library = require("pygrpc.library")
local loops = require("pygrpc.loop")
local system = require("pygrpc.system")

local OK, PENDING = api.codes.OK, api.codes.PENDING
local SLICE_MS = 50
local CARDINALITIES = api.cardinalities

local error_out, text_out, size_out = library.error_out, library.text_out, library.size_out
local client_out = ffi.new("pygrpc_client *[1]")
local stream_out = ffi.new("pygrpc_stream *[1]")
local int_out = ffi.new("int32_t[1]")

local CARDINALITY_NAMES = {}
for name, number in pairs(CARDINALITIES) do
  CARDINALITY_NAMES[number] = name
end

local Client = {}
Client.__index = Client

local M = {}

local function free_client(handle)
  library.get().pygrpc_client_free(handle)
end

-- Lua's own defaults: a field that has a value is there, as in a table that was filled in.
local function with_defaults(options)
  local given = { print_defaults = true }
  for key, value in pairs(options or {}) do
    given[key] = value
  end
  return given
end

-- Makes a client of a target, "localhost:50051"; nil for one that only has a schema and converts.
function M.new(target, options)
  local lib, err = library.get()
  if not lib then
    return nil, err
  end
  if target ~= nil then
    target, err = library.name(target, "target")
    if not target then
      return nil, err
    end
  end
  if options ~= nil and type(options) ~= "table" then
    return nil, errors.new("E_OPTION", "options are a table, not a " .. type(options))
  end
  local text
  text, err = codec.encode_options(with_defaults(options))
  if not text then
    return nil, err
  end
  if lib.pygrpc_client_new(target, text, client_out, error_out) ~= OK then
    return nil, library.take_error()
  end
  return setmetatable({
    target = target,
    handle = ffi.gc(client_out[0], free_client),
    codec = options and options.codec,
  }, Client)
end

function Client:__tostring()
  local state = self.handle and "" or ", closed"
  return ("pygrpc client of %s%s"):format(tostring(self.target), state)
end

-- Ends the calls in flight, and frees the client. May be repeated.
function Client:close()
  local handle = self.handle
  if handle then
    self.handle = nil
    free_client(ffi.gc(handle, nil))
  end
end

local function closed(self)
  return errors.new("E_CLOSED", ("the client of %s is closed"):format(tostring(self.target)))
end

-- The library; or nil and an error if the client is closed.
local function opened(self)
  if not self.handle then
    return nil, closed(self)
  end
  return library.get()
end

-- Calls work(library) on an open client, and returns true, or nil and the error of its code.
local function perform(self, work)
  local lib, err = opened(self)
  if not lib then
    return nil, err
  elseif work(lib) ~= OK then
    return nil, library.take_error()
  end
  return true
end

-- A name and options as the library takes them; or nil and an error.
local function name_and_options(name, what, options)
  local checked, err = library.name(name, what)
  if not checked then
    return nil, err
  end
  local text
  text, err = codec.encode_options(options)
  if err then
    return nil, err
  end
  return checked, text
end

-- ---- Schema

-- Adds to the schema: "helloworld.proto", "helloworld_pb2", a folder, a file of descriptors,
-- "reflection", or another client.
function Client:load(source, options)
  if getmetatable(source) == Client then
    return self:load_client(source)
  end
  local name, text = name_and_options(source, "source", options)
  if not name then
    return nil, text
  end
  return perform(self, function(lib)
    return lib.pygrpc_load(self.handle, name, text, error_out)
  end)
end

-- The text of a .proto file, under the name that others import it by.
function Client:load_proto(filename, text)
  local name, err = library.name(filename, "file name")
  if not name then
    return nil, err
  elseif type(text) ~= "string" then
    return nil, errors.new("E_ARGUMENT", "the text is a " .. type(text) .. ", not a string")
  end
  return perform(self, function(lib)
    return lib.pygrpc_load_proto(self.handle, name, text, #text, error_out)
  end)
end

-- A serialized google.protobuf.FileDescriptorSet.
function Client:load_descriptor_set(bytes)
  bytes = json.content(bytes) or bytes
  if type(bytes) ~= "string" then
    local message = "a descriptor set is a string, not a " .. type(bytes)
    return nil, errors.new("E_ARGUMENT", message)
  end
  return perform(self, function(lib)
    return lib.pygrpc_load_descriptor_set(self.handle, bytes, #bytes, error_out)
  end)
end

-- All that another client has loaded.
function Client:load_client(other)
  if getmetatable(other) ~= Client then
    local message = "what to load from is a " .. type(other) .. ", not a client"
    return nil, errors.new("E_ARGUMENT", message)
  elseif not other.handle then
    return nil, closed(other)
  end
  return perform(self, function(lib)
    return lib.pygrpc_load_client(self.handle, other.handle, error_out)
  end)
end

-- What work(library) leaves as text, decoded or as it is; or nil and an error.
local function ask(self, decode, work)
  local ok, err = perform(self, work)
  if not ok then
    return nil, err
  elseif decode then
    return library.take_decoded(decode)
  end
  return library.take_text()
end

-- The services, with their methods.
function Client:services()
  return ask(self, json.decode, function(lib)
    return lib.pygrpc_services(self.handle, text_out, size_out, error_out)
  end)
end

-- A service, method, message, field, enum or file: comments, options, declaration.
function Client:describe(symbol)
  local name, err = library.name(symbol, "symbol")
  if not name then
    return nil, err
  end
  return ask(self, json.decode, function(lib)
    return lib.pygrpc_describe(self.handle, name, text_out, size_out, error_out)
  end)
end

-- A message with an example in each field, of a type or a method's request.
function Client:template(type_name)
  local name, err = library.name(type_name, "type")
  if not name then
    return nil, err
  end
  return ask(self, json.decode, function(lib)
    return lib.pygrpc_template(self.handle, name, text_out, size_out, error_out)
  end)
end

-- The JSON Schema of a type, or the tool definition of a method; of nil, of all methods.
function Client:json_schema(type_name, options)
  local name, text, err
  if type_name ~= nil then
    name, err = library.name(type_name, "type")
    if not name then
      return nil, err
    end
  end
  text, err = codec.encode_options(options)
  if err then
    return nil, err
  end
  return ask(self, json.decode, function(lib)
    return lib.pygrpc_json_schema(self.handle, name, text, text_out, size_out, error_out)
  end)
end

-- The files that declare some symbols, a list or nil for all: as "descriptor_set", bytes; as
-- "proto", the texts by their names.
function Client:export(symbols, form)
  form = form or "descriptor_set"
  local name, err = library.name(form, "format")
  if not name then
    return nil, err
  end
  local list
  if symbols ~= nil then
    if type(symbols) ~= "table" then
      return nil, errors.new("E_ARGUMENT", "symbols are a list, not a " .. type(symbols))
    end
    local fault
    list, fault = json.encode(json.array({ unpack(symbols) }))
    if not list then
      return nil, errors.new("E_ARGUMENT", "symbols: " .. fault.message)
    end
  end
  local decode = form == "proto" and json.decode or nil
  return ask(self, decode, function(lib)
    return lib.pygrpc_export(self.handle, list, name, text_out, size_out, error_out)
  end)
end

-- ---- Conversion

-- A message of a type, as bytes.
function Client:json_to_binary(type_name, message, options)
  local name, given = name_and_options(type_name, "type", options)
  if not name then
    return nil, given
  end
  local text, err = codec.encode(message)
  if not text then
    return nil, err
  end
  return ask(self, nil, function(lib)
    local handle = self.handle
    return lib.pygrpc_json_to_binary(
      handle, name, text, #text, given, text_out, size_out, error_out
    )
  end)
end

-- The message of a type that the bytes are.
function Client:binary_to_json(type_name, bytes, options)
  local name, given = name_and_options(type_name, "type", options)
  if not name then
    return nil, given
  end
  local content, err = codec.encode(bytes, "binary")
  if not content then
    return nil, err
  end
  return ask(self, json.decode, function(lib)
    local handle = self.handle
    return lib.pygrpc_binary_to_json(
      handle, name, content, #content, given, text_out, size_out, error_out
    )
  end)
end

-- ---- Calls

-- The cardinality of a method: "UNARY_UNARY", "UNARY_STREAM", "STREAM_UNARY", "STREAM_STREAM".
function Client:cardinality(method)
  local name, err = library.name(method, "method")
  if not name then
    return nil, err
  end
  local ok
  ok, err = perform(self, function(lib)
    return lib.pygrpc_method_cardinality(self.handle, name, int_out, error_out)
  end)
  if not ok then
    return nil, err
  end
  return CARDINALITY_NAMES[int_out[0]]
end

-- Opens a stream: returns its handle, the codec and the loop, if it is on one. `needs_loop` says
-- that there are requests to write while responses are waited for.
local function open(self, method, cardinality, request, options, needs_loop)
  local lib, err = opened(self)
  if not lib then
    return nil, err
  end
  local name, text = name_and_options(method, "method", options)
  if not name then
    return nil, text
  end
  local task = loops.running()
  local loop = task and task.loop
  if not loop and needs_loop then
    loop, err = loops.new(false)
    if not loop then
      return nil, err
    end
  end
  local size = request and #request or 0
  local code = lib.pygrpc_stream_open(
    self.handle, name, CARDINALITIES[cardinality], request, size, text, loop and loop.queue,
    stream_out, error_out
  )
  if code ~= OK then
    return nil, library.take_error()
  end
  return stream_out[0], loop
end

local function codec_of(self, options)
  return type(options) == "table" and options.codec or self.codec
end

-- Starts a call whose method takes one request.
local function start_with_one(self, method, cardinality, request, options)
  local codec_name = codec_of(self, options)
  local text, err = codec.encode(request, codec_name)
  if not text then
    return nil, err
  end
  local handle, loop = open(self, method, cardinality, text, options, false)
  if not handle then
    return nil, loop
  end
  return calls.new(self, method, cardinality, handle, codec_name, loop)
end

-- Starts a call whose method streams requests: from `requests`, or without them by write().
local function start_with_many(self, method, cardinality, requests, options)
  local next_request, err
  if requests ~= nil then
    next_request, err = codec.iterator(method, requests)
    if not next_request then
      return nil, err
    end
  end
  local handle, loop = open(self, method, cardinality, nil, options, next_request ~= nil)
  if not handle then
    return nil, loop
  end
  local codec_name = codec_of(self, options)
  return calls.new(self, method, cardinality, handle, codec_name, loop, next_request)
end

-- Calls a method with one request and one response, and returns that. The deadline is 10 s unless
-- the option timeout says otherwise.
function Client:unary_unary(method, request, options)
  local call, err = start_with_one(self, method, "UNARY_UNARY", request, options)
  if not call then
    return nil, err
  end
  local response
  response, err = call:read()
  call:close()
  return response, err
end

-- Calls a method with one request; the call that it returns is an iterator of the responses.
function Client:unary_stream(method, request, options)
  return start_with_one(self, method, "UNARY_STREAM", request, options)
end

-- Calls a method with the requests of a function, list or coroutine, and returns its one response.
function Client:stream_unary(method, requests, options)
  local next_request, err = codec.iterator(tostring(method), requests)
  if not next_request then
    return nil, err
  end
  local call
  call, err = start_with_many(self, method, "STREAM_UNARY", next_request, options)
  if not call then
    return nil, err
  end
  local ok, response
  ok, response, err = pcall(call.read, call)
  call:close()
  if not ok then
    error(response, 0)
  end
  return response, err
end

-- Calls a method with many requests and many responses. Without requests, use write() and
-- half_close() of the call that it returns.
function Client:stream_stream(method, requests, options)
  return start_with_many(self, method, "STREAM_STREAM", requests, options)
end

-- One of the four, by what the method is.
function Client:request(method, request, options)
  local cardinality, err = self:cardinality(method)
  if not cardinality then
    return nil, err
  end
  return self[cardinality:lower()](self, method, request, options)
end

-- Starts a call of any cardinality: the way to headers and trailers of every method.
function Client:call(method, request, options)
  local cardinality, err = self:cardinality(method)
  if not cardinality then
    return nil, err
  elseif cardinality == "UNARY_UNARY" or cardinality == "UNARY_STREAM" then
    return start_with_one(self, method, cardinality, request, options)
  end
  return start_with_many(self, method, cardinality, request, options)
end

-- ---- Health

-- What the server says of a service, or of itself: "SERVING", "NOT_SERVING", "UNKNOWN".
function Client:health(service, options)
  local name, text = name_and_options(service or "", "service", options)
  if not name then
    return nil, text
  end
  local answer, err = ask(self, json.decode, function(lib)
    return lib.pygrpc_health(self.handle, name, text, text_out, size_out, error_out)
  end)
  return answer and answer.status, err
end

-- A stream of { status = ... }, beginning with the status now.
function Client:health_watch(service, options)
  local name, text = name_and_options(service or "", "service", options)
  if not name then
    return nil, text
  end
  local task = loops.running()
  local loop = task and task.loop
  local ok, err = perform(self, function(lib)
    local queue = loop and loop.queue
    return lib.pygrpc_health_watch(self.handle, name, text, queue, stream_out, error_out)
  end)
  if not ok then
    return nil, err
  end
  local method = "/grpc.health.v1.Health/Watch"
  return calls.new(self, method, "UNARY_STREAM", stream_out[0], "json", loop)
end

-- ---- Connection

-- Connects if need be and waits until the connection is ready. True; or nil and an error, which is
-- PENDING if it is not within the timeout in seconds.
function Client:wait_ready(timeout)
  local lib, seconds, err
  seconds, err = library.seconds(timeout, "timeout")
  if err then
    return nil, err
  end
  lib, err = opened(self)
  if not lib then
    return nil, err
  end
  local limit = seconds and system.now() + seconds
  local task = loops.running()
  while true do
    local left = limit and math.max(0, math.ceil((limit - system.now()) * 1000)) or SLICE_MS
    -- In a task, the others are to run meanwhile.
    local milliseconds = task and 0 or math.min(SLICE_MS, left)
    local code = lib.pygrpc_client_wait_ready(self.handle, milliseconds, error_out)
    if code == OK then
      return true
    elseif code ~= PENDING then
      return nil, library.take_error()
    elseif left == 0 then
      local message = ("%s is not ready within %g s"):format(self.target, seconds)
      return nil, errors.new("PENDING", message)
    elseif task then
      local ok
      ok, err = task.loop:sleep(0.005)
      if not ok then
        return nil, err
      end
    end
    if not self.handle then
      return nil, closed(self)
    end
  end
end
-- An interrupt is a hook, which compiled code does not look at.
jit.off(Client.wait_ready)

-- The state of the channel: "IDLE", "CONNECTING", "READY", "TRANSIENT_FAILURE", "SHUTDOWN".
function Client:state()
  local ok, err = perform(self, function(lib)
    return lib.pygrpc_client_state(self.handle, int_out, error_out)
  end)
  if not ok then
    return nil, err
  end
  for name, number in pairs(api.channel_states) do
    if number == int_out[0] then
      return name
    end
  end
end

return M
