# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the test suites; started by scripts/test."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time

import reliability
import results
from results import Results
from suites import BUILD, JOBS, LOGS, ROOT, SUITES, Suite, When

# What to build of a preset, where that is not everything.
TARGETS = {"tsan": ["tests/capi/all", "tests/faults/all", "tests/planted/all"]}

TAIL = 60  # lines of a failed suite's log to show


def run(
    command: list[str], log_name: str, limit: int, environment: dict[str, str]
) -> tuple[bool, str]:
    """Runs a command, its output to a log; says whether it ended with 0, and what it printed.

    It has a session of its own, so that nothing it has started survives it.
    """
    log = LOGS / log_name
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = -1
            output.write(f"\nstopped after {limit} s\n".encode())
        finally:
            with contextlib.suppress(ProcessLookupError):  # nothing was left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return status == 0, log.read_text(errors="replace")


def show_tail(log_name: str, text: str) -> None:
    print(f"    the end of build/logs/{log_name}:")
    for line in text.splitlines()[-TAIL:]:
        print(f"    {line}")
    sys.stdout.flush()


def build(preset: str) -> bool:
    """Builds a preset; prints how that went."""
    began = time.monotonic()
    print(f"build {preset:13}", end="", flush=True)
    log_name = f"build-{preset}.log"
    # Said each time: the build folder may have been made for less, by scripts/demo or by hand.
    parts = ["TESTS", "BENCH", "EXAMPLES", "TEST_VALGRIND"] if preset == "release" else ["TESTS"]
    switches = [f"-DPYGRPC_{part}=ON" for part in parts]
    # Objects are the same wherever the tree is: tests/planted builds a copy of it.
    environment = {"CCACHE_BASEDIR": str(ROOT)}
    ok, text = run(["cmake", "--preset", preset, *switches], log_name, 300, environment)
    if ok:
        command = ["cmake", "--build", str(BUILD / preset), "--parallel", JOBS]
        command += ["--target", *TARGETS.get(preset, ["all"])]
        ok, text = run(command, log_name, 3600, environment)
    print(f"{'done' if ok else 'FAILED'} ({time.monotonic() - began:.0f} s)", flush=True)
    if not ok:
        show_tail(log_name, text)
    return ok


def run_suite(suite: Suite) -> Results:
    """Runs a suite; prints how that went. What could not run has failed."""
    began = time.monotonic()
    print(f"{suite.name:19}", end="", flush=True)
    suite.report.unlink(missing_ok=True)
    suite.outcome.unlink(missing_ok=True)
    text = ""
    try:
        passed, text = run(suite.command, suite.log.name, suite.limit, suite.environment)
        found = suite.count(suite, text, passed)
    except (results.ReportError, OSError) as error:
        found = Results(failures=[f"{suite.name} could not run: {error}"])
    reliability.keep(suite, found)
    print(f"{found} ({time.monotonic() - began:.0f} s)", flush=True)
    if found.failures:
        for name in found.failures:
            print(f"  FAILED {name}")
            print(
                "".join(f"    {line}\n" for line in found.details.get(name, "").splitlines()),
                end="",
            )
        if not found.details:
            show_tail(suite.log.name, text)
        print(f"  all of it is in {suite.log.relative_to(ROOT)}", flush=True)
    return found


def select(arguments: argparse.Namespace) -> list[Suite]:
    if arguments.suites:
        by_name = {suite.name: suite for suite in SUITES}
        unknown = [name for name in arguments.suites if name not in by_name]
        if unknown:
            sys.exit(f"scripts/test: no suite {unknown[0]}; there are: {' '.join(by_name)}")
        return [by_name[name] for name in arguments.suites]
    wanted = {When.QUICK}
    if not arguments.quick:
        wanted.add(When.NORMAL)
    if arguments.long:
        wanted.add(When.LONG)
    return [suite for suite in SUITES if suite.when in wanted]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true")
    length.add_argument("--long", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    arguments = parser.parse_args()
    if arguments.list:
        for suite in SUITES:
            print(f"{suite.name:14}{suite.when.value:8}{suite.what}")
        return 0

    selected = select(arguments)
    LOGS.mkdir(parents=True, exist_ok=True)
    if not arguments.suites:  # what the page on reliability says is of one run
        for suite in SUITES:
            suite.outcome.unlink(missing_ok=True)
    built: dict[str, bool] = {"": True}
    total = Results()
    for suite in selected:
        # The sanitizer presets use the release preset's server.
        for preset in dict.fromkeys(["release", suite.preset] if suite.preset else []):
            if preset not in built:
                built[preset] = build(preset)
                if not built[preset]:
                    total.failures.append(f"build of {preset}")
        if built[suite.preset] and (not suite.preset or built["release"]):
            total.add(run_suite(suite))
        else:
            total.failures.append(f"{suite.name} could not run: its build failed")
    if total.failures:
        print("\nfailed:")
        for name in total.failures:
            print(f"  {name}")
        print()
    print(total)
    return 1 if total.failures else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell starts what runs in the background with SIGINT ignored, which tests would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
