# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Where the checkout has what the tests need, and the test server as a process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Iterator

PACKAGE_ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE_ROOT.parents[1]
HEADER = REPOSITORY / "capi" / "pygrpc.h"
PROTOS = REPOSITORY / "protos"
BUILD = REPOSITORY / "build" / "release"

LIBRARY = os.environ.get("PYGRPC_LIBRARY") or str(BUILD / "libpygrpc.so.0")
SERVER = os.environ.get("PYGRPC_TEST_SERVER") or str(
    BUILD / "tests" / "server" / "pygrpc-test-server"
)

LIMIT = 60  # seconds, on a machine that does a lot else


class Server:
    """A running test server on a port of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [SERVER, "--port", "0", "--die-with-parent", *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.port = int(line)
        self.target = f"localhost:{self.port}"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextlib.contextmanager
def refused_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nobody listens, and which nobody else is given meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def environment(**changes: str | None) -> dict[str, str]:
    """The environment for another interpreter that uses this package and this library."""
    variables: dict[str, str | None] = {
        **os.environ,
        "PYTHONPATH": str(PACKAGE_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYGRPC_LIBRARY": LIBRARY,
        **changes,
    }
    return {name: value for name, value in variables.items() if value is not None}


def start_python(code: str, *arguments: str, **changes: str | None) -> subprocess.Popen[str]:
    """Starts another interpreter with this code."""
    return subprocess.Popen(
        [
            sys.executable,
            "-X",
            "faulthandler",
            "-W",
            "error",
            "-c",
            textwrap.dedent(code),
            *arguments,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**changes),
        cwd="/",  # which is searched for modules
    )


def run_python(code: str, *arguments: str, **changes: str | None) -> str:
    """What the code prints in another interpreter, which has to end with 0 and no complaint."""
    with start_python(code, *arguments, **changes) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, ""), f"{output}\n{errors}"
    return output
