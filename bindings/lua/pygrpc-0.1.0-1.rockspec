-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

rockspec_format = "3.0"
package = "pygrpc"
version = "0.1.0-1"
source = {
  -- Built where it lies: luarocks make.
  url = "file://.",
}
description = {
  summary = "Call any gRPC method by name, with Lua tables",
  detailed = [[
A dynamic gRPC client for LuaJIT: no generated code, the schema comes from .proto files, descriptor
sets or server reflection. It needs the library libpygrpc.so.0.]],
  license = "Apache-2.0",
}
supported_platforms = { "linux" }
dependencies = {
  -- LuaJIT, whose language is Lua 5.1.
  "lua >= 5.1, < 5.2",
}
build = {
  type = "builtin",
  modules = {
    ["pygrpc"] = "pygrpc/init.lua",
    ["pygrpc.base64"] = "pygrpc/base64.lua",
    ["pygrpc.call"] = "pygrpc/call.lua",
    ["pygrpc.cdef"] = "pygrpc/cdef.lua",
    ["pygrpc.client"] = "pygrpc/client.lua",
    ["pygrpc.codec"] = "pygrpc/codec.lua",
    ["pygrpc.errors"] = "pygrpc/errors.lua",
    ["pygrpc.json"] = "pygrpc/json.lua",
    ["pygrpc.library"] = "pygrpc/library.lua",
    ["pygrpc.loop"] = "pygrpc/loop.lua",
    ["pygrpc.system"] = "pygrpc/system.lua",
  },
}
