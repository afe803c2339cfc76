-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Point 24: the README, the style and the package.

local support = require("support")

local M = {}

local function read_me()
  return support.read_file(support.ROOT .. "/README.md")
end

-- The Lua examples of the README, in their order.
local function examples()
  local listed = {}
  for code in read_me():gmatch("\n```lua\n(.-)```\n") do
    listed[#listed + 1] = code
  end
  return listed
end

local function with_port(code)
  return (code:gsub("50051", os.getenv("PYGRPC_TEST_PORT")))
end

function M.readme_example()
  local code = examples()[1]
  local _, lines = code:gsub("\n", "")
  assert(lines <= 15, lines)
  support.equal(support.run_lua(with_port(code)), "Greeter client received: Hello, you!\n")
end

-- The others run in their order, in one program.
function M.readme_examples()
  local listed = examples()
  local program = { support.PREAMBLE, "local client = connect()\n" }
  assert(#listed > 3)
  for index = 2, #listed do
    program[#program + 1] = "do\n" .. with_port(listed[index]) .. "end\n"
  end
  support.run_lua(table.concat(program))
end

function M.types()
  support.inapplicable("Lua has no types; luacheck, a test of its own, checks the names")
end

function M.luacheck()
  local folder = support.quote(support.ROOT)
  local output = support.run(("cd %s && luacheck --no-color --quiet --no-cache ."):format(folder))
  support.contains(output, "0 warnings / 0 errors")
end

local INSTALLED = [[
local pygrpc = require("pygrpc")
assert(package.searchpath("pygrpc", package.path):find("/second/", 1, true))
local client = assert(pygrpc.client("localhost:" .. arg[1]))
assert(client:load("helloworld_pb2"))
print(assert(client:unary_unary("SayHello", { name = "you" })).message)
print(pygrpc.load_library())
]]

-- Built, packed, installed from the packed file into an empty tree, and run outside of the
-- checkout: first with PYGRPC_LIBRARY, then with the library beside the modules.
function M.package()
  local folder = support.new_folder()
  local quoted = support.quote(folder)
  support.run(("cp -r %s/pygrpc %s/*.rockspec %s"):format(support.ROOT, support.ROOT, quoted))
  local rocks = "HOME=" .. quoted .. " luarocks --lua-version 5.1 --tree=" .. quoted
  local function luarocks(command)
    support.run_quietly(("cd %s && %s%s"):format(quoted, rocks, command))
  end
  luarocks("/first make --deps-mode=none pygrpc-*.rockspec")
  luarocks("/first pack pygrpc")
  luarocks("/second install --deps-mode=none pygrpc-*.rock")
  local modules = folder .. "/second/share/lua/5.1"
  support.write_file(folder .. "/program.lua", INSTALLED)
  local command = "cd / && %s LUA_PATH="
    .. support.quote(modules .. "/?.lua;" .. modules .. "/?/init.lua")
    .. " luajit "
    .. support.quote(folder .. "/program.lua")
    .. " "
    .. os.getenv("PYGRPC_TEST_PORT")
  local library = os.getenv("PYGRPC_LIBRARY")
  support.equal(support.run(command:format("")), "Hello, you!\n" .. library .. "\n")
  local beside = modules .. "/pygrpc/libpygrpc.so.0"
  support.run(("cp %s %s"):format(support.quote(library), support.quote(beside)))
  local output = support.run(command:format("PYGRPC_LIBRARY="))
  support.equal(output, "Hello, you!\n" .. beside .. "\n")
end

return M
