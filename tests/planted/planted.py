# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Plants faults in a copy of the tree, and runs the gates of scripts/test on it."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts" / "testing"))

import suites  # noqa: E402 (found on the path above)

COPY = ROOT / "build" / "planted" / "tree"
LIMIT = 900  # seconds for one command


@dataclass
class Tree:
    """A source tree with build folders, as scripts/test knows it."""

    root: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the tree; its output is one text."""
        return subprocess.run(
            command,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "CCACHE_BASEDIR": str(self.root), **environment},
            timeout=LIMIT,
            check=False,
        )

    def configure(self, preset: str, *settings: str) -> None:
        result = self.run("cmake", "--preset", preset, *settings)
        assert result.returncode == 0, result.stdout

    def build(self, *targets: str, preset: str = "release") -> None:
        """Builds targets; they have to build."""
        folder = f"build/{preset}"
        result = self.run(
            "cmake", "--build", folder, "--parallel", suites.JOBS, "--target", *targets
        )
        assert result.returncode == 0, result.stdout

    def prepare(self, preset: str, *targets: str) -> None:
        """Configures a preset, which may never have been built, and builds targets of it."""
        self.configure(preset)
        self.build(*targets, preset=preset)

    def run_suite(
        self, name: str, selection: str = "", *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a suite of scripts/test; of a suite of ctest, the tests whose names match."""
        suite = next(each for each in suites.SUITES if each.name == name)
        command = [word.replace(str(suites.ROOT), str(self.root)) for word in suite.command]
        if command[0] == "ctest":
            labels = next(at for at, word in enumerate(command) if word.startswith("--label-"))
            command[labels : labels + 2] = ["--tests-regex", selection]
            report = command.index("--output-junit") + 1
            command[report] = str(COPY.parent / f"{name}.xml")
        return self.run(*command, *arguments, **suite.environment)

    def fails(self, name: str, message: str, selection: str = "", *arguments: str) -> None:
        """The suite must fail, and say why: the message is a regular expression."""
        result = self.run_suite(name, selection, *arguments)
        assert result.returncode != 0, f"nothing was found: {result.stdout}"
        assert re.search(message, result.stdout, re.DOTALL), result.stdout

    def passes(self, name: str, selection: str = "", *arguments: str) -> None:
        """The suite must pass: without the fault, the gate is open."""
        result = self.run_suite(name, selection, *arguments)
        assert result.returncode == 0, result.stdout

    @contextlib.contextmanager
    def planted(self, path: str, old: str, new: str) -> Iterator[None]:
        """Replaces a text that must be in the file exactly once, and puts it back at the end."""
        assert self.root == COPY, "faults are planted in the copy only"
        file = self.root / path
        text = file.read_text()
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        file.write_text(text.replace(old, new))
        try:
            yield
        finally:
            file.write_text(text)


def original() -> Tree:
    return Tree(ROOT)


def _listed() -> set[str]:
    """The files of the tree that belong to it, committed or not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listing.split("\0") if name and (ROOT / name).is_file()}


def _synchronize() -> None:
    """Makes the copy's files equal to the tree's; what is equal already stays untouched."""
    listed = _listed()
    present = {
        str(path.relative_to(COPY))
        for path in COPY.rglob("*")
        if path.is_file() and path.relative_to(COPY).parts[0] not in {"build", ".git"}
    }
    for name in present - listed:
        (COPY / name).unlink()
    for name in listed:
        source, target = ROOT / name, COPY / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)


def copy() -> Tree:
    """The copy of the tree, with the library built; its test server is the tree's."""
    COPY.mkdir(parents=True, exist_ok=True)
    _synchronize()
    tree = Tree(COPY)
    (COPY / "build").mkdir(exist_ok=True)
    venv = COPY / "build" / "venv"
    if not venv.exists() and suites.VENV.exists():
        venv.symlink_to(suites.VENV.parent)
    server = suites.BUILD / "release" / "tests" / "server" / "pygrpc-test-server"
    for command in (["init", "--quiet"], ["add", "--all"]):  # scripts ask git what the tree has
        result = tree.run("git", *command)
        assert result.returncode == 0, result.stdout
    settings = [f"-DPYGRPC_TEST_SERVER={server}", "-DPYGRPC_BENCH=OFF", "-DPYGRPC_EXAMPLES=OFF"]
    tree.configure("release", *settings)
    tree.build("pygrpc")
    return tree
