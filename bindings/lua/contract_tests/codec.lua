-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Lua values to JSON and back, without a server.

local base64 = require("pygrpc.base64")
local json = require("pygrpc.json")
local pygrpc = require("pygrpc")
local support = require("support")

local M = {}

function M.json_encodes()
  local cases = {
    { {}, "{}" },
    { json.array(), "[]" },
    { { 1, 2 }, "[1,2]" },
    { json.map({ "a" }), '{"1":"a"}' },
    { { [2] = "a" }, '{"2":"a"}' },
    { { "a", x = 1 }, '{"1":"a","x":1}' },
    { { b = 1, a = { c = true } }, '{"a":{"c":true},"b":1}' },
    { { json.null, false }, "[null,false]" },
    { { 0.1, -0.0, 0, 1e300, 2 ^ 63, 1 / 3 }, nil },
    { { 0 / 0, math.huge, -math.huge }, '["NaN","Infinity","-Infinity"]' },
    { { -1LL, 18446744073709551615ULL }, "[-1,18446744073709551615]" },
    { 'a"\\\n\0\31\127ä', '"a\\"\\\\\\n\\u0000\\u001f\127ä"' },
    { json.bytes("\0\255"), '"AP8="' },
  }
  for _, case in ipairs(cases) do
    local text = assert(json.encode(case[1]))
    support.equal(text, case[2] or "[0.1,-0.0,0,1e+300,9223372036854775808,0.33333333333333331]")
  end
  local shared = { 1 }
  support.equal(json.encode({ shared, shared }), "[[1],[1]]")
  local deep = {}
  for _ = 1, 2000 do
    deep = { deep }
  end
  local text, fault = json.encode(deep)
  assert(text == nil)
  support.contains(fault.message, "nests too deeply")
  -- A fault leaves nothing behind.
  support.equal(json.encode(shared), "[1]")
end

function M.json_decodes()
  local value = json.decode(' { "a" : [ 1 , -2.5e3, "\\u00e4\\ud83d\\ude00\\/\\b" ] , "" : null } ')
  support.equal(value.a[1], 1)
  support.equal(value.a[2], -2500)
  support.equal(value.a[3], "ä😀/\b")
  support.equal(value[""], pygrpc.null)
  support.equal(1 / json.decode("-0"), -math.huge)
  support.equal(1 / json.decode("-0.0"), -math.huge)
  support.equal(json.decode("9007199254740991"), 2 ^ 53 - 1)
  support.equal(tostring(json.decode("9007199254740993")), "9007199254740993LL")
  support.equal(tostring(json.decode("-9223372036854775808")), "-9223372036854775808LL")
  support.equal(tostring(json.decode("18446744073709551615")), "18446744073709551615ULL")
  support.equal(json.decode("5e-324"), 5e-324)
  support.equal(json.decode('"a\\u0000b"'), "a\0b")
  assert(pygrpc.is_array(json.decode("[]")) and not pygrpc.is_array(json.decode("{}")))
  local broken = { "", "{", '{"a"}', "[1,", "[1 2]", "tru", "nulL", '"a', '"\\x"', "1 2", "-" }
  for _, text in ipairs(broken) do
    assert(not pcall(json.decode, text), text)
  end
end

function M.base64_round_trips()
  support.equal(base64.encode(""), "")
  local bytes = ""
  for code = 0, 255 do
    bytes = bytes .. string.char(code)
    support.equal(base64.decode(base64.encode(bytes)), bytes)
    support.equal(base64.decode((base64.encode(bytes):gsub("=", ""))), bytes)
  end
  support.equal(base64.decode("-_8="), "\251\255")
  for _, text in ipairs({ "A", "A===", "AA=A", "A A=", "AAAAA" }) do
    support.equal(base64.decode(text), nil)
  end
end

return M
