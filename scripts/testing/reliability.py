# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/reliability.md: what pygrpc promises, which test proves it, what that measured.

Run as scripts/generate-reliability-page. The promises are in tests/promises.json; what became of
the tests, and the figures that they printed, is what the last run of scripts/test left in
build/logs.
"""

import argparse
import difflib
import json
import os
import platform
import re
import sys
from dataclasses import dataclass, field

from results import Results
from suites import ROOT, SUITES, Suite, When

PROMISES = ROOT / "tests" / "promises.json"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN = "<!-- Written by scripts/generate-reliability-page; do not edit. -->\n"
END = "<!-- The end of what scripts/generate-reliability-page writes. -->\n"
NO_FIGURE = "not measured yet"

_MACHINE = re.compile(r"^The figures are of (.+)\.$", re.MULTILINE)
_ROW = re.compile(r"^\| .* \| `([^`]+)` \(([^|,)]*)[^|]*\) \| (.*) \|$", re.MULTILINE)

Figures = dict[tuple[str, str, str], str]  # by suite, test and name


class PromiseError(Exception):
    """Promises that are not what they should be, or that were not kept."""


@dataclass
class Promise:
    area: str
    promise: str  # a sentence
    suite: str
    test: str
    figures: list[str] = field(default_factory=list)  # names


@dataclass
class Outcome:
    """What became of a suite."""

    passes: set[str]
    failures: list[str]
    figures: dict[str, str]

    def passed(self, suite: str, test: str) -> bool:
        return test in self.passes or f"{suite}.{test}" in self.passes


def keep(suite: Suite, results: Results) -> None:
    """Leaves what became of a suite for the page."""
    kept = {
        "passes": results.passes,
        "failures": results.failures,
        "figures": results.figures,
    }
    suite.outcome.write_text(json.dumps(kept, indent=1))


def read_outcomes(suites: list[Suite]) -> dict[str, Outcome]:
    outcomes = {}
    for suite in suites:
        if suite.outcome.exists():
            kept = json.loads(suite.outcome.read_text())
            outcomes[suite.name] = Outcome(set(kept["passes"]), kept["failures"], kept["figures"])
    return outcomes


def read_promises(text: str, suites: list[Suite]) -> list[Promise]:
    known = {suite.name for suite in suites}
    promises = []
    for row in json.loads(text):
        try:
            promise = Promise(**row)
        except TypeError as error:
            raise PromiseError(f"not a row of promises: {row}") from error
        if promise.suite not in known:
            raise PromiseError(f"{promise.test}: there is no suite {promise.suite}")
        if "|" in promise.promise or "`" in promise.test:
            raise PromiseError(f"{promise.test}: neither | nor ` may be in a row")
        promises.append(promise)
    if not promises:
        raise PromiseError("there is no promise")
    return promises


def broken(promises: list[Promise], suites: list[Suite], outcomes: dict[str, Outcome]) -> list[str]:
    """What speaks against the promises: tests that failed or did not run, figures that lack."""
    when = {suite.name: suite.when for suite in suites}
    faults = []
    for promise in promises:
        outcome = outcomes.get(promise.suite)
        where = f"{promise.suite}: {promise.test}"
        if outcome is None:
            if when[promise.suite] != When.LONG:
                faults.append(f"{where}: the suite did not run")
        elif not outcome.passed(promise.suite, promise.test):
            named = [name for name in outcome.failures if promise.test.split(".")[-1] in name]
            faults.append(f"{where}: {'failed' if named else 'there was no such test'}")
        else:
            faults += [
                f"{where}: printed no figure {name!r}"
                for name in promise.figures
                if name not in outcome.figures
            ]
    return faults


def measured(promises: list[Promise], outcomes: dict[str, Outcome]) -> Figures:
    return {
        (promise.suite, promise.test, name): outcomes[promise.suite].figures[name]
        for promise in promises
        if promise.suite in outcomes
        for name in promise.figures
        if name in outcomes[promise.suite].figures
    }


def machine() -> str:
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{os.cpu_count()} cores, {system}"


def render(
    promises: list[Promise], suites: list[Suite], figures: Figures, machine_line: str
) -> str:
    is_long = {suite.name for suite in suites if suite.when == When.LONG}
    lines = [f"The figures are of {machine_line}.", ""]
    for area in dict.fromkeys(promise.area for promise in promises):
        lines += [f"### {area}", "", "| promise | test (suite) | figures |", "|---|---|---|"]
        for promise in promises:
            if promise.area == area:
                suite = f"{promise.suite}, --long" if promise.suite in is_long else promise.suite
                values = [
                    (name, figures.get((promise.suite, promise.test, name), NO_FIGURE))
                    for name in promise.figures
                ]
                cells = [f"{name}: {value}" for name, value in values]
                lines.append(
                    f"| {promise.promise} | `{promise.test}` ({suite}) | {'<br>'.join(cells)} |"
                )
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def read_page(text: str) -> tuple[str, str, str, Figures, str]:
    """A page: before the table, the table, after it; the table's figures, and its machine."""
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    figures = {}
    for test, suite, cell in _ROW.findall(table):
        for figure in filter(None, cell.split("<br>")):
            name, _, value = figure.rpartition(": ")
            figures[suite, test, name] = value
    found = _MACHINE.search(table)
    return before, table, after, figures, found[1] if found else ""


def differences(page: str, promises: list[Promise], suites: list[Suite]) -> list[str]:
    """How the page differs from the promises in anything but the values of the figures."""
    _, table, _, figures, machine_line = read_page(page)
    wanted = "\n" + render(promises, suites, figures, machine_line or "some machine")
    return list(
        difflib.unified_diff(
            table.splitlines(), wanted.splitlines(), "as it is", "wanted", lineterm="", n=0
        )
    )


def write(page: str, promises: list[Promise], suites: list[Suite], figures: Figures) -> str:
    """The page with new figures; those that were not measured again stay."""
    before, _, after, old, _ = read_page(page)
    table = render(promises, suites, {**old, **figures}, machine())
    return f"{before}{BEGIN}\n{table}{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/generate-reliability-page")
    parser.add_argument("--check", action="store_true", help="change nothing, say what is wrong")
    check = parser.parse_args().check
    try:
        promises = read_promises(PROMISES.read_text(), SUITES)
    except (PromiseError, json.JSONDecodeError) as error:
        sys.exit(f"tests/promises.json: {error}")
    outcomes = read_outcomes(SUITES)
    page = PAGE.read_text()
    faults = broken(promises, SUITES, outcomes)
    if not check:
        PAGE.write_text(write(page, promises, SUITES, measured(promises, outcomes)))
    if check and (stale := differences(page, promises, SUITES)):
        faults += ["docs/reliability.md: run scripts/test, then scripts/generate-reliability-page"]
        faults += stale
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
