# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the command, and a server for it to call."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Runner

RELEASE = Path(__file__).resolve().parents[2] / "build" / "release"


@pytest.fixture(scope="session")
def command() -> Path:
    return Path(os.environ.get("PYGRPC_COMMAND", RELEASE / "cli" / "pygrpc"))


@contextlib.contextmanager
def serve(*arguments: str) -> Iterator[str]:
    """A test server; gives its target."""
    server = os.environ.get("PYGRPC_TEST_SERVER", RELEASE / "tests/server/pygrpc-test-server")
    with subprocess.Popen(
        [server, "--port", "0", "--die-with-parent", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"localhost:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture(scope="session")
def target() -> Iterator[str]:
    with serve() as target:
        yield target


@pytest.fixture
def run(command: Path, tmp_path: Path) -> Runner:
    return Runner(command, tmp_path)


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """A server whose reflection wants metadata."""
    with serve("--reflection-metadata", "x-key=right") as target:
        yield target


@pytest.fixture(scope="session")
def silent() -> Iterator[str]:
    """A server without reflection."""
    with serve("--no-reflection") as target:
        yield target


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server that speaks TLS, and the certificate to trust."""
    directory = tmp_path_factory.mktemp("certificates")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "1", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*make, "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL
    )
    with serve("--tls-cert", str(certificate), "--tls-key", str(key)) as target:
        yield target, str(certificate)
