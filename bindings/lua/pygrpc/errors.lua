-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What functions return behind nil: errors, as objects.
--
--   code, name        a number of pygrpc.codes, and its name, "E_OPTION"; of an RPC that ended with
--                     a status, the name is the status's: "NOT_FOUND"
--   message           one line that says what, where, and what instead; also tostring(error)
--   status            the name of the status, "NOT_FOUND"; nil of any other error
--   status_code       its number
--   status_message    as the server gave it
--   details           the google.rpc details, decoded
--   trailers          the server's trailing metadata
--   info              everything that the library knows; its keys are fields of the error too:
--                     path, near, candidates, locations, searched, retriable, ...

local ffi = require("ffi")
local jit = require("jit")
local api = require("pygrpc.cdef")
local base64 = require("pygrpc.base64")
local json = require("pygrpc.json")

local errors = {}

local Error = {}

function Error.__index(self, key)
  local info = rawget(self, "info")
  return info and info[key]
end

function Error.__tostring(self)
  return self.message
end

-- Metadata as the library writes them, with bytes for the "-bin" keys.
function errors.metadata(metadata)
  for key, values in pairs(metadata) do
    if key:sub(-4) == "-bin" then
      for index, value in ipairs(values) do
        values[index] = base64.decode(value) or value
      end
    end
  end
  return metadata
end

-- See json.lua on pairs().
jit.off(errors.metadata)

-- An error of this binding.
function errors.new(name, message, info)
  info = info or {}
  return setmetatable(
    { code = api.codes[name], name = name, message = message, info = info },
    Error
  )
end

-- An error of the library, which stays its owner's.
function errors.from_library(library, handle)
  local info = json.decode(library.pygrpc_error_json(handle))
  local code = library.pygrpc_error_code(handle)
  local message = ffi.string(library.pygrpc_error_message(handle))
  local made = { code = code, name = info.name, message = message, info = info }
  setmetatable(made, Error)
  if code == api.codes.E_STATUS then
    made.name = info.statusName
    made.status = info.statusName
    made.status_code = info.status
    made.status_message = info.statusMessage or ""
    made.details = info.details or json.array()
    made.trailers = errors.metadata(info.trailers or {})
  end
  return made
end

-- That the task which waited for a call, or slept, was cancelled.
function errors.cancelled(what)
  local made = errors.new("E_STATUS", "CANCELLED: " .. what .. ": the task was cancelled")
  made.name, made.status = "CANCELLED", "CANCELLED"
  made.status_code, made.status_message = api.statuses.CANCELLED, ""
  made.details, made.trailers = json.array(), {}
  return made
end

function errors.is_error(value)
  return getmetatable(value) == Error
end

return errors
