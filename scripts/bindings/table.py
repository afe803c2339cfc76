# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/bindings.md: which binding keeps which point of the contract."""

import difflib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN = "<!-- Written by scripts/test-bindings; do not edit. -->\n"
END = "<!-- The end of what scripts/test-bindings writes. -->\n"

TITLES = {
    "cpp": "C++",
    "csharp": "C#",
    "go": "Go",
    "java": "Java",
    "lua": "LuaJIT",
    "node": "Node",
    "perl": "Perl",
    "php": "PHP",
    "python": "Python",
    "ruby": "Ruby",
    "rust": "Rust",
}


@dataclass
class Language:
    """What became of each point, by its number."""

    passed: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    skipped: dict[int, list[tuple[str, str]]] = field(default_factory=dict)  # tests and reasons

    def cell(self, point: int) -> str:
        if point in self.failed:
            return "failed"
        if point in self.passed:
            return "partly" if point in self.skipped else "yes"
        return "n/a"


def _title(language: str) -> str:
    return TITLES.get(language, language)


def _notes(columns: dict[str, Language]) -> dict[str, list[str]]:
    """The reasons, by the language's title; one line for the tests that have one reason."""
    notes: dict[str, list[str]] = {}
    for language, column in columns.items():
        lines: dict[tuple[int, str], list[str]] = {}
        for point, tests in sorted(column.skipped.items()):
            for name, reason in tests:
                lines.setdefault((point, reason), []).append(f"`{name}`")
        notes[_title(language)] = [
            f"- {_title(language)}, {point}: {', '.join(names)}: {reason}"
            for (point, reason), names in lines.items()
        ]
    return notes


def _read(text: str) -> tuple[dict[str, dict[int, str]], dict[str, list[str]]]:
    """The cells and the notes of a table, by the language's title."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]
    if not rows:
        return {}, {}
    titles = rows[0][2:]
    cells = {
        title: {int(row[0]): row[at + 2] for row in rows[1:]} for at, title in enumerate(titles)
    }
    notes: dict[str, list[str]] = {}
    for line in re.findall(r"^- .*$", text, re.MULTILINE):
        notes.setdefault(line[2:].split(",")[0], []).append(line)
    return cells, notes


def render(cells: dict[str, dict[int, str]], notes: dict[str, list[str]]) -> str:
    contract = json.loads((ROOT / "bindings" / "contract.json").read_text())
    titles = sorted(cells)
    lines = ["| | the contract | " + " | ".join(titles) + " |", "|---" * (len(titles) + 2) + "|"]
    for point in contract["points"]:
        row = [cells[title].get(point["number"], "-") for title in titles]
        lines.append(f"| {point['number']} | {point['title']} | " + " | ".join(row) + " |")
    reasons = [line for title in titles for line in notes.get(title, [])]
    if reasons:
        lines += ["", "What does not apply, and why:", "", *reasons]
    return "\n".join(lines) + "\n"


def update(page: Path, columns: dict[str, Language], check: bool) -> list[str]:
    """Writes the columns into the page, or says in comments how it differs from them.

    The columns of languages that did not run stay as they are.
    """
    text = page.read_text()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    cells, notes = _read(old)
    contract = json.loads((ROOT / "bindings" / "contract.json").read_text())
    numbers = [point["number"] for point in contract["points"]]
    for language, column in columns.items():
        cells[_title(language)] = {number: column.cell(number) for number in numbers}
    notes.update(_notes(columns))
    new = "\n" + render(cells, notes) + "\n"
    if check:
        lines = difflib.unified_diff(
            old.splitlines(), new.splitlines(), "as it is", "as the tests say", lineterm="", n=0
        )
        return [f"# {line}" for line in lines]
    page.write_text(before + BEGIN + new + END + after)
    return []
