# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the contract of each binding, and writes the table of docs/bindings.md.

Run as scripts/test-bindings. What it expects of a binding is in bindings/README.md.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import table
from certificates import TlsServers
from table import Language

ROOT = Path(__file__).resolve().parents[2]
BINDINGS = ROOT / "bindings"
LIMIT = 900  # seconds for one language

_LINE = re.compile(r"(not )?ok\b\s*\d*\s*-?\s*(\S*)(?:\s*#\s*SKIP\s*(.*))?", re.IGNORECASE)
_NO_RUNTIME = re.compile(r"1\.\.0\s*#\s*SKIP\s*(.*)", re.IGNORECASE)


@dataclass
class Report:
    """The TAP of one language."""

    passed: list[str] = field(default_factory=list)
    failed: dict[str, list[str]] = field(default_factory=dict)  # and what it said of each
    skipped: dict[str, str] = field(default_factory=dict)  # and why
    missing_runtime: str = ""


def parse(text: str) -> Report:
    report = Report()
    failing: list[str] | None = None
    for line in text.splitlines():
        if no_runtime := _NO_RUNTIME.fullmatch(line):
            report.missing_runtime = no_runtime[1] or "its runtime is missing"
        elif line.startswith("#") and failing is not None:
            failing.append(line)
        elif found := _LINE.match(line):
            failing = None
            negated, name, reason = found.groups()
            if reason is not None:
                report.skipped[name] = reason
            elif negated:
                failing = report.failed.setdefault(name, [])
            else:
                report.passed.append(name)
    return report


def complete(report: Report, names: list[str], status: int) -> None:
    """Counts as failed what did not run, ran twice, or was skipped without a reason."""
    for name in names:
        count = report.passed.count(name) + (name in report.failed) + (name in report.skipped)
        if count == 0:
            report.failed[name] = ["# did not run"]
        elif count > 1:
            report.failed.setdefault(name, []).append("# was reported more than once")
        if report.skipped.get(name) == "":
            del report.skipped[name]
            report.failed[name] = ["# was skipped without a reason"]
    if status != 0 and not report.failed:
        report.failed["contract"] = [f"# ended with {status} although its tests passed"]


class Server:
    """The test server, and what else the languages share, in folders of the build."""

    def __init__(self, build: Path, scratch: Path) -> None:
        self.build = build
        self.scratch = scratch
        self.shared = build / "bindings"
        self.shared.mkdir(exist_ok=True)
        self.program = build / "tests" / "server" / "pygrpc-test-server"
        if not self.program.exists():
            sys.exit(f"scripts/test-bindings: {self.program} is not built")
        self.process = subprocess.Popen(
            [str(self.program), "--port", "0", "--die-with-parent"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = self.process.stdout.readline().strip()
        self.tls: TlsServers | None = None

    def close(self) -> None:
        if self.tls is not None:
            self.tls.close()
        self.process.kill()
        self.process.communicate()

    def prepare(self) -> None:
        """Installs the library, makes one that is too old, and fills in the scenarios."""
        self.tls = TlsServers(self.program, self.scratch / "tls")
        scenarios = self.tls.fill_in((BINDINGS / "scenarios.json").read_text())
        (self.scratch / "scenarios.json").write_text(scenarios)
        prefix = self.shared / "prefix"
        shutil.rmtree(prefix, ignore_errors=True)
        install = ["cmake", "--install", str(self.build), "--prefix", str(prefix)]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(self.shared / "libold.so")],
            input="int pygrpc_abi_version(void) { return 0; }\n",
            text=True,
            check=True,
        )

    def environment(self, language: str) -> dict[str, str]:
        prefix = self.shared / "prefix"
        own = self.shared / language
        own.mkdir(exist_ok=True)
        (pkgconfig,) = prefix.glob("**/pygrpc.pc")
        variables = {
            "PYGRPC_LIBRARY": str(self.build / "libpygrpc.so.0"),
            "PYGRPC_TEST_TARGET": f"localhost:{self.port}",
            "PYGRPC_TEST_PORT": self.port,
            "PYGRPC_TEST_SERVER": str(self.program),
            "PYGRPC_PROTO_PATH": str(ROOT / "protos"),
            "PYGRPC_SCENARIOS": str(self.scratch / "scenarios.json"),
            "PYGRPC_CONTRACT": str(BINDINGS / "contract.json"),
            "PYGRPC_OLD_LIBRARY": str(self.shared / "libold.so"),
            "PYGRPC_PREFIX": str(prefix),
            "PYGRPC_BUILD": str(own),
            "PKG_CONFIG_PATH": str(pkgconfig.parent),
            "CMAKE_PREFIX_PATH": str(prefix),
            "TMPDIR": str(self.scratch),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        tools = ROOT / "build" / "venv" / "bin"
        if tools.is_dir():
            variables["PATH"] = f"{tools}:{os.environ['PATH']}"
        return {**os.environ, **variables}


@contextlib.contextmanager
def running_server(build: Path) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="pygrpc-") as scratch:
        server = Server(build, Path(scratch))
        try:
            server.prepare()
            yield server
        finally:
            server.close()


def run(server: Server, language: str, names: list[str]) -> tuple[int, str]:
    """Runs a language's contract; its exit status and what it printed."""
    log = server.shared / f"{language}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [str(BINDINGS / language / "contract"), *names],
            cwd=server.scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            env=server.environment(language),
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\nnot ok - contract\n# stopped after {LIMIT} s\n"
        finally:
            with contextlib.suppress(ProcessLookupError):  # nothing was left
                os.killpg(process.pid, signal.SIGKILL)
    with log.open("a") as everything:
        everything.write(output)
    return process.returncode, output


class Tap:
    """Prints the lines of all languages as one."""

    def __init__(self) -> None:
        self.count = 0
        self.failed = 0

    def line(self, name: str, passed: bool, comments: list[str], skip: str = "") -> None:
        self.count += 1
        self.failed += not passed
        reason = f" # SKIP {skip}" if skip else ""
        print(f"{'ok' if passed else 'not ok'} {self.count} - {name}{reason}")
        for comment in comments:
            print(comment)

    def report(self, language: str, report: Report) -> None:
        for name in report.passed:
            self.line(f"{language}: {name}", True, [])
        for name, reason in report.skipped.items():
            self.line(f"{language}: {name}", True, [], reason)
        for name, comments in report.failed.items():
            self.line(f"{language}: {name}", False, comments)
        sys.stdout.flush()


def languages() -> list[str]:
    return sorted(path.parent.name for path in BINDINGS.glob("*/contract"))


def points_of_tests() -> dict[str, list[int]]:
    """The points of each test and scenario, by its name."""
    contract = json.loads((BINDINGS / "contract.json").read_text())
    scenarios = json.loads((BINDINGS / "scenarios.json").read_text())
    points = {each["name"]: each["points"] for each in scenarios}
    points.update({each["name"]: [each["point"]] for each in contract["tests"]})
    if len(points) != len(contract["tests"]) + len(scenarios):
        sys.exit("scripts/test-bindings: two tests have one name")
    return points


def is_required() -> bool:
    return bool(os.environ.get("CI") or os.environ.get("PYGRPC_REQUIRE_ALL"))


def column(report: Report, points: dict[str, list[int]]) -> Language:
    """What the table says of a language."""
    result = Language()
    for name, numbers in points.items():
        for number in numbers:
            if name in report.failed:
                result.failed.add(number)
            elif name in report.skipped:
                result.skipped.setdefault(number, []).append((name, report.skipped[name]))
            else:
                result.passed.add(number)
    return result


def run_all(arguments: argparse.Namespace) -> int:
    points = points_of_tests()
    tap = Tap()
    columns: dict[str, Language] = {}
    with running_server(arguments.build) as server:
        for language in arguments.languages or languages():
            status, output = run(server, language, arguments.only)
            report = parse(output)
            if report.missing_runtime:
                name = f"{language}: the runtime"
                required = is_required()
                tap.line(name, not required, [], "" if required else report.missing_runtime)
                continue
            complete(report, arguments.only or list(points), status)
            tap.report(language, report)
            columns[language] = column(report, points)
    if not arguments.only:
        difference = table.update(ROOT / "docs" / "bindings.md", columns, arguments.check)
        tap.line("the table of docs/bindings.md", not difference, difference)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


def shell(build: Path) -> int:
    with running_server(build) as server:
        command = [os.environ.get("SHELL", "/bin/sh")]
        return subprocess.run(command, env=server.environment("shell"), check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-bindings", description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", metavar="DIR")
    parser.add_argument("--check", action="store_true", help="do not write the table, compare it")
    parser.add_argument("--shell", action="store_true", help="start a shell with the environment")
    parser.add_argument("--only", action="append", default=[], metavar="TEST", help="repeatable")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE")
    arguments = parser.parse_args()
    unknown = set(arguments.languages) - set(languages())
    if unknown:
        parser.error(f"there is no bindings/{unknown.pop()}/contract")
    arguments.build = arguments.build.resolve()
    return shell(arguments.build) if arguments.shell else run_all(arguments)


if __name__ == "__main__":
    # A shell starts what runs in the background with SIGINT ignored, which tests would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
