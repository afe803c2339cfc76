# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of coexistence share."""

import os
import subprocess
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    command = [os.environ["PYGRPC_TEST_SERVER"], "--port", "0", "--die-with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"localhost:{server.stdout.readline().strip()}"
        server.kill()
