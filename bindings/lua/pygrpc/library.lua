-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Finds libpygrpc, loads it once, and calls its functions.

local ffi = require("ffi")
local api = require("pygrpc.cdef")
local errors = require("pygrpc.errors")

local FILE_NAME = "libpygrpc.so.0"
local VARIABLE = "PYGRPC_LIBRARY"
local RTLD_NOW, RTLD_NODELETE = 2, 0x1000

ffi.cdef(api.cdef)
ffi.cdef([[
void *pygrpc_lua_dlopen(const char *, int) __asm__("dlopen");
]])

local M = {}

-- The loaded library and its path. Held here, so that it is not collected, which would unload it.
local loaded, loaded_path

-- This package's folder, where a bundled library would be.
local folder = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."

local function places(path)
  if path then
    return { { "the path given", path } }
  end
  local variable = os.getenv(VARIABLE)
  if variable and variable ~= "" then
    -- A file that was asked for is used or is an error, never silently another one.
    return { { VARIABLE, variable } }
  end
  return {
    { "the package", folder .. "/" .. FILE_NAME },
    { "the system's libraries", FILE_NAME },
  }
end

local function has(library, name)
  return (pcall(function()
    return library[name]
  end))
end

-- The library at a path; or nil and what is wrong with it.
local function open(path)
  local ok, library = pcall(ffi.load, path)
  if not ok then
    -- The loader's text begins with the path, which is named already.
    local reason = tostring(library)
    if reason:sub(1, #path + 2) == path .. ": " then
      reason = reason:sub(#path + 3)
    end
    return nil, reason
  elseif not has(library, "pygrpc_abi_version") then
    return nil, "this is no libpygrpc: it lacks pygrpc_abi_version"
  end
  local abi = library.pygrpc_abi_version()
  if abi < api.abi_version then
    local wanted = api.abi_version
    return nil, ("its ABI version is %d, and %d or later is needed"):format(abi, wanted)
  end
  for name in api.cdef:gmatch("(pygrpc_[%w_]+)%(") do
    if not has(library, name) then
      return nil, "it lacks " .. name
    end
  end
  -- Lua unloads what it loaded when a state is closed; but the library's threads may still run.
  ffi.C.pygrpc_lua_dlopen(path, RTLD_NOW + RTLD_NODELETE)
  return library
end

local function load_from(path)
  local searched = {}
  for _, each in ipairs(places(path)) do
    local library, reason = open(each[2])
    if library then
      loaded, loaded_path = library, each[2]
      return library
    end
    searched[#searched + 1] = ("%s (%s: %s)"):format(each[1], each[2], reason)
  end
  local message = ("cannot load %s; tried %s; set %s or call pygrpc.load_library(path) before the "
    .. "first client"):format(FILE_NAME, table.concat(searched, ", then "), VARIABLE)
  return nil, errors.new("E_LIBRARY", message, { searched = searched })
end

-- The library, loaded if it is not yet; or nil and an error.
function M.get()
  if loaded then
    return loaded
  end
  return load_from(nil)
end

-- Loads the library now, rather than with the first client. Returns the path of what is loaded, or
-- nil and an error. A process has one: another one than is loaded is E_STATE.
function M.load_library(path)
  if path ~= nil then
    local checked, fault = M.name(path, "path")
    if not checked then
      return nil, fault
    end
  end
  if loaded then
    if path and path ~= loaded_path then
      local message = ("cannot load %s: %s is loaded already"):format(path, loaded_path)
      return nil, errors.new("E_STATE", message)
    end
    return loaded_path
  end
  local library, err = load_from(path)
  if not library then
    return nil, err
  end
  return loaded_path
end

-- ---- Calling

-- Where functions put their results: one Lua state is one thread, and no function is entered twice.
M.error_out = ffi.new("pygrpc_error *[1]")
M.text_out = ffi.new("char *[1]")
M.size_out = ffi.new("size_t[1]")

local error_out, text_out, size_out = M.error_out, M.text_out, M.size_out

-- The error that a function has just left; it is freed.
function M.take_error()
  local handle = error_out[0]
  error_out[0] = nil
  local err = errors.from_library(loaded, handle)
  loaded.pygrpc_error_free(handle)
  return err
end

-- The text that a function has just left, as a Lua string.
function M.take_text()
  local memory = text_out[0]
  text_out[0] = nil
  local text = ffi.string(memory, size_out[0])
  loaded.pygrpc_free(memory)
  return text
end

-- What `decode` makes of the text that a function has just left.
function M.take_decoded(decode)
  local memory = text_out[0]
  text_out[0] = nil
  local value = decode(memory, size_out[0])
  loaded.pygrpc_free(memory)
  return value
end

-- A text for a parameter that ends at its NUL: itself; or nil and an error.
function M.name(text, what)
  if type(text) ~= "string" then
    local message = ("the %s is a %s, not a string"):format(what, type(text))
    return nil, errors.new("E_ARGUMENT", message)
  elseif text:find("\0", 1, true) then
    local shown = text:gsub("%z", "\\0")
    return nil, errors.new("E_ARGUMENT", ('the %s has a NUL: "%s"'):format(what, shown))
  end
  return text
end

-- A time to wait: nil without a limit, 0 if negative; or nil and an error. To the library, what is
-- negative is no limit, and no comparison with NaN is true: waits for either would never end.
function M.seconds(value, what)
  if value == nil then
    return nil
  end
  local seconds = type(value) == "cdata" and tonumber(value) or value
  if type(seconds) ~= "number" then
    local message = ("the %s is a %s, not a number of seconds"):format(what, type(value))
    return nil, errors.new("E_ARGUMENT", message)
  elseif seconds ~= seconds then
    local message = ("the %s is NaN, not a number of seconds"):format(what)
    return nil, errors.new("E_ARGUMENT", message)
  end
  return math.max(0, seconds)
end

-- ---- Memory

-- The collector does not see how much memory is behind a handle. So where many were made since it
-- last ran, it is run.
local LEAST = 64
local live, limit = 0, LEAST

local function note_new()
  live = live + 1
  if live >= limit then
    collectgarbage()
    limit = math.max(LEAST, 2 * live)
  end
end

local function free_stream(handle)
  live = live - 1
  loaded.pygrpc_stream_free(handle)
end

-- A stream's handle, which frees it when it is collected.
function M.own_stream(handle)
  note_new()
  return ffi.gc(handle, free_stream)
end

-- Frees it now.
function M.free_stream(handle)
  free_stream(ffi.gc(handle, nil))
end

return M
