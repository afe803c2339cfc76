-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Lua values to JSON and back, with what protobuf needs of it: 64-bit integers, -0.0, bytes, nulls
-- and empty arrays. Texts go through as they are: whether they are UTF-8 the library says.

local ffi = require("ffi")
local jit = require("jit")
local base64 = require("pygrpc.base64")

local concat, sort, format = table.concat, table.sort, string.format
local find, gsub, char, byte = string.find, string.gsub, string.char, string.byte

local json = {}

-- JSON's null, inside of a message; a table cannot hold nil.
json.null = setmetatable({}, {
  __tostring = function()
    return "null"
  end,
})

local Array = {}
local Map = {}
local Bytes = {}

function Bytes.__tostring(self)
  return self.value
end

-- Marks a table as an array, which an empty one is not by itself. Arrays of responses are marked.
function json.array(list)
  return setmetatable(list or {}, Array)
end

-- Marks a table as a map, which one with the keys 1 to n is not by itself.
function json.map(entries)
  return setmetatable(entries or {}, Map)
end

-- The value of a field of type bytes.
function json.bytes(value)
  return setmetatable({ value = tostring(value) }, Bytes)
end

function json.is_array(value)
  return getmetatable(value) == Array
end

-- The content of pygrpc.bytes(); nil of anything else.
function json.content(value)
  return type(value) == "table" and getmetatable(value) == Bytes and value.value or nil
end

-- ---- Encoding

local MAX_DEPTH = 1000
local EXACT = 2 ^ 53

-- The keys that lead to the value being encoded, and the tables that hold it.
local keys = {}
local holders = {}

local Fault = {}

local function place(depth)
  local parts = { "$" }
  for level = 1, depth do
    local key = keys[level]
    if type(key) == "number" then
      parts[level + 1] = format("[%d]", key)
    elseif find(key, "^[%a_][%w_]*$") then
      parts[level + 1] = "." .. key
    else
      parts[level + 1] = "[" .. format("%q", key) .. "]"
    end
  end
  return concat(parts)
end

local function fail(depth, why, found)
  local path = place(depth)
  error(setmetatable({ path = path, message = path .. ": " .. why, found = found }, Fault), 0)
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for code = 0, 31 do
  escapes[char(code)] = escapes[char(code)] or format("\\u%04x", code)
end
escapes["\127"] = "\127"

local function quote(text)
  if find(text, '[%c"\\]') then
    text = gsub(text, '[%c"\\]', escapes)
  end
  return '"' .. text .. '"'
end

local function number_text(value)
  if value ~= value then
    return '"NaN"'
  elseif value == math.huge then
    return '"Infinity"'
  elseif value == -math.huge then
    return '"-Infinity"'
  elseif value == 0 then
    return 1 / value < 0 and "-0.0" or "0"
  elseif value % 1 == 0 and value < 2 ^ 64 and value > -2 ^ 64 then
    return format("%.0f", value)
  end
  local text = format("%.15g", value)
  return tonumber(text) == value and text or format("%.17g", value)
end

local function cdata_text(value)
  if ffi.istype("int64_t", value) then
    return (gsub(tostring(value), "LL$", ""))
  elseif ffi.istype("uint64_t", value) then
    return (gsub(tostring(value), "ULL$", ""))
  end
  return nil
end

local function cdata_name(value)
  return "cdata of " .. tostring(ffi.typeof(value))
end

-- A key as text; nil if it cannot be one.
local function key_text(key)
  local kind = type(key)
  if kind == "string" then
    return key
  elseif kind == "number" then
    local text = gsub(number_text(key), '"', "")
    return text
  elseif kind == "boolean" then
    return tostring(key)
  elseif kind == "cdata" then
    return cdata_text(key)
  end
  return nil
end

-- How long the table is as an array; nil if it is none.
local function array_length(value)
  local mark = getmetatable(value)
  if mark == Map then
    return nil
  end
  local length = #value
  if mark == Array then
    return length
  elseif length == 0 then
    return nil
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count == length and length or nil
end

local encode_value

local function encode_array(out, n, value, length, depth)
  n = n + 1
  out[n] = "["
  for index = 1, length do
    if index > 1 then
      n = n + 1
      out[n] = ","
    end
    keys[depth] = index - 1
    n = encode_value(out, n, value[index], depth)
  end
  n = n + 1
  out[n] = "]"
  return n
end

-- The keys of a table as texts, how many, and the keys themselves of those that are no texts.
local function names_of(value, depth)
  local names, others = {}, nil
  local count = 0
  for key in pairs(value) do
    local name = key
    if type(key) ~= "string" then
      name = key_text(key)
      if not name then
        local found = type(key)
        fail(depth - 1, "a " .. found .. " cannot be a field's name", found)
      end
      others = others or {}
      others[name] = key
    end
    count = count + 1
    names[count] = name
  end
  -- In order, so that the same table is always the same bytes.
  if count > 1 then
    sort(names)
  end
  return names, count, others
end

-- LuaJITs of 2022, which Debian 12 has, compile pairs() since not long ago, and the fixes that this
-- needed came later. So it is left to the interpreter.
jit.off(array_length)
jit.off(names_of)

local function encode_object(out, n, value, depth)
  local names, count, others = names_of(value, depth)
  n = n + 1
  out[n] = "{"
  for index = 1, count do
    local name = names[index]
    n = n + 1
    out[n] = (index > 1 and "," or "") .. quote(name) .. ":"
    keys[depth] = name
    local key = others and others[name]
    if key == nil then
      key = name
    end
    n = encode_value(out, n, value[key], depth)
  end
  n = n + 1
  out[n] = "}"
  return n
end

local function encode_table(out, n, value, depth)
  if value == json.null then
    out[n + 1] = "null"
    return n + 1
  elseif getmetatable(value) == Bytes then
    out[n + 1] = '"' .. base64.encode(value.value) .. '"'
    return n + 1
  elseif holders[value] then
    fail(depth, "the table holds itself", "table")
  elseif depth >= MAX_DEPTH then
    fail(0, "the message nests too deeply", "table")
  end
  holders[value] = true
  local length = array_length(value)
  if length then
    n = encode_array(out, n, value, length, depth + 1)
  else
    n = encode_object(out, n, value, depth + 1)
  end
  holders[value] = nil
  return n
end

function encode_value(out, n, value, depth)
  local kind = type(value)
  local text
  if kind == "string" then
    text = quote(value)
  elseif kind == "table" then
    return encode_table(out, n, value, depth)
  elseif kind == "number" then
    text = number_text(value)
  elseif kind == "boolean" then
    text = value and "true" or "false"
  elseif kind == "nil" then
    text = "null"
  else
    text = kind == "cdata" and cdata_text(value)
    if not text then
      local name = kind == "cdata" and cdata_name(value) or kind
      fail(depth, "a " .. name .. " cannot be sent", name)
    end
  end
  out[n + 1] = text
  return n + 1
end

local function encode(value)
  local out = {}
  local n = encode_value(out, 0, value, 0)
  return concat(out, "", 1, n)
end

-- The JSON of a value; or nil and { message, path, found } if it has none.
function json.encode(value)
  local ok, result = pcall(encode, value)
  if ok then
    return result
  end
  holders = {}
  if getmetatable(result) ~= Fault then
    error(result, 0)
  end
  return nil, result
end

-- ---- Decoding

local QUOTE, BACKSLASH, COMMA, COLON = byte('"'), byte("\\"), byte(","), byte(":")
local OPEN_OBJECT, CLOSE_OBJECT = byte("{"), byte("}")
local OPEN_ARRAY, CLOSE_ARRAY = byte("["), byte("]")
local SPACE, MINUS, ZERO, NINE = byte(" "), byte("-"), byte("0"), byte("9")
local LETTER_T, LETTER_F, LETTER_N, LETTER_U = byte("t"), byte("f"), byte("n"), byte("u")

local unescaped = {
  ['"'] = '"',
  ["\\"] = "\\",
  ["/"] = "/",
  b = "\b",
  f = "\f",
  n = "\n",
  r = "\r",
  t = "\t",
}

local function broken(at)
  error(format("this is no JSON at byte %d", at), 0)
end

local function utf8(code)
  local floor = math.floor
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(0xc0 + floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return char(0xe0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(
    0xf0 + floor(code / 262144),
    0x80 + floor(code / 4096) % 64,
    0x80 + floor(code / 64) % 64,
    0x80 + code % 64
  )
end

local function hexadecimal(text, at)
  return tonumber(ffi.string(text + at, 4), 16) or broken(at)
end

-- A text that holds escapes, from behind its first quote.
local function escaped_text(text, at)
  local parts = {}
  local from = at
  while true do
    local code = text[at]
    if code == QUOTE then
      parts[#parts + 1] = ffi.string(text + from, at - from)
      return concat(parts), at + 1
    elseif code == 0 then
      broken(at)
    elseif code ~= BACKSLASH then
      at = at + 1
    else
      parts[#parts + 1] = ffi.string(text + from, at - from)
      at = at + 1
      if text[at] == LETTER_U then
        local unit = hexadecimal(text, at + 1)
        at = at + 5
        if unit >= 0xd800 and unit < 0xdc00 and text[at] == BACKSLASH then
          unit = 0x10000 + (unit - 0xd800) * 1024 + hexadecimal(text, at + 2) - 0xdc00
          at = at + 6
        end
        parts[#parts + 1] = utf8(unit)
      else
        parts[#parts + 1] = unescaped[char(text[at])] or broken(at)
        at = at + 1
      end
      from = at
    end
  end
end

local function decode_text(text, at)
  local from = at
  while true do
    local code = text[at]
    if code == QUOTE then
      return ffi.string(text + from, at - from), at + 1
    elseif code == BACKSLASH then
      return escaped_text(text, from)
    elseif code == 0 then
      broken(at)
    end
    at = at + 1
  end
end

-- An integer that a double may not hold exactly: int64_t, or uint64_t where that is needed.
local function large_integer(digits, is_negative)
  local value = 0ULL
  for index = 1, #digits do
    value = value * 10 + (byte(digits, index) - ZERO)
  end
  if is_negative then
    return -ffi.cast("int64_t", value)
  end
  return value < 0x8000000000000000ULL and ffi.cast("int64_t", value) or value
end

local function is_digit(code)
  return code >= ZERO and code <= NINE
end

-- "." "e" "E" "+" "-" and digits: what may follow the digits of a number that is no integer.
local function is_fraction(code)
  return code == 46 or code == 101 or code == 69 or code == 43 or code == MINUS or is_digit(code)
end

local function decode_number(text, at)
  local from = at
  if text[at] == MINUS then
    at = at + 1
  end
  local first = at
  local value = 0
  local code = text[at]
  while is_digit(code) do
    value = value * 10 + (code - ZERO)
    at = at + 1
    code = text[at]
  end
  if at == first then
    broken(at)
  end
  local is_integer = true
  while is_fraction(code) do
    is_integer = false
    at = at + 1
    code = text[at]
  end
  if not is_integer then
    return tonumber(ffi.string(text + from, at - from)) or broken(from), at
  elseif value >= EXACT and at - first <= 20 then
    return large_integer(ffi.string(text + first, at - first), first ~= from), at
  end
  return first ~= from and -value or value, at
end

local function skip(text, at)
  local code = text[at]
  while code == SPACE or code == 10 or code == 13 or code == 9 do
    at = at + 1
    code = text[at]
  end
  return at
end

local decode_value

local function decode_object(text, at)
  local object = {}
  at = skip(text, at)
  if text[at] == CLOSE_OBJECT then
    return object, at + 1
  end
  while true do
    if text[at] ~= QUOTE then
      broken(at)
    end
    local key
    key, at = decode_text(text, at + 1)
    at = skip(text, at)
    if text[at] ~= COLON then
      broken(at)
    end
    object[key], at = decode_value(text, skip(text, at + 1))
    at = skip(text, at)
    local code = text[at]
    if code == CLOSE_OBJECT then
      return object, at + 1
    elseif code ~= COMMA then
      broken(at)
    end
    at = skip(text, at + 1)
  end
end

local function decode_array(text, at)
  local array = setmetatable({}, Array)
  at = skip(text, at)
  if text[at] == CLOSE_ARRAY then
    return array, at + 1
  end
  local count = 0
  while true do
    count = count + 1
    array[count], at = decode_value(text, skip(text, at))
    at = skip(text, at)
    local code = text[at]
    if code == CLOSE_ARRAY then
      return array, at + 1
    elseif code ~= COMMA then
      broken(at)
    end
    at = at + 1
  end
end

local words = {
  [LETTER_T] = { "true", true },
  [LETTER_F] = { "false", false },
  [LETTER_N] = { "null", json.null },
}

function decode_value(text, at)
  local code = text[at]
  if code == QUOTE then
    return decode_text(text, at + 1)
  elseif code == OPEN_OBJECT then
    return decode_object(text, at + 1)
  elseif code == OPEN_ARRAY then
    return decode_array(text, at + 1)
  end
  local word = words[code]
  if not word then
    return decode_number(text, at)
  end
  for index = 1, #word[1] do
    if text[at + index - 1] ~= byte(word[1], index) then
      broken(at)
    end
  end
  return word[2], at + #word[1]
end

-- The string being decoded. Compiled code does not keep what only a pointer still refers to.
local decoding

-- The value of a JSON text, which ends with a NUL or is a Lua string. Raises what is no JSON.
function json.decode(text)
  decoding = text
  local bytes = ffi.cast("const uint8_t *", text)
  local value, at = decode_value(bytes, skip(bytes, 0))
  at = skip(bytes, at)
  if bytes[at] ~= 0 then
    broken(at)
  end
  decoding = decoding ~= text and decoding or nil
  return value
end

return json
