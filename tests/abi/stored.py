#!/usr/bin/env python3
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the library's ABI with the one that is stored in capi/pygrpc.abi.xml, or stores it.

The ABI is what abidw reads in the debug information of the functions that the library exports:
their symbols with versions, and their types as far as the header shows them. What was there must
stay as it is. What is new must be stored, so that it stays from then on.

usage: stored.py [--store | --store-incompatible] STORED HEADER LIBRARY

LIBRARY has the shims of capi/ with debug information: the target pygrpc_abi_description.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Nothing of where and how the library was built.
REDUCED = [
    "--exported-interfaces-only",
    "--drop-private-types",
    "--no-architecture",
    "--no-comp-dir-path",
    "--no-corpus-path",
    "--no-elf-needed",
    "--no-show-locs",
]
CHANGED_AT_ALL = 4  # abidiff's bits
FAILED = 1 | 2
SUMMARY = re.compile(
    r"(?:Functions|Variables|Function symbols|Variable symbols) changes summary: "
    r"(\d+) Removed, (?:(\d+) Changed[^,]*, )?(\d+) Added"
)


class AbiError(Exception):
    """A tool that failed."""


def describe(header: Path, library: Path, description: Path) -> None:
    # abidw takes all headers of a folder for public; this one is alone in its.
    with tempfile.TemporaryDirectory() as public:
        shutil.copy(header, public)
        command = ["abidw", *REDUCED, "--headers-dir", public, "--out-file", str(description)]
        result = subprocess.run(
            [*command, str(library)], capture_output=True, text=True, check=False
        )
    if result.returncode != 0 or "<function-decl" not in description.read_text():
        raise AbiError(f"abidw read no ABI in {library}\n{result.stdout}{result.stderr}")


def compare(stored: Path, new: Path) -> tuple[str, str]:
    """What kind of change there is ("" for none), and abidiff's report."""
    result = subprocess.run(
        ["abidiff", str(stored), str(new)], capture_output=True, text=True, check=False
    )
    report = result.stdout + result.stderr
    if result.returncode & FAILED:
        raise AbiError(f"abidiff cannot compare {stored} and {new}\n{report}")
    if not result.returncode & CHANGED_AT_ALL:
        return "", report
    counts = SUMMARY.findall(report)
    only_added = counts and all(
        int(removed) == int(changed or 0) == 0 for removed, changed, _ in counts
    )
    return ("addition" if only_added else "incompatible change"), report


def main() -> int:
    arguments = sys.argv[1:]
    mode = arguments.pop(0) if arguments and arguments[0].startswith("--store") else ""
    if len(arguments) != 3 or mode not in {"", "--store", "--store-incompatible"}:
        sys.exit(__doc__)
    stored, header, library = map(Path, arguments)
    try:
        with tempfile.TemporaryDirectory() as directory:
            new = Path(directory) / stored.name
            describe(header, library, new)
            if mode == "--store-incompatible" or not stored.exists():
                kind, report = "", ""
            else:
                kind, report = compare(stored, new)
            if mode and kind != "incompatible change":
                shutil.copy(new, stored)
                return 0
    except AbiError as error:
        sys.exit(str(error))
    print(report)
    if kind == "addition":
        print(f"{stored}: does not have all functions; run scripts/generate-abi-description")
    elif kind:
        print(f"{stored}: an incompatible change: programs that are compiled already would fail")
    return 1 if kind else 0


if __name__ == "__main__":
    sys.exit(main())
