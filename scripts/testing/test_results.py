# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What counts as passed, failed and skipped."""

from pathlib import Path

import pytest
from results import ReportError, from_junit, from_tap


def write_junit(directory: Path, cases: str) -> Path:
    path = directory / "report.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return path


def test_tap_counts_each_line() -> None:
    found = from_tap("1..4\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no network\nok - d\n", "t")
    assert (found.passed, found.failures, found.skipped) == (2, ["t: b"], 1)
    assert found.passes == ["t.a", "t.d"]


def test_tap_tests_that_did_not_run_have_failed() -> None:
    found = from_tap("1..3\nok 1 - a\n", "crashed")
    assert found.passed == 1
    assert found.failures == [
        "crashed: test 2 of 3 did not run",
        "crashed: test 3 of 3 did not run",
    ]


def test_tap_of_several_groups_adds_up() -> None:
    found = from_tap("1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n")
    assert (found.passed, found.failed) == (3, 0)


def test_tap_without_a_plan_is_no_report() -> None:
    with pytest.raises(ReportError, match="has no TAP plan"):
        from_tap("Segmentation fault\n", "t")


def test_junit_counts_cases(tmp_path: Path) -> None:
    report = write_junit(
        tmp_path,
        '<testcase name="a" classname="a"/>'
        '<testcase name="b" classname="g"><failure/></testcase>'
        '<testcase name="c" classname="g"><error/></testcase>'
        '<testcase name="d" classname="d"><skipped/></testcase>',
    )
    found = from_junit(report)
    assert (found.passed, found.failures, found.skipped) == (1, ["g.b", "g.c"], 1)


def test_junit_counts_what_a_program_says_of_its_tests(tmp_path: Path) -> None:
    report = write_junit(
        tmp_path,
        '<testcase name="c"><system-out>1..2\nok 1 - a\nok 2 - b\n</system-out></testcase>'
        '<testcase name="conformance"><system-out>conformance suite PASSED: 2000 successes, '
        "5 skipped, 0 expected failures, 0 unexpected failures.</system-out></testcase>",
    )
    found = from_junit(report)
    assert (found.passed, found.failed, found.skipped) == (2002, 0, 5)


def test_junit_a_program_that_crashes_at_its_end_has_failed(tmp_path: Path) -> None:
    report = write_junit(
        tmp_path,
        '<testcase name="c"><failure/><system-out>1..1\nok 1 - a\n</system-out></testcase>',
    )
    found = from_junit(report)
    assert found.passed == 1
    assert found.failures == ["c: ended with an error although its tests passed"]


@pytest.mark.parametrize("text", ["", "<testsuites/>", "not XML"])
def test_junit_without_tests_is_no_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.xml"
    path.write_text(text)
    with pytest.raises(ReportError):
        from_junit(path)


def test_junit_a_missing_file_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        from_junit(tmp_path / "none.xml")
