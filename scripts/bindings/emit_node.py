# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Declarations for koffi, as a TypeScript module."""

from header import Api, of_kind

NOTICE = """\
// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.
"""

# The parameter as koffi reads it, and its type in TypeScript. Handles are addresses, which a number
# holds exactly, and so is where things go that come out: nothing else costs koffi as little.
# A size is signed, so that -1 is PYGRPC_NUL_TERMINATED. Bytes are given as a string or as they are.
PARAMETERS = {
    "text": ("const char *{}", "string | null"),
    "data": ("const char *{}", "string | Uint8Array | null"),
    "memory": ("uintptr_t {}", "number"),
    "handle": ("uintptr_t {}", "number"),
    "text_out": ("uintptr_t {}", "number"),
    "size_out": ("uintptr_t {}", "number"),
    "int32_out": ("uintptr_t {}", "number"),
    "handle_out": ("uintptr_t {}", "number"),
    "handles_out": ("uintptr_t {}", "number"),
    "int32": ("int32_t {}", "number"),
    "int64": ("int64_t {}", "number"),
    "uint64": ("uint64_t {}", "number"),
    "size": ("intptr_t {}", "number"),
}
RESULTS = {
    "text": ("const char *", "string"),
    "handle": ("uintptr_t ", "number"),
    "int32": ("int32_t ", "number"),
    "uint64": ("uint64_t ", "number"),
    "void": ("void ", "void"),
}


def _result(function: Api) -> tuple[str, str]:
    # Bytes that may hold a NUL are read by their size.
    if function["name"] == "pygrpc_event_message":
        return RESULTS["handle"]
    return RESULTS[function["returns"]["kind"]]


def _prototype(function: Api) -> str:
    parameters = [
        PARAMETERS[each["kind"]][0].format(each["name"]) for each in function["parameters"]
    ]
    return f"{_result(function)[0]}{function['name']}({', '.join(parameters) or 'void'})"


def _signature(function: Api) -> str:
    parameters = [
        f"{each['name']}: {PARAMETERS[each['kind']][1]}" for each in function["parameters"]
    ]
    return f"{function['name']}: ({', '.join(parameters)}) => {_result(function)[1]}"


def _tables(api: Api) -> dict[str, list[tuple[str, int]]]:
    states = [(name.removeprefix("CHANNEL_"), at) for name, at in of_kind(api, "channel_state")]
    return {
        "codes": of_kind(api, "code"),
        "statuses": [(each["name"], each["value"]) for each in api["statuses"]],
        "cardinalities": of_kind(api, "cardinality"),
        "channelStates": states,
    }


def emit(api: Api) -> str:
    """bindings/node/src/api.ts."""
    text = NOTICE + f"\nexport const abiVersion = {api['abi_version']};\n"
    for name, pairs in _tables(api).items():
        members = "".join(f"  {key}: {value},\n" for key, value in pairs)
        text += f"\nexport const {name} = Object.freeze({{\n{members}}} as const);\n"
    text += "\n/** The functions, as they are called. */\nexport interface Functions {\n"
    text += "".join(f"  {_signature(function)};\n" for function in api["functions"]) + "}\n"
    text += "\n/** The declaration of each function, for koffi. */\n"
    text += "export const prototypes: Readonly<Record<keyof Functions, string>> = Object.freeze({\n"
    for function in api["functions"]:
        text += f"  {function['name']}:\n    '{_prototype(function)}',\n"
    text += "});\n\n/** The kind of each parameter, as bindings/README.md lists them. */\n"
    text += "export const parameters: Readonly<Record<keyof Functions, readonly string[]>> = "
    text += "Object.freeze({\n"
    for function in api["functions"]:
        kinds = ", ".join(f"'{each['kind']}'" for each in function["parameters"])
        text += f"  {function['name']}: [{kinds}],\n"
    return text + "});\n"
