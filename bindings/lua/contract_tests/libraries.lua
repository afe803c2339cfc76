-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Points 1 to 3: finding the library, loading it, and starting nothing.

local support = require("support")

local M = {}

local TRY = [[
local client, err = require("pygrpc").client("localhost:1")
print(client, err.name, err)
]]

function M.library_from_path()
  local path = os.getenv("PYGRPC_LIBRARY")
  local program = ([[
    local pygrpc = require("pygrpc")
    print(assert(pygrpc.load_library(%q)))
    assert(pygrpc.client("localhost:1"))
    assert(pygrpc.load_library("/other.so") == nil)
  ]]):format(path)
  support.equal(support.run_lua(program, "-u PYGRPC_LIBRARY"), path .. "\n")
end

function M.library_from_environment()
  local program = [[
    local pygrpc = require("pygrpc")
    assert(pygrpc.client("localhost:1"))
    print(pygrpc.load_library())
  ]]
  support.equal(support.run_lua(program), os.getenv("PYGRPC_LIBRARY") .. "\n")
end

function M.library_not_found()
  local output = support.run_lua(TRY, "PYGRPC_LIBRARY=/nowhere/libpygrpc.so.0")
  support.contains(output, "nil\tE_LIBRARY")
  support.contains(output, "PYGRPC_LIBRARY (/nowhere/libpygrpc.so.0: ")
  assert(not output:find("system", 1, true), output)
  -- A machine may have one installed; so the loader is told that it finds none.
  local blind = [[
    local ffi = require("ffi")
    ffi.load = function(path) error(path .. ": cannot open shared object file", 0) end
  ]]
  output = support.run_lua(blind .. TRY, "-u PYGRPC_LIBRARY")
  support.contains(output, "the package (")
  support.contains(output, "/pygrpc/libpygrpc.so.0: ")
  support.contains(output, "the system's libraries (")
end

function M.library_is_another()
  local output = support.run_lua(TRY, "PYGRPC_LIBRARY=libc.so.6")
  support.contains(output, "libc.so.6: this is no libpygrpc: it lacks pygrpc_abi_version")
end

function M.library_too_old()
  local old = os.getenv("PYGRPC_OLD_LIBRARY")
  local output = support.run_lua(TRY, "PYGRPC_LIBRARY=" .. support.quote(old))
  support.contains(output, "its ABI version is 0, and 1 or later is needed")
end

function M.library_loaded_locally()
  local program = support.PREAMBLE
    .. [[
    assert(connect():unary_unary("SayHello"))
    local paths, count = {}, 0
    for line in io.lines("/proc/self/maps") do
      local path = line:match("%S*libpygrpc%S*$")
      if path and not paths[path] then
        paths[path], count = true, count + 1
      end
    end
    local ffi = require("ffi")
    print(count, (pcall(function() return ffi.C.pygrpc_version end)))
  ]]
  support.equal(support.run_lua(program), "1\tfalse\n")
end

function M.import_starts_nothing()
  local program = [[
    local function threads()
      local pipe = io.popen("ls /proc/$PPID/task | wc -l")
      return tonumber(pipe:read("*a"))
    end
    local before = threads()
    require("pygrpc")
    local file = io.open("/proc/self/maps")
    print(file:read("*a"):find("libpygrpc", 1, true), threads() - before)
  ]]
  support.equal(support.run_lua(program), "nil\t0\n")
end

return M
