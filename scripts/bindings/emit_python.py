# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Declarations for Python's ctypes."""

from header import Api, of_kind

HEAD = '''\
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What pygrpc.h declares. Written by scripts/generate-bindings; do not edit."""

from __future__ import annotations

import enum
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from typing import Any

ABI_VERSION = {abi}

OK = {OK}
END = {END}
PENDING = {PENDING}


class ErrorCode(enum.IntEnum):
    """What kind of failure it is, numbered as in pygrpc.h."""

{codes}


class StatusCode(enum.IntEnum):
    """The status of an RPC, numbered as in gRPC."""

{statuses}


class ChannelState(enum.IntEnum):
    """The state of a client's connection."""

{states}


CARDINALITIES = {{
{cardinalities}
}}

_handle = c_void_p
_text = c_char_p
_handle_out = _text_out = POINTER(c_void_p)
_size_out = POINTER(c_size_t)
_int32_out = POINTER(c_int32)

# Every function: what it returns and what it takes.
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {{
'''

TYPES = {
    "void": "None",
    "int32": "c_int32",
    "int64": "c_int64",
    "uint64": "c_uint64",
    "size": "c_size_t",
    "memory": "c_void_p",
    "text": "_text",
    "data": "_text",
    "text_out": "_text_out",
    "size_out": "_size_out",
    "int32_out": "_int32_out",
    "handle": "_handle",
    "handle_out": "_handle_out",
    "handles_out": "_handle_out",
}

WIDTH = 100


def _signature(function: Api) -> str:
    """An entry, broken as ruff breaks it."""
    name, result = function["name"], TYPES[function["returns"]["kind"]]
    # Bytes that may hold a NUL are read by their size.
    if name == "pygrpc_event_message":
        result = "c_void_p"
    types = [TYPES[each["kind"]] for each in function["parameters"]]
    inner = f"({', '.join(types)}{',' if len(types) == 1 else ''})"
    line = f'    "{name}": ({result}, {inner}),'
    if len(line) <= WIDTH:
        return line
    line = f"        {inner},"
    lines = [f'    "{name}": (', f"        {result},"]
    if len(line) <= WIDTH:
        lines.append(line)
    else:
        lines += ["        (", *(f"            {each}," for each in types), "        ),"]
    return "\n".join([*lines, "    ),"])


def _members(pairs: list[tuple[str, int]], indent: str = "    ") -> str:
    return "\n".join(f"{indent}{name} = {value}" for name, value in pairs)


def emit(api: Api) -> str:
    """bindings/python/pygrpc/_api.py."""
    codes = of_kind(api, "code")
    states = [(name.removeprefix("CHANNEL_"), at) for name, at in of_kind(api, "channel_state")]
    head = HEAD.format(
        abi=api["abi_version"],
        codes=_members([pair for pair in codes if pair[1] < 0]),
        statuses=_members([(each["name"], each["value"]) for each in api["statuses"]]),
        states=_members(states),
        cardinalities="\n".join(
            f'    "{name}": {value},' for name, value in of_kind(api, "cardinality") if value
        ),
        **{name: value for name, value in codes if value >= 0},
    )
    return head + "\n".join(map(_signature, api["functions"])) + "\n}\n"
