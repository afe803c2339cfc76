# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over the library's sources; started by scripts/tidy.

A file that passed is not looked at again until its text, a header of the project that it includes,
its compile command or the settings change. The static analyzer, which takes most of the time, runs
with --analyzer only. Files that are named are the only ones that are checked.
"""

import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build" / "release"
PASSED = ROOT / "build" / "tidy"
CLANG_TIDY = "clang-tidy-14"
LAYERS = ("src", "capi", "cli")
WITHOUT_ANALYZER = "--checks=-clang-analyzer-*"


def included(command: str, directory: str) -> list[Path]:
    """The file of a compile command and what it includes of the project, by the compiler's word."""
    arguments = [word for word in command.split() if not word.endswith("ccache")]
    output = arguments.index("-o")
    del arguments[output : output + 2]
    listing = subprocess.run(
        [*arguments, "-MM"], cwd=directory, capture_output=True, text=True, check=True
    ).stdout
    words = listing.replace("\\\n", " ").split()[1:]
    paths = {(Path(directory) / word).resolve() for word in words}
    return sorted(path for path in paths if path.is_relative_to(ROOT))


def key_of(entry: dict[str, str], settings: bytes, options: list[str]) -> str:
    """A name for everything that clang-tidy's verdict on a file depends on."""
    digest = hashlib.sha256(settings + " ".join([entry["command"], *options]).encode())
    for path in included(entry["command"], entry["directory"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check(entry: dict[str, str], settings: bytes, options: list[str]) -> str:
    """Checks a file; what clang-tidy finds, or nothing."""
    mark = PASSED / key_of(entry, settings, options)
    if mark.exists():
        return ""
    result = subprocess.run(
        [CLANG_TIDY, "-p", str(RELEASE), "--quiet", *options, entry["file"]],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        mark.touch()
        return ""
    return result.stdout or result.stderr


def main() -> int:
    options = [] if "--analyzer" in sys.argv[1:] else [WITHOUT_ANALYZER]
    named = {ROOT / word for word in sys.argv[1:] if not word.startswith("-")}
    by_file: dict[str, dict[str, str]] = {}  # the tests compile some files once more
    for entry in json.loads((RELEASE / "compile_commands.json").read_text()):
        file = Path(entry["file"]).relative_to(ROOT)
        if file.parts[0] in LAYERS and file.suffix != ".S":
            by_file.setdefault(entry["file"], entry)
    entries = [entry for file, entry in by_file.items() if not named or Path(file) in named]
    if not entries:
        sys.exit("tidy: build/release/compile_commands.json names none of these files")
    PASSED.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    settings = (ROOT / ".clang-tidy").read_bytes() + version
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        findings = list(workers.map(lambda entry: check(entry, settings, options), entries))
    print("".join(findings), end="")
    print(f"{len(entries)} files, {sum(map(bool, findings))} with findings")
    return 1 if any(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
