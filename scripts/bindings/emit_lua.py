# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Declarations for LuaJIT's ffi, which reads C."""

from header import Api, of_kind

HEAD = """\
-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

local api = {}

"""


def prototype(function: Api) -> str:
    """A function's declaration in C."""
    space = "" if function["returns"]["c"].endswith("*") else " "
    parameters = []
    for each in function["parameters"]:
        parameters.append(f"{each['c']}{'' if each['c'].endswith('*') else ' '}{each['name']}")
    listed = ", ".join(parameters) or "void"
    return f"{function['returns']['c']}{space}{function['name']}({listed});"


def _table(name: str, pairs: list[tuple[str, int]]) -> str:
    members = "".join(f"  {key} = {value},\n" for key, value in pairs)
    return f"api.{name} = {{\n{members}}}\n"


def emit(api: Api) -> str:
    """bindings/lua/pygrpc/cdef.lua."""
    states = [(name.removeprefix("CHANNEL_"), at) for name, at in of_kind(api, "channel_state")]
    parts = [
        HEAD + f"api.abi_version = {api['abi_version']}\n",
        _table("codes", of_kind(api, "code")),
        _table("statuses", [(each["name"], each["value"]) for each in api["statuses"]]),
        _table("cardinalities", of_kind(api, "cardinality")),
        _table("channel_states", states),
        "api.cdef = [[\n"
        + "".join(f"typedef struct {each['name']} {each['name']};\n" for each in api["handles"])
        + "".join(prototype(each) + "\n" for each in api["functions"])
        + "]]\n",
        "return api\n",
    ]
    return "\n".join(parts)
