#!/usr/bin/env python3
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the C header against its own rules, and the built library against the header; prints TAP.

usage: check_abi.py HEADER LIBRARY CC CXX
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

# What may cross the border, besides pointers to handles (and pointers to such pointers).
TYPES = {
    "void",
    "void *",
    "const char *",
    "char **",
    "size_t",
    "size_t *",
    "int32_t",
    "int32_t *",
    "int64_t",
    "int64_t *",
    "uint64_t",
    "uint64_t *",
}
HANDLE = re.compile(r"(const )?pygrpc_\w+ \*{1,2}")
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]


class CheckError(Exception):
    """What a check has found."""


def run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise CheckError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def prototypes(header: Path, cc: str) -> dict[str, tuple[str, list[str]]]:
    """The functions of the header in the compiler's own words: result and parameters by name."""
    with tempfile.NamedTemporaryFile() as listing:
        run(cc, "-std=c99", "-aux-info", listing.name, "-fsyntax-only", "-x", "c", str(header))
        text = Path(listing.name).read_text()
    found = {}
    for line in text.splitlines():
        if f"{header}:" not in line:
            continue
        match = re.search(r"extern (.*?)(\w+) \((.*)\);", line)
        if match is None:
            raise CheckError(f"not understood: {line}")
        result, name, parameters = match.groups()
        found[name] = (result.strip(), [each.strip() for each in parameters.split(",")])
    return found


class Checks:
    def __init__(self, header: str, library: str, cc: str, cxx: str) -> None:
        self.header = Path(header).resolve()
        self.library = library
        self.cc = cc
        self.cxx = cxx

    def compiles(self, compiler: str, language: str, standard: str) -> None:
        # As an include, for there a warning about the main file would not count.
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory) / f"include.{language}"
            source.write_text(f'#include "{self.header}"\n#include "{self.header}"\n')
            run(compiler, f"-std={standard}", *WARNINGS, "-fsyntax-only", str(source))

    def compiles_as_c99(self) -> None:
        self.compiles(self.cc, "c", "c99")

    def compiles_as_c17(self) -> None:
        self.compiles(self.cc, "c", "c17")

    def compiles_as_cpp11(self) -> None:
        self.compiles(self.cxx, "cc", "c++11")

    def compiles_as_cpp17(self) -> None:
        self.compiles(self.cxx, "cc", "c++17")

    def compiles_as_cpp20(self) -> None:
        self.compiles(self.cxx, "cc", "c++20")

    def exports_what_the_header_declares_and_nothing_else(self) -> None:
        declared = set(prototypes(self.header, self.cc))
        listing = run("nm", "--dynamic", "--defined-only", self.library)
        symbols = [line.split()[-2:] for line in listing.splitlines()]
        # A is the version itself; the names carry it, as in pygrpc_free@@PYGRPC_0.
        exported = {name.split("@")[0] for kind, name in symbols if kind != "A"}
        if not declared:
            raise CheckError("no function was found in the header")
        if declared != exported:
            raise CheckError(
                f"declared only: {sorted(declared - exported)}\n"
                f"exported only: {sorted(exported - declared)}"
            )

    def functions_take_and_give_only_plain_types(self) -> None:
        wrong = []
        for name, (result, parameters) in prototypes(self.header, self.cc).items():
            for each in [result, *parameters]:
                if each not in TYPES and not HANDLE.fullmatch(each):
                    wrong.append(f"{name}: {each}")
            if result not in {
                "void",
                "int32_t",
                "uint64_t",
                "const char *",
                "const pygrpc_error *",
            }:
                wrong.append(f"{name} returns {result}")
        if wrong:
            raise CheckError("\n".join(wrong))

    def functions_have_the_error_last(self) -> None:
        wrong = [
            name
            for name, (_, parameters) in prototypes(self.header, self.cc).items()
            if "pygrpc_error **" in parameters[:-1]
        ]
        if wrong:
            raise CheckError(" ".join(wrong))

    def api_json_says_what_the_compiler_reads(self) -> None:
        path = self.header.parents[1] / "bindings" / "api.json"
        functions = json.loads(path.read_text())["functions"]
        listed = {
            each["name"]: (
                each["returns"]["c"],
                [parameter["c"] for parameter in each["parameters"]] or ["void"],
            )
            for each in functions
        }
        if listed != prototypes(self.header, self.cc):
            raise CheckError("run scripts/generate-bindings, or mend how it reads the header")

    def codes_differ(self) -> None:
        values: dict[str, str] = {}
        listing = run(self.cc, "-dM", "-E", "-x", "c", str(self.header))
        for name, value in re.findall(r"#define PYGRPC_((?:E_)?\w+) \(?(-?\d+)\)?$", listing, re.M):
            if name in {"OK", "END", "PENDING"} or name.startswith("E_"):
                if value in values:
                    raise CheckError(f"{name} and {values[value]} are both {value}")
                values[value] = name
        if "0" not in values or len(values) < 10:
            raise CheckError(f"found only {values}")


def main() -> int:
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    checks = Checks(*sys.argv[1:])
    tests: list[Callable[[], None]] = [
        checks.compiles_as_c99,
        checks.compiles_as_c17,
        checks.compiles_as_cpp11,
        checks.compiles_as_cpp17,
        checks.compiles_as_cpp20,
        checks.exports_what_the_header_declares_and_nothing_else,
        checks.functions_take_and_give_only_plain_types,
        checks.functions_have_the_error_last,
        checks.api_json_says_what_the_compiler_reads,
        checks.codes_differ,
    ]
    failed = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, start=1):
        title = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {title}")
        except CheckError as failure:
            failed += 1
            print(f"not ok {number} - {title}")
            print("".join(f"# {line}\n" for line in str(failure).splitlines()), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
