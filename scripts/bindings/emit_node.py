# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Declarations for koffi, as a CommonJS module, which ESM can import too, and its types."""

from header import Api, of_kind

NOTICE = """\
// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.
"""

# The parameter as koffi reads it. Bytes are given as a Buffer, not as a string; text that comes out
# is a pointer, to be read by its size and freed.
TYPES = {
    "data": "const uint8_t *{}",
    "text": "const char *{}",
    "memory": "void *{}",
    "text_out": "_Out_ void **{}",
    "size_out": "_Out_ size_t *{}",
    "int32_out": "_Out_ int32_t *{}",
    "handle_out": "_Out_ {handle} **{}",
    "handles_out": "_Out_ {handle} **{}",
}

TYPES_HEAD = """
export const abiVersion: number;
export const handles: readonly string[];
/** The declaration of each function, for koffi, by its name. */
export const functions: Readonly<Record<string, string>>;
"""


def _prototype(function: Api) -> str:
    parameters = []
    for each in function["parameters"]:
        form = TYPES.get(each["kind"])
        if form is None:
            form = each["c"] + ("{}" if each["c"].endswith("*") else " {}")
        parameters.append(form.format(each["name"], handle=each.get("handle", "")))
    result = function["returns"]["c"]
    # Bytes that may hold a NUL are read by their size.
    if function["name"] == "pygrpc_event_message":
        result = "const void *"
    space = "" if result.endswith("*") else " "
    return f"{result}{space}{function['name']}({', '.join(parameters) or 'void'})"


def _tables(api: Api) -> dict[str, list[tuple[str, int]]]:
    states = [(name.removeprefix("CHANNEL_"), at) for name, at in of_kind(api, "channel_state")]
    return {
        "codes": of_kind(api, "code"),
        "statuses": [(each["name"], each["value"]) for each in api["statuses"]],
        "cardinalities": of_kind(api, "cardinality"),
        "channelStates": states,
    }


def emit(api: Api) -> str:
    """bindings/node/lib/api.cjs."""
    text = NOTICE + f"\n'use strict';\n\nexports.abiVersion = {api['abi_version']};\n"
    for name, pairs in _tables(api).items():
        members = "".join(f"  {key}: {value},\n" for key, value in pairs)
        text += f"\nexports.{name} = Object.freeze({{\n{members}}});\n"
    text += "\nexports.handles = Object.freeze([\n"
    text += "".join(f"  '{each['name']}',\n" for each in api["handles"]) + "]);\n"
    text += "\nexports.functions = Object.freeze({\n"
    for function in api["functions"]:
        text += f"  {function['name']}: '{_prototype(function)}',\n"
    return text + "});\n"


def emit_types(api: Api) -> str:
    """bindings/node/lib/api.d.cts."""
    text = NOTICE + TYPES_HEAD
    for name, pairs in _tables(api).items():
        members = "".join(f"  readonly {key}: {value};\n" for key, value in pairs)
        text += f"export const {name}: {{\n{members}}};\n"
    return text
