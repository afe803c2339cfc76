# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Declarations for Ruby's ffi."""

from header import Api, of_kind

HEAD = """\
# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

# What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

module Pygrpc
  module Api
    ABI_VERSION = {abi}

"""

TYPES = {
    "void": ":void",
    "int32": ":int32",
    "int64": ":int64",
    "uint64": ":uint64",
    "size": ":size_t",
    "text": ":string",
}


def _table(name: str, pairs: list[tuple[str, int]]) -> str:
    members = "".join(f"      {key}: {value},\n" for key, value in pairs)
    return f"    {name} = {{\n{members}    }}.freeze\n\n"


def _function(function: Api) -> str:
    types = ", ".join(TYPES.get(each["kind"], ":pointer") for each in function["parameters"])
    result = TYPES.get(function["returns"]["kind"], ":pointer")
    # Bytes that may hold a NUL are read by their size.
    if function["name"] == "pygrpc_event_message":
        result = ":pointer"
    waits = "true" if function["waits"] else "false"
    return f"      {function['name']}: [[{types}].freeze, {result}, {waits}].freeze,\n"


def emit(api: Api) -> str:
    """bindings/ruby/lib/pygrpc/api.rb."""
    states = [(name.removeprefix("CHANNEL_"), at) for name, at in of_kind(api, "channel_state")]
    text = HEAD.format(abi=api["abi_version"])
    text += _table("CODES", of_kind(api, "code"))
    text += _table("STATUSES", [(each["name"], each["value"]) for each in api["statuses"]])
    text += _table("CARDINALITIES", of_kind(api, "cardinality"))
    text += _table("CHANNEL_STATES", states)
    text += "    # What it takes, what it returns, and whether it may wait.\n"
    text += "    FUNCTIONS = {\n" + "".join(map(_function, api["functions"]))
    return text + "    }.freeze\n  end\nend\n"
