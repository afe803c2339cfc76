# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""When docs/reliability.md holds, and when it does not."""

import json
from pathlib import Path

import pytest
import reliability
from reliability import BEGIN, END, Outcome, PromiseError
from results import one
from suites import Suite, When

SUITES = [
    Suite("release", "", [], lambda *_: one("", True)),
    Suite("soak", "", [], lambda *_: one("", True), When.LONG),
]
PROMISES = reliability.read_promises(
    json.dumps(
        [
            {"area": "B", "promise": "P1.", "suite": "release", "test": "c.a", "figures": ["x"]},
            {"area": "A", "promise": "P2.", "suite": "soak", "test": "s.a", "figures": ["y: z"]},
            {"area": "B", "promise": "P3.", "suite": "release", "test": "c.b"},
        ]
    ),
    SUITES,
)
GOOD = {"release": Outcome({"c.a", "c.b"}, [], {"x": "0.1 MiB"})}
EMPTY = f"before\n{BEGIN}{END}after\n"


def page_with(outcomes: dict[str, Outcome], page: str = EMPTY) -> str:
    return reliability.write(page, PROMISES, SUITES, reliability.measured(PROMISES, outcomes))


def test_the_page_has_a_table_for_each_area() -> None:
    page = page_with(GOOD)
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert page.index("### B") < page.index("| P1.") < page.index("| P3.") < page.index("### A")
    assert "| P1. | `c.a` (release) | x: 0.1 MiB |" in page
    assert "| P2. | `s.a` (soak, --long) | y: z: not measured yet |" in page


def test_only_the_values_of_figures_may_differ() -> None:
    page = page_with(GOOD)
    assert reliability.differences(page, PROMISES, SUITES) == []
    assert reliability.differences(page.replace("0.1 MiB", "0.2 MiB"), PROMISES, SUITES) == []
    for old, new in [("P1.", "P4."), ("c.b", "c.c"), ("x: ", "w: "), ("### A", "### C")]:
        assert reliability.differences(page.replace(old, new), PROMISES, SUITES) != []


def test_figures_of_a_suite_that_did_not_run_stay() -> None:
    page = page_with({**GOOD, "soak": Outcome({"s.a"}, [], {"y: z": "3 s"})})
    assert "| y: z: 3 s |" in page_with(GOOD, page)


def test_promises_are_kept() -> None:
    assert reliability.broken(PROMISES, SUITES, GOOD) == []


@pytest.mark.parametrize(
    ("outcomes", "fault"),
    [
        ({}, "release: c.a: the suite did not run"),
        ({"release": Outcome({"c.b"}, [], {})}, "release: c.a: there was no such test"),
        ({"release": Outcome({"c.b"}, ["c: a"], {})}, "release: c.a: failed"),
        ({"release": Outcome({"c.a", "c.b"}, [], {})}, "release: c.a: printed no figure 'x'"),
        ({**GOOD, "soak": Outcome(set(), [], {})}, "soak: s.a: there was no such test"),
    ],
)
def test_promises_that_are_not_kept(outcomes: dict[str, Outcome], fault: str) -> None:
    assert fault in reliability.broken(PROMISES, SUITES, outcomes)


@pytest.mark.parametrize("row", ['{"area": ""}', '{"a": 1}'])
def test_a_row_that_is_none(row: str) -> None:
    with pytest.raises(PromiseError, match="not a row"):
        reliability.read_promises(f"[{row}]", SUITES)


def test_what_a_suite_found_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suites.LOGS", tmp_path)
    reliability.keep(SUITES[0], one("c.a", True, "# figure: p99 of 5,000 = 1,021.5 ms\n"))
    outcome = reliability.read_outcomes(SUITES)["release"]
    assert outcome.passed("release", "c.a")
    assert not outcome.passed("release", "c.b")
    assert outcome.figures == {"p99 of 5,000": "1,021.5 ms"}
