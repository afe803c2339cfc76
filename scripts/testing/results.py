# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts tests from what the test tools themselves report."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

_TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.MULTILINE)
_TAP_LINE = re.compile(r"^(not )?ok\b[ \t]*\d*(.*)$", re.MULTILINE)
# What a test says that it measured: "# figure: growth after 10,000 cancels = 0.12 MiB".
_FIGURE = re.compile(r"^\s*# figure: (.+?) = (-?[\d.,]+(?: .*)?)$", re.MULTILINE)
_CONFORMANCE = re.compile(
    r"(\d+) successes, (\d+) skipped, \d+ expected failures, (\d+) unexpected failures"
)


class ReportError(Exception):
    """A report that is missing, or is not what its tool writes."""


DETAIL = 25  # lines of a failed test's output to keep


@dataclass
class Results:
    passed: int = 0
    skipped: int = 0
    passes: list[str] = field(default_factory=list)  # the names of those that have one
    failures: list[str] = field(default_factory=list)  # names
    figures: dict[str, str] = field(default_factory=dict)  # what was measured, by name
    details: dict[str, str] = field(
        default_factory=dict
    )  # the last output of some of them, by name

    @property
    def failed(self) -> int:
        return len(self.failures)

    def add(self, other: "Results") -> None:
        self.passed += other.passed
        self.skipped += other.skipped
        self.passes += other.passes
        self.failures += other.failures
        self.figures.update(other.figures)
        self.details.update(other.details)

    def succeed(self, name: str) -> None:
        self.passed += 1
        self.passes.append(name)

    def fail(self, name: str, output: str = "") -> None:
        self.failures.append(name)
        self.keep_detail(name, output)

    def keep_detail(self, name: str, output: str) -> None:
        if output.strip():
            self.details[name] = "\n".join(output.strip("\n").splitlines()[-DETAIL:])

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def one(name: str, passed: bool, output: str = "") -> Results:
    results = Results(figures=figures_of(output))
    if passed:
        results.succeed(name)
    else:
        results.fail(name, output)
    return results


def figures_of(output: str) -> dict[str, str]:
    return {name: value.strip() for name, value in _FIGURE.findall(output)}


def from_tap(text: str, name: str = "") -> Results:
    """Counts the lines of the Test Anything Protocol; what was planned and did not run failed."""
    results = Results(figures=figures_of(text))
    lines = _TAP_LINE.findall(text)
    for number, (negated, rest) in enumerate(lines, start=1):
        if re.search(r"# *skip", rest, re.IGNORECASE):
            results.skipped += 1
        elif negated:
            results.fail(f"{name}: {rest.strip(' -') or number}".removeprefix(": "))
        else:
            results.succeed(f"{name}.{rest.strip(' -')}".removeprefix("."))
    planned = sum(int(count) for count in _TAP_PLAN.findall(text))
    if planned == 0:
        raise ReportError(f"{name or 'the output'} has no TAP plan")
    for number in range(len(lines) + 1, planned + 1):
        results.fail(f"{name}: test {number} of {planned} did not run".removeprefix(": "))
    if results.failures:
        # Which lines belong to which test cannot be told: programs mix two streams.
        telling = [line for line in text.splitlines() if not line.startswith(("ok ", "1.."))]
        results.keep_detail(results.failures[0], "\n".join(telling))
    return results


def _from_output(name: str, output: str, passed: bool) -> Results:
    """Counts one program: what it reports of itself in its output, else the program as one test."""
    results = Results()
    conformance = _CONFORMANCE.search(output)
    if conformance:
        successes, skipped, unexpected = map(int, conformance.groups())
        results = Results(successes, skipped)
        if passed and not unexpected:
            results.passes.append(name)
        for _ in range(unexpected):
            results.fail(f"{name}: a conformance test", output)
    elif _TAP_PLAN.search(output):
        results = from_tap(output, name)
    else:
        return one(name, passed, output)
    if not passed and not results.failures:
        results.fail(f"{name}: ended with an error although its tests passed", output)
    return results


def from_junit(path: Path) -> Results:
    """Counts a JUnit file as pytest and ctest write it."""
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        raise ReportError(f"{path}: {error}") from error
    if not cases:
        raise ReportError(f"{path} holds no test")
    results = Results()
    for case in cases:
        name = case.get("name", "")
        group = case.get("classname", "")
        if group and group != name:
            name = f"{group}.{name}"
        if case.find("skipped") is not None:
            results.skipped += 1
            continue
        faults = [*case.findall("failure"), *case.findall("error")]
        # pytest tells all in the fault, ctest in the output.
        output = "\n".join(
            [case.findtext("system-out") or "", *(each.text or "" for each in faults)]
        )
        results.add(_from_output(name, output, not faults))
    return results
