-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Call any gRPC method by name, with Lua tables.
--
--   local pygrpc = require("pygrpc")
--   local client = assert(pygrpc.client("localhost:50051"))
--   assert(client:load("helloworld.proto"))
--   local response = assert(client:unary_unary("SayHello", { name = "you" }))
--
-- What can fail returns nil and an error; see pygrpc.errors.

local ffi = require("ffi")
local api = require("pygrpc.cdef")
local base64 = require("pygrpc.base64")
local client = require("pygrpc.client")
local errors = require("pygrpc.errors")
local json = require("pygrpc.json")
local library = require("pygrpc.library")
local loop = require("pygrpc.loop")

local pygrpc = {
  _VERSION = "0.1.0",

  client = client.new,
  load_library = library.load_library,

  codes = api.codes,
  statuses = api.statuses,
  is_error = errors.is_error,

  null = json.null,
  bytes = json.bytes,
  array = json.array,
  map = json.map,
  is_array = json.is_array,
  base64 = base64,
}

-- A loop, for many calls at a time; or nil and an error.
function pygrpc.loop()
  return loop.new(true)
end

-- The version of the library; or nil and an error.
function pygrpc.version()
  local lib, err = library.get()
  if not lib then
    return nil, err
  end
  return ffi.string(lib.pygrpc_version())
end

-- Every option of a client, a call and load: name, type, default, range, help.
function pygrpc.options()
  local lib, err = library.get()
  if not lib then
    return nil, err
  end
  local code = lib.pygrpc_options_json(library.text_out, library.size_out, library.error_out)
  if code ~= api.codes.OK then
    return nil, library.take_error()
  end
  return library.take_decoded(json.decode)
end

return pygrpc
