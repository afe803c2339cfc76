# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the command, and a server for it to call."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

RELEASE = Path(__file__).resolve().parents[2] / "build" / "release"


@pytest.fixture(scope="session")
def command() -> Path:
    return Path(os.environ.get("PYGRPC_COMMAND", RELEASE / "cli" / "pygrpc"))


@pytest.fixture(scope="session")
def target() -> Iterator[str]:
    server = os.environ.get("PYGRPC_TEST_SERVER", RELEASE / "tests/server/pygrpc-test-server")
    with subprocess.Popen(
        [server, "--port", "0", "--die-with-parent"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"localhost:{process.stdout.readline().strip()}"
        process.terminate()
