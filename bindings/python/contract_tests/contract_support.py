# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What the tests of the contract share."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path
from typing import Callable

import pygrpc
import scenarios

PACKAGE_ROOT = Path(__file__).resolve().parents[1]
TARGET = os.environ["PYGRPC_TEST_TARGET"]


class Inapplicable(Exception):  # noqa: N818 (it is no error)
    """The test does not apply, and why."""


def connect(**options: object) -> pygrpc.Client:
    """A client that has loaded what the scenarios need."""
    client = pygrpc.Client(TARGET, **options)
    for each in scenarios.FILES:
        client.load(each)
    return client


def new_tag() -> str:
    """A text for x-call-tag."""
    return uuid.uuid4().hex


def wait_until_started(client: pygrpc.Client, tag: str) -> None:
    """Until the server has seen the call with the tag: what is cancelled before is never sent."""
    request = {"tag": tag, "waitForStarted": 1, "waitAtMost": "60s"}
    counts = client.unary_unary("GetCallCounts", request, timeout=120)
    assert counts.started == 1, f"the server saw {counts.started} calls"


def wait_until_cancelled(client: pygrpc.Client, tag: str) -> None:
    """Until the server has seen the call with the tag cancelled."""
    request = {"tag": tag, "waitForCancelled": 1, "waitAtMost": "60s"}
    counts = client.unary_unary("GetCallCounts", request, timeout=120)
    assert counts.cancelled == 1, f"the server saw {counts.cancelled} calls cancelled"


def fast_enough(attempt: Callable[[], float], limit: float) -> None:
    """Measures a time, in seconds, until it is short enough: other work takes the machine, too."""
    times = []
    for _ in range(10):
        times.append(attempt())
        if times[-1] < limit:
            return
    raise AssertionError(f"it took {min(times) * 1000:.0f} ms, more than {limit * 1000:.0f} ms")


# What every program of start_python() begins with.
PREAMBLE = """
import os, signal, sys, threading, time
import pygrpc

def connect(**options):
    client = pygrpc.Client(os.environ["PYGRPC_TEST_TARGET"], **options)
    client.load("helloworld.proto")
    client.load("pygrpc_test/test.proto")
    return client

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
"""


def environment(**changes: str | None) -> dict[str, str]:
    """The environment of another interpreter."""
    variables: dict[str, str | None] = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT), **changes}
    return {name: value for name, value in variables.items() if value is not None}


def start_python(
    code: str, *, preamble: str = PREAMBLE, **changes: str | None
) -> subprocess.Popen[str]:
    """Starts an interpreter with the code; the changes are of its environment."""
    program = preamble + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**changes),
        cwd="/",
    )


def run_python(
    code: str, *, preamble: str = PREAMBLE, seconds: float = 120, **changes: str | None
) -> str:
    """What the code prints in another interpreter, which has to end with 0 and no complaint."""
    with start_python(code, preamble=preamble, **changes) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert (process.returncode, errors) == (0, ""), f"{process.returncode}\n{output}\n{errors}"
    return output


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in {seconds} s not: {what}"
        time.sleep(0.01)
