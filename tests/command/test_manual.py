# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The manual page: that it is today's, that it is well formed, and that it names everything."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "cli" / "pygrpc.1"


def output_of(*command: str | Path) -> str:
    """What a program prints that has to succeed, and to say nothing on standard error."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    return result.stdout


@pytest.fixture(scope="module")
def words() -> set[str]:
    """The words of the page as one reads it."""
    text = output_of("mandoc", "-Tutf8", "-Owidth=200", PAGE)
    return set(re.findall(r"[\w-]+", re.sub(".\x08", "", text)))  # bold letters are struck twice


def test_the_page_is_what_the_command_says(command: Path) -> None:
    """If not: scripts/generate-manual-page."""
    assert output_of(command, "__manual") == PAGE.read_text()


def test_mandoc_finds_no_fault() -> None:
    assert output_of("mandoc", "-Tlint", PAGE) == ""


def test_man_has_no_warning() -> None:
    assert "NAME" in output_of("man", "--warnings=w", "-E", "UTF-8", "-P", "cat", "-l", PAGE)


def test_every_command_and_every_flag_is_in_it(command: Path, words: set[str]) -> None:
    summary = output_of(command, "--help").partition("Commands:")[2].partition("\n\n")[0]
    commands = re.findall(r"^  (\w+) ", summary, re.M)
    assert len(commands) > 10
    for name in commands:
        flags = re.findall(r"^  (?:-\w, )?(--[\w-]+)", output_of(command, name, "--help"), re.M)
        assert {name, *flags} <= words | {"--help"}


def test_every_help_ends_with_two_examples(command: Path) -> None:
    summary = output_of(command, "--help").partition("Commands:")[2].partition("\n\n")[0]
    for name in re.findall(r"^  (\w+) ", summary, re.M):
        examples = output_of(command, name, "--help").partition("\nExamples:\n")[2]
        assert len(re.findall(r"^    \S.*pygrpc |^    pygrpc ", examples, re.M)) == 2, name
