# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""pygrpc in one Python process with other users of gRPC and protobuf."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LONG = os.environ.get("PYGRPC_TEST_LONG") == "1"
SMALL = ("grpc", "grpc_generated", "onnx", "sentencepiece")
LARGE = ("grpc", "pyarrow", "opencv", "tensorflow")


def environment_of(requirements: str) -> Path:
    """The interpreter of a virtual environment, which is kept from run to run."""
    file = HERE / requirements
    digest = hashlib.sha256(file.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = ROOT / "build" / "coexistence" / digest
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file]
        subprocess.run([python, *install], check=True)
        (place / "complete").touch()
    return python


@pytest.fixture(scope="module")
def python() -> Path:
    return environment_of("requirements-long.txt" if LONG else "requirements.txt")


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    command = [os.environ["PYGRPC_TEST_SERVER"], "--port", "0", "--die-with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"localhost:{server.stdout.readline().strip()}"
        server.kill()


def live_together(
    python: Path, target: str, order: str, scope: str, packages: tuple[str, ...], **more: str
) -> None:
    variables = {"PYGRPC_TEST_TARGET": target, "PYGRPC_PROTO_PATH": str(ROOT / "protos"), **more}
    result = subprocess.run(
        [python, "-X", "faulthandler", HERE / "neighbours.py", order, scope, *packages],
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
    assert result.stdout.endswith("all of them\n"), result.stdout


ORDERS = pytest.mark.parametrize("order", ["ours", "theirs"])
SCOPES = pytest.mark.parametrize("scope", ["local", "global"])


@ORDERS
@SCOPES
def test_all_in_one_process(python: Path, target: str, order: str, scope: str) -> None:
    live_together(python, target, order, scope, LARGE if LONG else SMALL)


@ORDERS
@pytest.mark.skipif(LONG, reason="the same as in the short run")
def test_protobuf_in_python(python: Path, target: str, order: str) -> None:
    pure = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    live_together(python, target, order, "local", ("grpc", "grpc_generated"), **pure)


@ORDERS
@SCOPES
@pytest.mark.skipif(not LONG, reason="with scripts/test --long")
@pytest.mark.parametrize("package", LARGE)
def test_each_of_the_large_ones(
    python: Path, target: str, order: str, scope: str, package: str
) -> None:
    live_together(python, target, order, scope, (package,))
