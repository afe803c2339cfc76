#!/usr/bin/env python3
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What the preprocessor leaves of the header, and the dynamic section of the library.

An FFI reads the header as it is: after the preprocessor, opaque handles and plain functions remain.
The library is found by its SONAME, stays loaded, calls its own functions, needs few others, and is
hardened.

usage: check_leftovers.py HEADER LIBRARY CC BUILD_TYPE
"""
# ruff: noqa: PT009 (unittest, which says what is not equal without pytest)

import os
import platform
import re
import subprocess
import sys
import unittest
from pathlib import Path

HEADER, LIBRARY, CC, BUILD_TYPE = Path(), "", "cc", ""
PAGE = 4096

_HANDLE = re.compile(r"typedef struct (pygrpc_\w+) \1")
_FUNCTION = re.compile(r"[\w\s*]+?\b(pygrpc_\w+)\(([^()]*)\)")
_LINE_MARKER = re.compile(r'^# \d+ "([^"]*)"')

# Whatever else is needed is linked by mistake. libgrpc++ is for C++ programs: the library uses the
# core of gRPC alone.
NEEDED = (
    "libgrpc.so",
    "libgpr.so",
    "libssl.so",
    "libcrypto.so",
    "libprotobuf.so",
    "libsimdjson.so",
    "libz.so",
    "libabsl_",
    "libstdc++.so",
    "libgcc_s.so",
    "libm.so",
    "libc.so",
    "ld-linux-",
)


def output_of(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout


def preprocess(*flags: str) -> list[str]:
    """The declarations that remain of the header itself, without what it includes."""
    kept = []
    own = False
    for line in output_of(CC, "-std=c99", "-E", "-x", "c", *flags, str(HEADER)).splitlines():
        if marker := _LINE_MARKER.match(line):
            own = Path(marker[1]).resolve() == HEADER
        elif own:
            kept.append(line)
    declarations = (" ".join(part.split()) for part in "\n".join(kept).split(";"))
    return [declaration for declaration in declarations if declaration]


class TheHeader(unittest.TestCase):
    def test_holds_opaque_handles_and_functions_only(self) -> None:
        handles = [each for each in preprocess() if _HANDLE.fullmatch(each)]
        functions = [each for each in preprocess() if _FUNCTION.fullmatch(each)]
        others = [each for each in preprocess() if each not in handles + functions]
        self.assertEqual(others, [])
        self.assertGreaterEqual(len(handles), 4)
        self.assertGreaterEqual(len(functions), 30)

    def test_names_every_parameter(self) -> None:
        wrong = []
        for declaration in preprocess():
            if (function := _FUNCTION.fullmatch(declaration)) and function[2] != "void":
                for parameter in function[2].split(", "):
                    # "void *" and "size_t" are types alone
                    if not re.fullmatch(r"(const )?\w+ \**[a-z][a-z0-9_]*", parameter):
                        wrong.append(f"{function[1]}: {parameter}")
        self.assertEqual(wrong, [])

    def test_has_one_prefix_and_no_macro_with_parameters(self) -> None:
        macros = re.findall(r"^# *define (\w+\(?)", HEADER.read_text(), re.M)
        self.assertGreater(len(macros), 20)
        self.assertEqual([name for name in macros if not re.fullmatch(r"PYGRPC_\w+", name)], [])

    def test_is_the_same_in_every_mode_of_the_compiler(self) -> None:
        plain = preprocess()
        for flag in ("-D_GNU_SOURCE", "-DNDEBUG", "-fvisibility=hidden", "-O2"):
            with self.subTest(flag=flag):
                self.assertEqual(plain, preprocess(flag))


class TheLibrary(unittest.TestCase):
    def dynamic(self, tag: str) -> list[str]:
        section = output_of("readelf", "--dynamic", "--wide", LIBRARY)
        return re.findall(rf"\({tag}\)\s+(.*)", section)

    def test_has_its_soname(self) -> None:
        self.assertEqual(self.dynamic("SONAME"), ["Library soname: [libpygrpc.so.0]"])

    def test_stays_loaded_and_calls_itself(self) -> None:
        flags = " ".join(self.dynamic("FLAGS") + self.dynamic("FLAGS_1"))
        self.assertIn("NODELETE", flags)
        self.assertIn("SYMBOLIC", flags)
        self.assertIn("NOW", flags)

    def test_needs_no_library_that_it_should_not(self) -> None:
        needed = re.findall(r"\[(.*?)\]", " ".join(self.dynamic("NEEDED")))
        self.assertIn("libc.so.6", needed)
        self.assertEqual([name for name in needed if not name.startswith(NEEDED)], [])

    def test_has_no_text_relocations(self) -> None:
        self.assertEqual(self.dynamic("TEXTREL"), [])

    def test_binds_all_symbols_when_it_is_loaded_and_then_locks_them(self) -> None:
        self.assertEqual(len(self.dynamic("FLAGS_1")), 1)
        self.assertIn("NOW", self.dynamic("FLAGS_1")[0].split())
        self.assertEqual(len(self.segment("GNU_RELRO")), 1)

    def test_has_no_stack_that_can_be_executed(self) -> None:
        self.assertEqual([line.split()[-2] for line in self.segment("GNU_STACK")], ["RW"])

    def test_has_no_segment_that_can_be_written_and_executed(self) -> None:
        loaded = self.segment("LOAD")
        self.assertGreater(len(loaded), 1)
        self.assertEqual([line for line in loaded if "RWE" in line], [])

    def segment(self, kind: str) -> list[str]:
        headers = output_of("readelf", "--program-headers", "--wide", LIBRARY)
        return re.findall(rf"^ +{kind} .*$", headers, re.MULTILINE)


class TheCode(unittest.TestCase):
    """How the library was compiled. Other builds than Release are for debuggers."""

    def setUp(self) -> None:
        if BUILD_TYPE != "Release":
            self.skipTest(f"the build is of type {BUILD_TYPE}")

    def test_checks_its_stack_and_the_bounds_of_copies(self) -> None:
        imported = output_of("nm", "--dynamic", "--undefined-only", LIBRARY)
        self.assertIn(" __stack_chk_fail@", imported)
        self.assertIn(" __memmove_chk@", imported)

    def test_marks_where_jumps_may_land(self) -> None:
        if platform.machine() != "x86_64":
            self.skipTest("it is for x86")
        code = output_of("objdump", "--disassemble=pygrpc_json_to_binary", LIBRARY)
        first = re.search(r"<pygrpc_json_to_binary@?.*>:\n.*", code)
        self.assertIn("endbr64", first[0] if first else "nothing")

    def test_probes_the_pages_of_large_frames(self) -> None:
        if platform.machine() != "x86_64":
            self.skipTest("this knows the instructions of x86 only")
        # A frame of more than a page is made page by page, and each is touched at once.
        code = output_of("objdump", "--disassemble", "--no-show-raw-insn", LIBRARY)
        steps = re.findall(r"sub +\$0x([0-9a-f]{4,15}),%rsp", code)
        self.assertEqual([step for step in steps if int(step, 16) > PAGE], [])


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    HEADER, LIBRARY, CC = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
    BUILD_TYPE = sys.argv[4]
    unittest.main(argv=sys.argv[:1], verbosity=2)
