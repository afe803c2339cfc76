# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs neighbours.py: pygrpc in one Python process with other users of gRPC and protobuf."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

ORDERS = pytest.mark.parametrize("order", ["ours", "theirs"])
SCOPES = pytest.mark.parametrize("scope", ["local", "global"])


def environment_of(requirements: str) -> Path:
    """The interpreter of a virtual environment, which is kept from run to run."""
    file = HERE / requirements
    digest = hashlib.sha256(file.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = ROOT / "build" / "coexistence" / digest
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
        try_again = str(ROOT / "scripts" / "try-again")
        subprocess.run([try_again, str(python), *install, str(file)], check=True)
        (place / "complete").touch()
    return python


def run_python(python: Path, target: str, *arguments: str, **more: str) -> str:
    """What an interpreter prints, which has to end well."""
    variables = {"PYGRPC_TEST_TARGET": target, "PYGRPC_PROTO_PATH": str(ROOT / "protos"), **more}
    result = subprocess.run(
        [str(python), "-X", "faulthandler", *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{result.returncode}\n{result.stdout}"
    return result.stdout


def live_together(
    python: Path, target: str, order: str, scope: str, packages: tuple[str, ...], **more: str
) -> None:
    program = str(HERE / "neighbours.py")
    output = run_python(python, target, program, order, scope, *packages, **more)
    assert output.endswith("all of them\n"), output
