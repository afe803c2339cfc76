# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The test suites: what each runs, what it needs built, and when it runs."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import results
from results import Results

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOGS = BUILD / "logs"
VENV = BUILD / "venv" / "bin"
JOBS = str(os.cpu_count() or 1)

Counter = Callable[["Suite", str, bool], Results]


class When(Enum):
    QUICK = "quick"  # always
    NORMAL = "normal"  # not with --quick
    LONG = "long"  # only with --long


@dataclass
class Suite:
    name: str
    what: str  # for people
    command: list[str]
    count: Counter
    when: When = When.QUICK
    preset: str = ""  # which must have been built
    environment: dict[str, str] = field(default_factory=dict)
    limit: int = 1200  # seconds, many times what it takes: machines are slow at times

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    @property
    def report(self) -> Path:
        return LOGS / f"{self.name}.xml"

    @property
    def outcome(self) -> Path:
        """What passed, what failed and what was measured, for the page on reliability."""
        return LOGS / f"{self.name}.json"


def _count_one(suite: Suite, output: str, passed: bool) -> Results:
    found = results.one(suite.name, passed)
    found.figures = results.figures_of(output)
    return found


def _count_tap(suite: Suite, output: str, passed: bool) -> Results:
    found = results.from_tap(output, suite.name)
    if not passed and not found.failures:
        found.failures.append(f"{suite.name}: ended with an error although its tests passed")
    return found


def _count_junit(suite: Suite, output: str, passed: bool) -> Results:
    found = results.from_junit(suite.report)
    if not passed and not found.failures:
        found.failures.append(f"{suite.name}: ended with an error although its tests passed")
    return found


def _count_fuzzers(suite: Suite, output: str, passed: bool) -> Results:
    clean = re.findall(r"^(fuzz_\w+): no fault", output, re.MULTILINE)
    faults = re.findall(r"^(fuzz_\w+): FAILED", output, re.MULTILINE)
    if (not passed and not faults) or not clean + faults:
        faults.append(f"{suite.name} could not run")
    return Results(len(clean), passes=clean, failures=faults, figures=results.figures_of(output))


def _check(name: str, what: str, *command: str, **settings: object) -> Suite:
    """A check that is one test: its exit status says how it went."""
    return Suite(name, what, list(command), _count_one, **settings)  # type: ignore[arg-type]


def _ctest(name: str, what: str, preset: str, *arguments: str, **settings: object) -> Suite:
    suite = Suite(name, what, [], _count_junit, preset=preset, **settings)  # type: ignore[arg-type]
    suite.command = ["ctest", "--test-dir", str(BUILD / preset), "--output-on-failure"]
    suite.command += ["--parallel", JOBS, "--timeout", "120", "--no-tests=error"]
    suite.command += ["--test-output-size-passed", "1000000", "--output-junit", str(suite.report)]
    suite.command += arguments
    # cmocka then reports each test of a program, and not only the program.
    suite.environment = {"CMOCKA_MESSAGE_OUTPUT": "TAP", **suite.environment}
    return suite


def _pytest(name: str, what: str, *arguments: str, **settings: object) -> Suite:
    suite = Suite(name, what, [], _count_junit, **settings)  # type: ignore[arg-type]
    suite.command = [str(VENV / "pytest"), "-q", "-p", "no:cacheprovider", "--junitxml"]
    suite.command += [str(suite.report), "-o", "junit_logging=system-out", *arguments]
    return suite


def _schemas(name: str, what: str, when: When, every: str) -> Suite:
    program = BUILD / "release" / "tests" / "schema" / "schema-proof"
    command = ["tests/schema/run", str(program), str(BUILD / "schemas"), every]
    limit = 1800 if when == When.NORMAL else 7200
    return Suite(name, what, command, _count_tap, when, preset="release", limit=limit)


_RELEASE = BUILD / "release"
_PYTHON = {
    "PYTHONPATH": str(ROOT / "bindings" / "python"),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYGRPC_LIBRARY": str(_RELEASE / "libpygrpc.so.0"),
    "PYGRPC_TEST_SERVER": str(_RELEASE / "tests" / "server" / "pygrpc-test-server"),
}


def _command(preset: str) -> dict[str, str]:
    return {
        "PYGRPC_COMMAND": str(BUILD / preset / "cli" / "pygrpc"),
        "PYGRPC_TEST_SERVER": _PYTHON["PYGRPC_TEST_SERVER"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }


# Tests of what happens without memory ask for more than there is.
_ASAN = {
    "ASAN_OPTIONS": "allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}

SUITES = [
    _check("format", "clang-format over C and C++", "scripts/format", "--check"),
    _check("shellcheck", "shellcheck over the scripts", "scripts/lint-scripts"),
    _check("ruff", "ruff over Python", str(VENV / "ruff"), "check", "."),
    _check("ruff-format", "the format of Python", str(VENV / "ruff"), "format", "--check", "."),
    _check("mypy", "the types of Python", "scripts/lint-types"),
    _check(
        "rubocop",
        "rubocop over Ruby",
        "rubocop",
        "--cache=false",
        "--config=bindings/ruby/.rubocop.yml",
        "bindings/ruby",
        "bench/bindings/ruby",
    ),
    _check(
        "generated",
        "what is generated from the header, for the bindings",
        "scripts/generate-bindings",
        "--check",
    ),
    _pytest(
        "driver", "this driver, and that of the bindings", "scripts/testing", "scripts/bindings"
    ),
    _pytest("tree", "the rules of the source tree", "tests/tree"),
    _ctest(
        "release",
        "unit, C, ABI, install and conformance tests",
        "release",
        "--label-exclude",
        "valgrind|planted",
    ),
    _pytest(
        "python",
        "the Python binding",
        "bindings/python",
        preset="release",
        environment=_PYTHON,
    ),
    _pytest(
        "coexistence",
        "one Python process with other users of gRPC and protobuf",
        "tests/coexistence/test_python.py",
        when=When.NORMAL,
        preset="release",
        environment=_PYTHON,
        limit=1800,
    ),
    _pytest(
        "coexistence-long",
        "the same with the large ones, such as TensorFlow",
        "tests/coexistence/test_python_long.py",
        when=When.LONG,
        preset="release",
        environment=_PYTHON,
        limit=3600,
    ),
    _pytest(
        "command",
        "the command pygrpc, its completions and its manual page",
        "tests/command",
        preset="release",
        environment=_command("release"),
    ),
    _pytest(
        "command-asan",
        "the same under AddressSanitizer, LeakSanitizer and UBSan, save shells and long tables",
        "tests/command/test_call.py",
        "tests/command/test_introspection.py",
        "tests/command/test_usage.py",
        "-k",
        "not exit_status and not several_names and not any_size and not wrong_usage",
        when=When.NORMAL,
        preset="asan",
        environment={
            **_command("asan"),
            **_ASAN,
            "LSAN_OPTIONS": f"suppressions={ROOT}/tests/capi/lsan.supp:print_suppressions=0",
        },
    ),
    Suite(
        "bindings",
        "the contract of all bindings, and their table",
        ["scripts/test-bindings", "--check"],
        _count_tap,
        when=When.NORMAL,
        preset="release",
        limit=5400,
    ),
    _pytest(
        "readme",
        "what the README tells to do",
        "tests/readme",
        preset="release",
        environment=_PYTHON,
    ),
    _check(
        "tidy",
        "clang-tidy over the library",
        "scripts/tidy",
        when=When.NORMAL,
        preset="release",
        limit=1800,
    ),
    _check(
        "tidy-analyzer",
        "the same with clang's static analyzer",
        "scripts/tidy",
        "--analyzer",
        when=When.LONG,
        preset="release",
        limit=3600,
    ),
    _check("cppcheck", "cppcheck over all C and C++", "scripts/cppcheck", when=When.NORMAL),
    _ctest(
        "asan",
        "the same under AddressSanitizer, LeakSanitizer and UBSan",
        "asan",
        "--label-exclude",
        "abi|install|planted",
        when=When.NORMAL,
        environment=_ASAN,
        limit=2400,
    ),
    _ctest(
        "tsan",
        "the C tests under ThreadSanitizer",
        "tsan",
        "--label-regex",
        "capi",
        when=When.NORMAL,
        limit=2400,
    ),
    _ctest(
        "valgrind",
        "the C tests under valgrind",
        "release",
        "--label-regex",
        "valgrind",
        when=When.LONG,
        limit=7200,
    ),
    _ctest(
        "faults-long",
        "streams too are cut at each byte",
        "release",
        "--tests-regex",
        "^faults.cut$",
        when=When.LONG,
        environment={"PYGRPC_TEST_LONG": "1"},
        limit=1200,
    ),
    _ctest(
        "soak-long",
        "five minutes of mixed calls, after which nothing has grown",
        "release",
        "--tests-regex",
        "^capi.soak$",
        when=When.LONG,
        environment={"PYGRPC_TEST_SOAK_SECONDS": "300"},
        limit=1200,
    ),
    _schemas("schemas", "schemas of all .proto files that others ship", When.NORMAL, "40"),
    _schemas("schemas-long", "the same, every symbol and every message", When.LONG, "1"),
    Suite(
        "fuzz",
        "fuzzers of all that takes bytes or text, a short run",
        ["scripts/fuzz", "--short"],
        _count_fuzzers,
        when=When.NORMAL,
        limit=1800,
    ),
    Suite(
        "fuzz-long",
        "the same for five minutes each",
        ["scripts/fuzz", "--minutes", "5"],
        _count_fuzzers,
        when=When.LONG,
        limit=7200,
    ),
    _pytest(
        "planted",
        "planted faults, which the others have to find",
        "tests/planted",
        "--ignore=tests/planted/test_remedies.py",
        when=When.NORMAL,
        preset="release",
        limit=1800,
    ),
    _pytest(
        "remedies",
        "remedies that are taken out, which a test has to miss",
        "tests/planted/test_remedies.py",
        when=When.LONG,
        preset="release",
        limit=3600,
    ),
    # The last, for it looks at what the others found.
    _check(
        "reliability",
        "what docs/reliability.md promises, by this run",
        "scripts/generate-reliability-page",
        "--check",
        when=When.NORMAL,
    ),
]
