# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads capi/pygrpc.h as data.

The header keeps to few forms (CONTRIBUTING.md, "Rules of the ABI"), and this reads no others: what
is not understood is an error that names the line. That the result is what a C compiler reads is
compared by tests/abi/check_abi.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

Api = dict[str, Any]

# What a constant is for, by the beginning of its name, without "PYGRPC_".
CONSTANT_KINDS = {
    "ABI_VERSION": "abi",
    "NUL_TERMINATED": "size",
    "OK": "code",
    "END": "code",
    "PENDING": "code",
    "E_": "code",
    "ANY_CARDINALITY": "cardinality",
    "UNARY_": "cardinality",
    "STREAM_": "cardinality",
    "CHANNEL_": "channel_state",
    "HEALTH_": "health",
}

# gRPC's own; the header hands them through.
STATUSES = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]

# Functions that may wait, besides those that take a timeout: for files, for reflection before the
# first call, or for a call. A runtime with a global lock lets go of it meanwhile.
WAITING = {
    "pygrpc_load",
    "pygrpc_load_descriptor_set",
    "pygrpc_load_proto",
    "pygrpc_load_client",
    "pygrpc_services",
    "pygrpc_describe",
    "pygrpc_template",
    "pygrpc_json_schema",
    "pygrpc_export",
    "pygrpc_method_cardinality",
    "pygrpc_unary_unary",
    "pygrpc_unary_stream",
    "pygrpc_stream_unary",
    "pygrpc_stream_stream",
    "pygrpc_stream_open",
    "pygrpc_health",
    "pygrpc_health_watch",
    "pygrpc_queue_free",
}

_PLAIN = {
    "void": "void",
    "int32_t": "int32",
    "int64_t": "int64",
    "uint64_t": "uint64",
    "size_t": "size",
    "void *": "memory",
    "const char *": "text",
    "char **": "text_out",
    "size_t *": "size_out",
    "int32_t *": "int32_out",
    "int64_t *": "int64_out",
    "uint64_t *": "uint64_out",
}

_SECTION = re.compile(r"/\* ---- (.+?) -+\*/")
_DEFINE = re.compile(r"#define PYGRPC_(\w+) \(?(-?\d+|SIZE_MAX)\)?(?:\s*/\*\s*(.*?)\s*\*/)?")
_HANDLE = re.compile(r"typedef struct (pygrpc_\w+) \1;(?:\s*/\*\s*(.*?)\s*\*/)?")
_PROTOTYPE = re.compile(r"((?:const )?\w+ \*?)(pygrpc_\w+)\((.*)\);")
# Of these nothing is to be known.
_OTHER = (
    r"#(?:ifndef|ifdef|endif|include|pragma)\b.*",
    r"#define PYGRPC_H_",
    r'extern "C" \{',
    r'\} /\* extern "C" \*/',
)
_NOTHING = re.compile("|".join(_OTHER))


class HeaderError(Exception):
    """A line of the header that is in none of its forms."""


@dataclass
class _Item:
    """A comment, a line of the preprocessor, or a declaration."""

    line: int
    text: str
    ends_before_blank: bool


def _items(header: str) -> Iterator[_Item]:
    lines = header.splitlines()
    number = 0
    while number < len(lines):
        first = number
        text = lines[number].strip()
        number += 1
        if not text:
            continue
        if text.startswith("/*"):
            while "*/" not in lines[number - 1]:
                number += 1
            text = "\n".join(lines[first:number]).strip()
        elif not text.startswith(("#", 'extern "C"', "}")):
            while ";" not in text:
                text += " " + lines[number].strip()
                number += 1
        is_last = number == len(lines) or not lines[number].strip()
        yield _Item(first + 1, text, is_last)


def _comment(text: str) -> str:
    """The text of a comment, its lines kept."""
    lines = text.removeprefix("/*").removesuffix("*/").split("\n")
    return "\n".join([re.sub(r"^ \* ?", "", line).rstrip() for line in lines]).strip()


def _since(doc: str) -> str:
    found = re.search(r"\b[Ss]ince (\d+\.\d+)", doc)
    return found.group(1) if found else "0.1"


def _constant_kind(name: str) -> str:
    for beginning, kind in CONSTANT_KINDS.items():
        if name == beginning or (beginning.endswith("_") and name.startswith(beginning)):
            return kind
    raise HeaderError(
        f"PYGRPC_{name} is of no known kind: add it to CONSTANT_KINDS in scripts/bindings/header.py"
    )


def _type(text: str) -> dict[str, str]:
    """A C type and its kind; handles say which, and whether they come out."""
    if text in _PLAIN:
        return {"c": text, "kind": _PLAIN[text]}
    handle = re.fullmatch(r"(?:const )?(pygrpc_\w+) (\*\*?)", text)
    if not handle:
        raise HeaderError(f"the type {text!r} cannot cross the border")
    kind = "handle" if handle[2] == "*" else "handle_out"
    return {"c": text, "kind": kind, "handle": handle[1]}


def _parameters(text: str) -> list[dict[str, str]]:
    if text == "void":
        return []
    parameters = []
    for each in text.split(","):
        found = re.fullmatch(r"\s*((?:const )?\w+ \**)(\w+)", each)
        if not found:
            raise HeaderError(f"the parameter {each.strip()!r} is not understood")
        parameters.append({"name": found[2], **_type(found[1].strip())})
    for parameter, following in pairwise(parameters):
        # Bytes with a size, and not text up to its NUL.
        if parameter["kind"] == "text" and following["c"] == "size_t":
            parameter["kind"] = "data"
        # Room for many, and not for one.
        if parameter["kind"] == "handle_out" and following["name"] == "max":
            parameter["kind"] = "handles_out"
    return parameters


def _function(match: re.Match[str], doc: str, group: str) -> dict[str, Any]:
    name = match[2]
    parameters = _parameters(match[3])
    takes_timeout = any(each["name"] == "timeout_ms" for each in parameters)
    return {
        "name": name,
        "group": group,
        "since": _since(doc),
        "returns": _type(match[1].strip()),
        "parameters": parameters,
        "waits": takes_timeout or name in WAITING,
        "doc": doc,
    }


def parse(header: str) -> Api:
    """Everything that the header declares."""
    constants: list[dict[str, Any]] = []
    handles: list[dict[str, str]] = []
    functions: list[dict[str, Any]] = []
    groups: list[dict[str, str]] = []
    doc = ""
    for item in list(_items(header)):
        try:
            section = _SECTION.fullmatch(item.text)
            if section:
                groups.append({"name": section[1], "doc": ""})
                doc = ""
            elif item.text.startswith("/*"):
                doc = _comment(item.text)
                # A comment that stands alone is about all that follows.
                if item.ends_before_blank and groups:
                    groups[-1]["doc"] = "\n\n".join(filter(None, [groups[-1]["doc"], doc]))
                    doc = ""
            elif define := _DEFINE.fullmatch(item.text):
                value = "SIZE_MAX" if define[2] == "SIZE_MAX" else int(define[2])
                kind = _constant_kind(define[1])
                # Above a list the comment is about the list.
                own = define[3] or (doc if kind in {"abi", "size"} else "")
                constants.append(
                    {"name": f"PYGRPC_{define[1]}", "kind": kind, "value": value, "doc": own}
                )
                if item.ends_before_blank:
                    doc = ""
            elif _NOTHING.fullmatch(item.text):
                pass
            elif handle := _HANDLE.fullmatch(item.text):
                handles.append({"name": handle[1], "doc": handle[2] or ""})
            elif function := _PROTOTYPE.fullmatch(item.text):
                functions.append(_function(function, doc, groups[-1]["name"]))
                doc = ""
            else:
                raise HeaderError(f"not understood: {item.text.splitlines()[0]}")
        except HeaderError as error:
            raise HeaderError(f"capi/pygrpc.h:{item.line}: {error}") from None
    abi = [each["value"] for each in constants if each["name"] == "PYGRPC_ABI_VERSION"]
    return {
        "abi_version": abi[0],
        "constants": constants,
        "statuses": [{"name": each, "value": code} for code, each in enumerate(STATUSES)],
        "handles": handles,
        "groups": groups,
        "functions": functions,
    }


def read(path: Path) -> Api:
    """What the header at the path declares."""
    return parse(path.read_text())


def of_kind(api: Api, kind: str) -> list[tuple[str, int]]:
    """The constants of a kind, without "PYGRPC_"."""
    return [
        (each["name"].removeprefix("PYGRPC_"), each["value"])
        for each in api["constants"]
        if each["kind"] == kind
    ]
