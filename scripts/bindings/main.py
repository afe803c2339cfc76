# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes what is generated from the header, or compares it. Run as scripts/generate-bindings."""

import argparse
import difflib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import emit_go
import emit_lua
import emit_node
import emit_python
import emit_ruby
import header
from header import Api

ROOT = Path(__file__).resolve().parents[2]


def emit_json(api: Api) -> str:
    """bindings/api.json."""
    note = "Written by scripts/generate-bindings from capi/pygrpc.h; do not edit."
    return json.dumps({"note": note, **api}, indent=1) + "\n"


FILES: dict[str, Callable[[Api], str]] = {
    "bindings/api.json": emit_json,
    "bindings/go/api.go": emit_go.emit,
    "bindings/lua/pygrpc/cdef.lua": emit_lua.emit,
    "bindings/node/src/api.ts": emit_node.emit,
    "bindings/python/pygrpc/_api.py": emit_python.emit,
    "bindings/ruby/lib/pygrpc/api.rb": emit_ruby.emit,
}


def difference(name: str, wanted: str) -> str:
    """How a file differs from what it should be; "" if it does not."""
    path = ROOT / name
    found = path.read_text() if path.exists() else ""
    lines = difflib.unified_diff(
        found.splitlines(), wanted.splitlines(), name, f"{name} as generated", lineterm="", n=1
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/generate-bindings", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("--list", action="store_true", help="list what is generated")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(FILES))
        return 0
    try:
        api = header.read(ROOT / "capi" / "pygrpc.h")
    except header.HeaderError as error:
        sys.exit(f"scripts/generate-bindings: {error}")
    differences = []
    for name, emit in FILES.items():
        wanted = emit(api)
        found = difference(name, wanted)
        if not found:
            continue
        differences.append(found)
        if not arguments.check:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(wanted)
            print(f"wrote {name}")
    if arguments.check and differences:
        print("\n".join(differences))
        print("\nscripts/generate-bindings: not as the header says; run it without --check")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
