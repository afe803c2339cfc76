-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- One RPC in progress, of any cardinality.
--
-- A call that is made in a task of a loop, or that has requests to write while responses are waited
-- for, is on the queue of a loop. All others wait in the library's own functions.

local jit = require("jit")
local api = require("pygrpc.cdef")
local codec = require("pygrpc.codec")
local errors = require("pygrpc.errors")
local json = require("pygrpc.json")
local library = require("pygrpc.library")
local loops = require("pygrpc.loop")
local system = require("pygrpc.system")

local OK, END, PENDING = api.codes.OK, api.codes.END, api.codes.PENDING
local SLICE_MS = 50
-- The first and the longest pause, in seconds, between looks whether headers have come.
local FIRST_LOOK, LAST_LOOK = 0.001, 0.01

local error_out, text_out, size_out = library.error_out, library.text_out, library.size_out

local ENDS = {
  [api.codes.E_STATUS] = true,
  [api.codes.E_CLOSED] = true,
  [api.codes.E_FORKED] = true,
}

local Call = {}
Call.__index = Call

local M = {}

-- ---- Waiting

local function limit_of(timeout)
  return timeout and system.now() + timeout
end

-- Calls step(milliseconds) until it does not say PENDING, or the time is up.
local function repeat_step(step, limit)
  while true do
    local milliseconds = SLICE_MS
    if limit then
      local left = math.ceil((limit - system.now()) * 1000)
      milliseconds = math.max(0, math.min(SLICE_MS, left))
    end
    local code = step(milliseconds)
    if code ~= PENDING or (limit and milliseconds == 0) then
      return code
    end
  end
end

-- An interrupt is a hook, which compiled code does not look at.
jit.off(repeat_step, true)

-- The same for a call, which is cancelled if the wait is interrupted.
local function wait(self, step, timeout)
  local ok, code = pcall(repeat_step, step, limit_of(timeout))
  if not ok then
    self:cancel()
    error(code, 0)
  end
  return code
end
jit.off(wait, true)

-- What loops.await() says, for a call, which is cancelled if the wait is.
local function await(self, operation, timeout)
  local limit = limit_of(timeout)
  local ok, ended, err = pcall(loops.await, self.loop, operation, limit, self.method)
  if not ok then
    self:cancel()
    error(ended, 0)
  elseif ended == nil then
    self:cancel()
    return nil, err
  elseif not ended then
    return PENDING
  end
  return operation.code
end
jit.off(await, true)

local function pending(message, timeout)
  return errors.new("PENDING", ("%s within %g s"):format(message, timeout))
end

local function closed(self)
  return errors.new("E_CLOSED", "this call of " .. self.method .. " is closed")
end

-- ---- Requests from an iterator

-- Hands one request over. Returns the operation to wait for, or nil if there is nothing more to do.
-- The call is referred to only in here, so that it can be collected while its writer waits.
local function hand_over(reference, ok, request, why)
  local self = reference.call
  if not self or not self.handle or self.ended then
    return nil
  end
  local text, operation, err
  if not ok then
    self.raised, self.failure = true, request
  elseif request == nil and why == nil then
    library.get().pygrpc_stream_half_close(self.handle, nil)
    return nil
  elseif request == nil then
    self.failure = why
  else
    text, err = codec.encode(request, self.codec)
    if text then
      operation, err = loops.begin(self.loop, function(tag)
        local lib = library.get()
        return lib.pygrpc_stream_write_async(self.handle, text, #text, tag, error_out)
      end)
    end
    if operation then
      return operation
    end
    self.failure = err
  end
  self:cancel()
  return nil
end

local function write_requests(loop, reference, next_request)
  repeat
    local operation = hand_over(reference, pcall(next_request))
    local ended = operation and loops.await(loop, operation, nil, "write")
  until not ended or operation.code ~= OK
end

-- ---- Making

-- A call of a stream that is open. `client` is kept, as a client that is freed ends its calls. A
-- loop that runs for this call only is closed with it.
function M.new(client, method, cardinality, handle, codec_name, loop, next_request)
  local self = setmetatable({
    client = client,
    method = method,
    cardinality = cardinality,
    handle = library.own_stream(handle),
    codec = codec_name,
    loop = loop,
    owns_loop = loop and not loop.has_pipe,
    ended = false,
  }, Call)
  if next_request then
    self.has_writer = true
    local reference = setmetatable({ call = self }, { __mode = "v" })
    loop:spawn(write_requests, loop, reference, next_request)
  end
  return self
end

-- ---- Responses

local function begin_read(self)
  local operation, err = loops.begin(self.loop, function(tag)
    return library.get().pygrpc_stream_read_async(self.handle, tag, error_out)
  end)
  self.reading = operation
  return operation, err
end

-- The code of a read, and its text or error.
local function read_on_loop(self, timeout)
  local operation = self.reading
  if not operation then
    local failure
    operation, failure = begin_read(self)
    if not operation then
      return failure.code, failure
    end
  end
  local code, err = await(self, operation, timeout)
  if not code then
    return err.code, err
  elseif code ~= PENDING then
    self.reading = nil
  end
  return code, operation.text or operation.error
end

local function read_directly(self, timeout)
  local read = library.get().pygrpc_stream_read
  local handle = self.handle
  local first = timeout and math.min(SLICE_MS, math.ceil(timeout * 1000)) or SLICE_MS
  local code = read(handle, first, text_out, size_out, error_out)
  if code == PENDING then
    code = wait(self, function(milliseconds)
      return read(handle, milliseconds, text_out, size_out, error_out)
    end, timeout and math.max(0, timeout - first / 1000))
  end
  if code == OK then
    return code, library.take_text()
  elseif code < OK then
    return code, library.take_error()
  end
  return code
end

local function end_with(self, err)
  self.ended = true
  if err then
    if self.failure ~= nil then
      err = self.failure
    end
    self.error = err
    self.status = errors.is_error(err) and err.status or nil
  else
    self.status = "OK"
  end
end

-- How the call ended: nil, and the error if it is one.
local function outcome(self)
  if self.raised then
    error(self.failure, 0)
  end
  return nil, self.error
end

-- The next response. nil behind the last one; nil and an error if the RPC ended otherwise than with
-- the status OK, or if none came within the timeout in seconds (then ask again).
function Call:read(timeout)
  local seconds, err = library.seconds(timeout, "timeout")
  if err then
    return nil, err
  elseif self.ended then
    return outcome(self)
  elseif not self.handle then
    return nil, closed(self)
  end
  local code, result
  if self.loop then
    code, result = read_on_loop(self, seconds)
  else
    code, result = read_directly(self, seconds)
  end
  if code == OK then
    if not self:streams_responses() then
      -- It comes with the status.
      end_with(self)
    end
    return codec.decode(result, self.codec)
  elseif code == PENDING then
    return nil, pending("no response of " .. self.method, seconds)
  elseif code == END then
    end_with(self)
    return nil
  elseif ENDS[code] then
    end_with(self, result)
    return outcome(self)
  end
  -- This response has no form; the next may.
  return nil, result
end

-- for message in call do ... end; call.error says how it ended.
function Call:__call()
  return self:read()
end

-- The one response of a method that has one; or nil and an error.
function Call:response(timeout)
  if self:streams_responses() then
    local message = self.method .. " streams its responses: iterate them, or read()"
    return nil, errors.new("E_CARDINALITY", message)
  end
  local message, err = self:read(timeout)
  if message == nil and not err then
    err = errors.new("E_STATE", "the response of " .. self.method .. " was read already")
  end
  return message, err
end

local function call_each(self, work)
  for message in self do
    if work(message) == false then
      return true
    end
  end
  if self.error then
    return nil, self.error
  end
  return true
end

-- Calls work(message) for each response until it returns false, and closes the call, also if `work`
-- raises. Returns true; or nil and an error if the RPC ended otherwise than with the status OK.
function Call:each(work)
  if not codec.callable(work) then
    self:close()
    local message = "what is to be called for each response is a " .. type(work) .. ", no function"
    return nil, errors.new("E_ARGUMENT", message)
  end
  local ok, result, err = pcall(call_each, self, work)
  self:close()
  if not ok then
    error(result, 0)
  end
  return result, err
end

function Call:streams_responses()
  return self.cardinality == "UNARY_STREAM" or self.cardinality == "STREAM_STREAM"
end

-- ---- Requests one by one

local function write_on_loop(self, text, timeout)
  if self.writing then
    local code, err = await(self, self.writing, timeout)
    if not code then
      return nil, err
    elseif code ~= OK then
      return code, self.writing.error
    end
  end
  local operation, err = loops.begin(self.loop, function(tag)
    local lib = library.get()
    return lib.pygrpc_stream_write_async(self.handle, text, #text, tag, error_out)
  end)
  if not operation then
    return nil, err
  end
  self.writing = operation
  return OK
end

local function write_directly(self, text, timeout)
  local write = library.get().pygrpc_stream_write
  local handle = self.handle
  local code = write(handle, text, #text, 0, error_out)
  if code == PENDING then
    code = wait(self, function(milliseconds)
      return write(handle, text, #text, milliseconds, error_out)
    end, timeout)
  end
  if code < OK then
    return nil, library.take_error()
  end
  return code
end

-- Sends a request, once the one before has left. True; false if the server takes no more (read for
-- the result); nil and an error, also if the one before has not left within the timeout in seconds.
function Call:write(message, timeout)
  local seconds, err = library.seconds(timeout, "timeout")
  if err then
    return nil, err
  elseif not self.handle then
    return nil, closed(self)
  elseif self.has_writer then
    local reason = "the requests of this call of " .. self.method .. " come from an iterator"
    return nil, errors.new("E_STATE", reason)
  end
  local text, code
  text, err = codec.encode(message, self.codec)
  if not text then
    return nil, err
  end
  if self.loop then
    code, err = write_on_loop(self, text, seconds)
  else
    code, err = write_directly(self, text, seconds)
  end
  if code == nil or err then
    return nil, err
  elseif code == PENDING then
    return nil, pending(self.method .. " took no request", seconds)
  end
  return code == OK
end

-- Tells the server that no more requests follow. True, or nil and an error.
function Call:half_close()
  if not self.handle then
    return nil, closed(self)
  elseif self.writing then
    local code, err = await(self, self.writing)
    if not code then
      return nil, err
    end
  end
  if library.get().pygrpc_stream_half_close(self.handle, error_out) ~= OK then
    return nil, library.take_error()
  end
  return true
end

-- ---- Metadata and status

local function take_metadata(code, message, timeout)
  if code == PENDING then
    return nil, pending(message, timeout)
  elseif code ~= OK then
    return nil, library.take_error()
  end
  return errors.metadata(library.take_decoded(json.decode))
end

local function look_for_headers(self, timeout)
  local headers = library.get().pygrpc_stream_headers
  local limit = limit_of(timeout)
  local pause = FIRST_LOOK
  -- On a queue nothing arrives that is not asked for.
  if not self.reading and not self.ended then
    local operation, err = begin_read(self)
    if not operation then
      return nil, err
    end
  end
  while true do
    local code = headers(self.handle, 0, text_out, size_out, error_out)
    if code ~= PENDING or (limit and system.now() >= limit) then
      return code
    end
    local _, err = await(self, { done = false }, pause)
    if err then
      return nil, err
    end
    pause = math.min(LAST_LOOK, pause * 2)
  end
end

-- The server's initial metadata, { key = { value, ... } }, for which it waits; or nil and an error.
function Call:headers(timeout)
  local seconds, err = library.seconds(timeout, "timeout")
  if err then
    return nil, err
  elseif not self.handle then
    return nil, closed(self)
  end
  local code
  if self.loop then
    code, err = look_for_headers(self, seconds)
    if not code then
      return nil, err
    end
  else
    local headers = library.get().pygrpc_stream_headers
    code = wait(self, function(milliseconds)
      return headers(self.handle, milliseconds, text_out, size_out, error_out)
    end, seconds)
  end
  return take_metadata(code, "no headers of " .. self.method, seconds)
end

-- The server's trailing metadata, which come behind the last response; or nil and an error.
function Call:trailers()
  if not self.handle then
    return nil, closed(self)
  elseif not self.ended then
    local reason = "the trailers of " .. self.method .. " come after the last response"
    return nil, errors.new("E_STATE", reason)
  end
  local trailers = library.get().pygrpc_stream_trailers
  local code = wait(self, function(milliseconds)
    return trailers(self.handle, milliseconds, text_out, size_out, error_out)
  end)
  return take_metadata(code)
end

-- What is known of the RPC so far, under the names of pygrpc_stream_info(); or nil and an error.
function Call:info()
  if not self.handle then
    return nil, closed(self)
  end
  local lib = library.get()
  if lib.pygrpc_stream_info(self.handle, 0, text_out, size_out, error_out) ~= OK then
    return nil, library.take_error()
  end
  local info = library.take_decoded(json.decode)
  errors.metadata(info.headers or {})
  errors.metadata(info.trailers or {})
  return info
end

-- ---- End

-- Cancels the RPC: who reads gets nil and an error with the status CANCELLED.
function Call:cancel()
  if self.handle then
    library.get().pygrpc_stream_cancel(self.handle, nil)
  end
end

-- Cancels the RPC if it has not ended, and frees what it holds. May be repeated.
function Call:close()
  local handle = self.handle
  if handle then
    self.handle = nil
    library.free_stream(handle)
    if self.owns_loop then
      self.loop:close()
    end
  end
end

function Call:__tostring()
  local state = self.status or (self.handle and "in progress" or "closed")
  return ("pygrpc call of %s (%s)"):format(self.method, state)
end

return M
