-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Lua values to what the library takes, and back: requests, responses and options.

local jit = require("jit")
local base64 = require("pygrpc.base64")
local errors = require("pygrpc.errors")
local json = require("pygrpc.json")

local codec = {}

-- A request as the codec has it: "binary" takes a string as it is, all others make JSON. Returns
-- nil and an error if the value is none.
function codec.encode(value, name)
  if name == "binary" then
    local bytes = json.content(value) or value
    if type(bytes) == "string" then
      return bytes
    end
    local message = 'with the codec "binary" a message is a string, not a ' .. type(bytes)
    return nil, errors.new("E_ARGUMENT", message)
  end
  if value == nil then
    return "{}"
  end
  local text, fault = json.encode(value)
  if text then
    return text
  end
  local info = { path = fault.path, found = fault.found }
  return nil, errors.new("E_JSON", fault.message, info)
end

function codec.decode(text, name)
  if name == "binary" then
    return text
  end
  return json.decode(text)
end

local function metadata_text(key, value)
  local bytes = json.content(value) or value
  if type(bytes) ~= "string" then
    local message = ("option metadata: the values of %q are strings, not %s"):format(
      tostring(key),
      type(value)
    )
    return nil, errors.new("E_OPTION", message)
  end
  if key:sub(-4) == "-bin" then
    return base64.encode(bytes)
  end
  return bytes
end

-- A key of what should be a list, which ipairs() would not come to; nil if there is none.
local function stray_key(list)
  local count = #list
  for key in pairs(list) do
    if type(key) ~= "number" or key % 1 ~= 0 or key < 1 or key > count then
      return key
    end
  end
  for index = 1, count do
    if list[index] == nil then
      return count
    end
  end
  return nil
end

-- { key = value or { value, ... } }, where "-bin" keys have bytes, as the library takes them.
local function metadata(given)
  local merged = {}
  for key, values in pairs(given) do
    if type(key) ~= "string" then
      return nil, errors.new("E_OPTION", "option metadata: a key is a string, not a " .. type(key))
    end
    if type(values) ~= "table" or json.content(values) then
      values = { values }
    end
    local stray = stray_key(values)
    if stray ~= nil then
      local wanted = "option metadata: %q takes a string or a list, not a table with [%s]"
      return nil, errors.new("E_OPTION", wanted:format(key, tostring(stray)))
    end
    local texts = json.array()
    for index, value in ipairs(values) do
      local text, err = metadata_text(key, value)
      if not text then
        return nil, err
      end
      texts[index] = text
    end
    merged[key] = texts
  end
  return json.map(merged)
end

-- The JSON of options, or nil for none; or nil and an error.
function codec.encode_options(options)
  if options == nil then
    return nil
  elseif type(options) ~= "table" then
    return nil, errors.new("E_OPTION", "options are a table, not a " .. type(options))
  end
  -- The caller's own table stays as it is.
  local given = json.map()
  for key, value in pairs(options) do
    given[key] = value
  end
  if type(options.metadata) == "table" then
    local texts, err = metadata(options.metadata)
    if not texts then
      return nil, err
    end
    given.metadata = texts
  end
  local text, fault = json.encode(given)
  if not text then
    return nil, errors.new("E_OPTION", "options: " .. fault.message, { path = fault.path })
  end
  return text
end

-- See json.lua on pairs().
jit.off(stray_key)
jit.off(metadata)
jit.off(codec.encode_options)

function codec.callable(value)
  if type(value) == "function" then
    return true
  end
  local mark = type(value) == "table" and getmetatable(value)
  return type(mark) == "table" and mark.__call ~= nil
end

-- A function that returns one request after the other, and then nil, of what a stream of requests
-- was given as: a function, a list, a coroutine. Returns nil and an error if it is none.
function codec.iterator(method, requests)
  if codec.callable(requests) then
    return function()
      return requests()
    end
  elseif type(requests) == "thread" then
    return function()
      if coroutine.status(requests) == "dead" then
        return nil
      end
      local ok, request, why = coroutine.resume(requests)
      if not ok then
        error(request, 0)
      elseif request == nil and coroutine.status(requests) == "dead" then
        return nil
      end
      return request, why
    end
  elseif type(requests) == "table" and (#requests > 0 or next(requests) == nil) then
    local index = 0
    return function()
      index = index + 1
      return requests[index]
    end
  end
  local found = type(requests) == "table" and "table with names" or type(requests)
  local message = method
    .. " takes a stream of requests: a function, a list or a coroutine, not a "
    .. found
  return nil, errors.new("E_ARGUMENT", message, { found = found })
end

return codec
