-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Base64, in which ProtoJSON and metadata carry bytes.

local ffi = require("ffi")
local bit = require("bit")

local band, bor, lshift, rshift = bit.band, bit.bor, bit.lshift, bit.rshift

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local PAD = ("="):byte()

local characters = ffi.new("uint8_t[64]", ALPHABET)
local values = ffi.new("uint8_t[256]")
ffi.fill(values, 256, 255)
for index = 0, 63 do
  values[characters[index]] = index
end
-- The alphabet for URLs is taken too.
values[("-"):byte()] = 62
values[("_"):byte()] = 63

local base64 = {}

-- The string being read. Compiled code does not keep what only a pointer still refers to.
local reading

function base64.encode(bytes)
  reading = bytes
  local size = #bytes
  local input = ffi.cast("const uint8_t *", bytes)
  local output = ffi.new("uint8_t[?]", math.floor((size + 2) / 3) * 4 + 1)
  local written = 0
  for at = 0, size - 1, 3 do
    local left = size - at
    local group = lshift(input[at], 16)
    if left > 1 then
      group = bor(group, lshift(input[at + 1], 8))
    end
    if left > 2 then
      group = bor(group, input[at + 2])
    end
    output[written] = characters[rshift(group, 18)]
    output[written + 1] = characters[band(rshift(group, 12), 63)]
    output[written + 2] = left > 1 and characters[band(rshift(group, 6), 63)] or PAD
    output[written + 3] = left > 2 and characters[band(group, 63)] or PAD
    written = written + 4
  end
  reading = reading ~= bytes and reading or nil
  return ffi.string(output, written)
end

-- The bytes, or nil if the text is not base64.
function base64.decode(text)
  reading = text
  local size = #text
  local input = ffi.cast("const uint8_t *", text)
  while size > 0 and input[size - 1] == PAD and #text - size < 2 do
    size = size - 1
  end
  if size % 4 == 1 then
    return nil
  end
  local output = ffi.new("uint8_t[?]", size + 1)
  local written, group, bits = 0, 0, 0
  for at = 0, size - 1 do
    local value = values[input[at]]
    if value == 255 then
      return nil
    end
    group = bor(lshift(band(group, 0xffff), 6), value)
    bits = bits + 6
    if bits >= 8 then
      bits = bits - 8
      output[written] = band(rshift(group, bits), 255)
      written = written + 1
    end
  end
  reading = reading ~= text and reading or nil
  return ffi.string(output, written)
end

return base64
