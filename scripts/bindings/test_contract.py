# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the driver of the bindings' contract, and of what reads the header."""

import argparse
import contextlib
from pathlib import Path

import contract
import header
import pytest
import table
from table import Language

TAP = """\
1..4
ok 1 - unary_unary
not ok 2 - unary_stream
# expected 1
# found 2
ok 3 - load_then_fork # SKIP it cannot fork
ok 4 - another # skip
"""


def test_tap_is_read() -> None:
    report = contract.parse(TAP)
    assert report.passed == ["unary_unary"]
    assert report.failed == {"unary_stream": ["# expected 1", "# found 2"]}
    assert report.skipped == {"load_then_fork": "it cannot fork", "another": ""}
    assert contract.parse("1..0 # SKIP no node here\n").missing_runtime == "no node here"


def test_what_did_not_run_has_failed() -> None:
    report = contract.parse(TAP)
    contract.complete(report, ["unary_unary", "unary_stream", "another", "missing"], 1)
    assert set(report.failed) == {"unary_stream", "another", "missing"}
    report = contract.parse("ok 1 - a\nok 2 - a\n")
    contract.complete(report, ["a"], 0)
    assert report.failed == {"a": ["# was reported more than once"]}
    report = contract.parse("ok 1 - a\n")
    contract.complete(report, ["a"], 3)
    assert report.failed == {"contract": ["# ended with 3 although its tests passed"]}


def test_points_of_a_language() -> None:
    report = contract.parse("ok - a\nok - b # SKIP why\nnot ok - c\nok - d # SKIP why\n")
    column = contract.column(report, {"a": [1], "b": [1, 2], "c": [3], "d": [2]})
    assert [column.cell(point) for point in (1, 2, 3)] == ["partly", "n/a", "failed"]


def page(path: Path) -> str:
    return path.read_text().split(table.BEGIN)[1].split(table.END)[0]


def test_the_table(tmp_path: Path) -> None:
    path = tmp_path / "bindings.md"
    path.write_text(f"before\n{table.BEGIN}{table.END}after\n")
    python = Language(passed={1, 2}, skipped={2: [("a", "why"), ("b", "why")]})
    assert table.update(path, {"python": python}, check=True) != []
    assert page(path) == ""
    assert table.update(path, {"python": python}, check=False) == []
    assert table.update(path, {"python": python}, check=True) == []
    assert "- Python, 2: `a`, `b`: why\n" in page(path)
    # What did not run keeps its column.
    assert table.update(path, {"node": Language(failed={1})}, check=False) == []
    assert table.update(path, {"python": python}, check=True) == []
    lines = page(path).splitlines()
    assert [line.split("|")[-3:] for line in lines[1:5:2]] == [
        [" Node ", " Python ", ""],
        [" failed ", " yes ", ""],
    ]
    assert table.update(path, {"python": Language(passed={1})}, check=True) != []
    assert path.read_text().startswith("before\n")
    assert path.read_text().endswith("after\n")


HEADER = """\
/* ---- First -----*/

/* Of all. */

/* One.
 * Since 0.3. */
int32_t pygrpc_one(pygrpc_client *client, const char *name, const char *text, size_t size,
                   pygrpc_event **events, size_t max, pygrpc_error **error);
"""


def test_the_header_is_read() -> None:
    api = header.parse("#define PYGRPC_ABI_VERSION 3\n" + HEADER)
    assert api["groups"] == [{"name": "First", "doc": "Of all."}]
    (function,) = api["functions"]
    assert (function["name"], function["since"]) == ("pygrpc_one", "0.3")
    assert function["doc"] == "One.\nSince 0.3."
    kinds = [each["kind"] for each in function["parameters"]]
    assert kinds == ["handle", "text", "data", "size", "handles_out", "size", "handle_out"]


@pytest.mark.parametrize(
    "line",
    [
        "int pygrpc_two(void);",
        "int32_t pygrpc_two(long size);",
        "struct pygrpc_two { int32_t size; };",
        "#define PYGRPC_TWO 2",
        "int32_t pygrpc_two(int32_t (*callback)(void));",
    ],
)
def test_what_is_in_no_known_form_is_an_error(line: str) -> None:
    with pytest.raises(header.HeaderError, match=r"pygrpc\.h:10: "):
        header.parse("#define PYGRPC_ABI_VERSION 3\n" + HEADER + line)


@pytest.mark.parametrize(("required", "status"), [("", 0), ("1", 1)])
def test_a_missing_runtime_is_skipped_unless_all_are_required(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    required: str,
    status: int,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYGRPC_REQUIRE_ALL", required)
    monkeypatch.setattr(contract, "running_server", lambda build: contextlib.nullcontext())
    monkeypatch.setattr(contract, "run", lambda *_: (0, "1..0 # SKIP there is no node\n"))
    monkeypatch.setattr(contract, "languages", lambda: ["node"])
    arguments = argparse.Namespace(build=None, languages=[], only=[], check=True)
    assert contract.run_all(arguments) == status
    expected = "not ok 1 - node: the runtime\n"
    if not required:
        expected = "ok 1 - node: the runtime # SKIP there is no node\n"
    assert capsys.readouterr().out.startswith(expected)
