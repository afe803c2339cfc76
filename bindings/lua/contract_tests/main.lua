-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Runs the scenarios and the tests of the contract, and prints TAP.

local scenarios = require("scenarios")
local support = require("support")

local order, tests = {}, {}

local function add(name, test)
  order[#order + 1] = name
  tests[name] = test
end

for _, scenario in ipairs(scenarios.all()) do
  add(scenario.name, function()
    scenarios.run(scenario)
  end)
end
local MODULES = {
  "codec",
  "libraries",
  "clients",
  "arguments",
  "blocking",
  "asynchronous",
  "processes",
  "packages",
}
for _, module in ipairs(MODULES) do
  local listed = require(module)
  local names = {}
  for name in pairs(listed) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    add(name, listed[name])
  end
end

local wanted = #arg > 0 and { unpack(arg) } or order
local failed = 0
io.stdout:setvbuf("line")
print("1.." .. #wanted)
for number, name in ipairs(wanted) do
  local test = tests[name] or function()
    error("there is no test of this name", 0)
  end
  local ok, err = xpcall(test, function(value)
    if support.is_inapplicable(value) then
      return value
    end
    return debug.traceback(tostring(value))
  end)
  if ok then
    print(("ok %d - %s"):format(number, name))
  elseif support.is_inapplicable(err) then
    print(("ok %d - %s # SKIP %s"):format(number, name, err.reason))
  else
    failed = failed + 1
    print(("not ok %d - %s"):format(number, name))
    print((("# " .. err):gsub("\n", "\n# ")))
  end
end
os.exit(failed == 0 and 0 or 1)
