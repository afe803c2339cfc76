-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Runs bindings/scenarios.json; bindings/README.md says what its keys mean.

local ffi = require("ffi")
local pygrpc = require("pygrpc")
local json = require("pygrpc.json")
local support = require("support")

local M = {}

-- The one key of an object that stands for a native value, and its content.
local function special(value)
  local key, content = next(value)
  if type(key) == "string" and key:sub(1, 1) == "$" and next(value, key) == nil then
    return key, content
  end
  return nil
end

local function integer(digits)
  local value = 0ULL
  for digit in digits:gmatch("%d") do
    value = value * 10 + tonumber(digit)
  end
  if digits:sub(1, 1) == "-" then
    return -ffi.cast("int64_t", value)
  end
  return value
end

local function float(name)
  local named = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge, ["-0.0"] = -0.0 }
  return named[name] or tonumber(name)
end

-- A value of the file, as Lua has it.
local function native(value)
  if type(value) ~= "table" or value == pygrpc.null then
    return value
  end
  local key, content = special(value)
  if key == "$bytes" then
    return pygrpc.bytes(pygrpc.base64.decode(content))
  elseif key == "$int" then
    return integer(content)
  elseif key == "$float" then
    return float(content)
  elseif key == "$repeat" then
    return content[1]:rep(content[2])
  end
  local copy = setmetatable({}, getmetatable(value))
  for name, each in pairs(value) do
    copy[name] = native(each)
  end
  return copy
end

local matches

local function matches_special(key, content, found)
  if key == "$any" then
    return found ~= nil
  elseif key == "$absent" then
    return found == nil
  elseif key == "$bytes" then
    return found == content or found == pygrpc.base64.decode(content)
  elseif key == "$int" then
    local digits = tostring(found):gsub("U?LL$", "")
    return digits == content
  elseif key == "$float" then
    local number = float(content)
    if type(found) == "number" and number == number then
      return found == number and 1 / found == 1 / number
    end
    return found == content or (type(found) == "number" and found ~= found)
  end
  return found == content[1]:rep(content[2])
end

local function matches_array(expected, found)
  if type(found) ~= "table" or #found ~= #expected then
    return false
  end
  for index, each in ipairs(expected) do
    if not matches(each, found[index]) then
      return false
    end
  end
  return true
end

function matches(expected, found)
  if type(expected) == "table" and expected ~= pygrpc.null then
    local key, content = special(expected)
    if key then
      return matches_special(key, content, found)
    elseif pygrpc.is_array(expected) then
      return matches_array(expected, found)
    elseif type(found) ~= "table" then
      return false
    end
    for name, each in pairs(expected) do
      if not matches(each, found[name]) then
        return false
      end
    end
    return true
  elseif type(expected) == "number" and type(found) == "string" then
    return tonumber(found) == expected
  end
  return found == expected
end

-- See json.lua on pairs().
jit.off(special)
jit.off(native)
jit.off(matches)

local function expect(what, expected, found)
  if not matches(expected, found) then
    local shown = support.show(expected):sub(1, 2000)
    error(("%s: expected %s, found %s"):format(what, shown, support.show(found):sub(1, 2000)), 0)
  end
end

-- ---- Acting

-- What an action has come to; `failed` notes the error of what returned nil and one.
local function new_outcome()
  return { responses = pygrpc.array() }
end

local function load_source(client, source, options)
  if type(source) == "string" then
    return client:load(source, options)
  elseif source.proto then
    return client:load_proto(source.proto, source.text)
  end
  return client:load_descriptor_set(native(source.descriptor_set))
end

local function requests(scenario)
  local listed = native(scenario.requests)
  local index = 0
  return function()
    index = scenario.repeat_last and math.min(index + 1, #listed) or index + 1
    return listed[index]
  end
end

local function read_all(call, scenario, outcome)
  if scenario.cancel_after == 0 then
    call:cancel()
  end
  for response in call do
    local count = #outcome.responses + 1
    outcome.responses[count] = response
    if count == scenario.leave_after then
      break
    elseif count == scenario.cancel_after then
      call:cancel()
    end
  end
  outcome.error = call.error
end

local function converse(call, next_request, outcome)
  for request in next_request do
    assert(call:write(request))
    outcome.responses[#outcome.responses + 1] = assert(call:read())
  end
  assert(call:half_close())
  for response in call do
    outcome.responses[#outcome.responses + 1] = response
  end
  outcome.error = call.error
end

local function act_on(client, scenario, options, outcome)
  local action, method = scenario.action, scenario.method
  local request = native(scenario.request)
  if scenario.requests then
    request = requests(scenario)
  end
  local result, err
  if action == "cardinality" then
    result, err = client:cardinality(method)
  elseif action == "conversation" then
    result, err = client:stream_stream(method, nil, options)
  else
    result, err = client[action](client, method, request, options)
  end
  if err then
    outcome.error = err
    return
  elseif type(result) ~= "table" or not result.half_close then
    outcome.responses[1] = result
    return
  elseif action == "conversation" then
    converse(result, request, outcome)
  elseif action == "call" then
    if scenario.cancel_after ~= 0 then
      outcome.headers = assert(result:headers())
    end
    read_all(result, scenario, outcome)
    if not outcome.error then
      outcome.trailers = assert(result:trailers())
    end
  else
    read_all(result, scenario, outcome)
  end
  result:close()
end

local function act_on_own_client(default, scenario, options, outcome)
  local target = scenario.target or support.TARGET
  if target == pygrpc.null then
    target = nil
  end
  local client, err = pygrpc.client(target, native(scenario.client))
  if not client then
    outcome.error = err
    return
  end
  local function close_if_told()
    if scenario.close_first then
      client:close()
      client:close()
    end
  end
  if scenario.action == "load" then
    close_if_told()
  end
  local ok = true
  for _, source in ipairs(scenario.load or {}) do
    if ok then
      ok, err = load_source(client, source, scenario.action == "load" and options or nil)
    end
  end
  if not scenario.load then
    ok, err = client:load(default)
  end
  outcome.error = err
  if ok and scenario.action ~= "load" and scenario.action ~= "new_client" then
    close_if_told()
    act_on(client, scenario, options, outcome)
  end
  client:close()
end

-- ---- Comparing

local function error_code(err)
  if err == nil then
    return nil
  end
  return err.status and "E_STATUS" or err.name
end

local found_of = {
  response = function(outcome)
    return #outcome.responses == 1 and outcome.responses[1] or nil
  end,
  responses = function(outcome)
    return outcome.responses
  end,
  count = function(outcome)
    return #outcome.responses
  end,
  headers = function(outcome)
    return outcome.headers
  end,
  trailers = function(outcome)
    return outcome.trailers
  end,
  error = function(outcome)
    return error_code(outcome.error)
  end,
  status = function(outcome)
    return outcome.error and outcome.error.status
  end,
  status_message = function(outcome)
    return outcome.error and outcome.error.status_message
  end,
  details = function(outcome)
    return outcome.error and outcome.error.details
  end,
  error_trailers = function(outcome)
    return outcome.error and outcome.error.trailers
  end,
  info = function(outcome)
    return outcome.error and outcome.error.info
  end,
}

local function compare(wanted, outcome)
  if outcome.error and not wanted.error then
    error(tostring(outcome.error), 0)
  end
  for key, value in pairs(wanted) do
    if key == "message" then
      for _, part in ipairs(value) do
        support.contains(outcome.error, part)
      end
    elseif key == "at_least_ms" then
      assert(outcome.milliseconds >= value, ("it took %.0f ms"):format(outcome.milliseconds))
    elseif key == "at_most_ms" then
      assert(outcome.milliseconds <= value, ("it took %.0f ms"):format(outcome.milliseconds))
    elseif key ~= "cancelled" then
      expect(key, value, found_of[key](outcome))
    end
  end
end

local default

-- Runs one. Raises what does not match.
function M.run(scenario)
  default = default or support.connect()
  local options = native(scenario.options)
  local tag = support.new_tag()
  if scenario.expect.cancelled then
    options = options or {}
    options.metadata = options.metadata or {}
    options.metadata["x-call-tag"] = tag
  end
  local outcome = new_outcome()
  local began = support.now()
  if scenario.client or scenario.target or scenario.load then
    act_on_own_client(default, scenario, options, outcome)
  else
    act_on(default, scenario, options, outcome)
  end
  outcome.milliseconds = (support.now() - began) * 1000
  compare(scenario.expect, outcome)
  if scenario.expect.cancelled then
    support.wait_until_cancelled(default, tag)
  end
end

-- What the file holds.
function M.all()
  return json.decode(support.read_file(os.getenv("PYGRPC_SCENARIOS")))
end

return M
