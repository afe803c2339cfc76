# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the command as a shell does: what it prints, and its exit status."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROTOS = str(Path(__file__).resolve().parents[2] / "protos")
LIMIT = 60  # seconds, on a machine that does a lot else


@dataclass
class Result:
    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def messages(self) -> list[Any]:
        """What was printed, which has to be one JSON value a line."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def message(self) -> Any:
        (message,) = self.messages
        return message


def clean_environment(home: Path, **variables: str) -> dict[str, str]:
    """The environment without what the command or the library would read of it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYGRPC_", "XDG_")) and name not in {"NO_COLOR", "PAGER"}
    }
    return {**kept, "HOME": str(home), **variables}


class Runner:
    """The command, with a home directory of its own."""

    def __init__(self, command: Path, home: Path) -> None:
        self.command = command
        self.home = home

    def start(
        self, *arguments: str | Path, environment: dict[str, str] | None = None, **streams: Any
    ) -> subprocess.Popen[bytes]:
        """Starts it; with pipes, but for the streams that are given."""
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [self.command, *arguments],
            env=clean_environment(self.home, **(environment or {})),
            cwd=self.home,
            **{**pipes, **streams},
        )

    def __call__(
        self,
        *arguments: str | Path,
        given: bytes = b"",
        environment: dict[str, str] | None = None,
        limit: int = LIMIT,
    ) -> Result:
        """Runs it to its end, with this as standard input."""
        with self.start(*arguments, environment=environment) as process:
            output, errors = process.communicate(given, timeout=limit)
        return Result(process.returncode, output, errors.decode())

    def counts(self, target: str, tag: str, until: str) -> Any:
        """What became of the calls with a tag, by the server, which waits for a first one."""
        waiting = [f"tag={tag}", f"{until}=1", f"waitAtMost={LIMIT}s"]
        call = ["call", target, "GetCallCounts", *waiting, "--timeout", f"{2 * LIMIT}s"]
        return self.succeed(*call, limit=3 * LIMIT).message

    def succeed(self, *arguments: str | Path, **settings: Any) -> Result:
        """The same, which has to end well and say nothing on standard error."""
        result = self(*arguments, **settings)
        assert (result.status, result.errors) == (0, ""), result
        return result

    def fail(self, status: int, *arguments: str | Path, **settings: Any) -> str:
        """The same, which has to end with this status; what it says, on lines of its own."""
        result = self(*arguments, **settings)
        assert result.status == status, result
        assert result.errors.startswith("pygrpc: ")
        assert result.errors.endswith("\n")
        return result.errors
