# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""pygrpc in one Python process with users of gRPC and protobuf whose packages are large."""

from pathlib import Path

import pytest
from one_process import ORDERS, SCOPES, environment_of, live_together


@pytest.fixture(scope="module")
def python() -> Path:
    return environment_of("requirements-long.txt")


@ORDERS
@SCOPES
@pytest.mark.parametrize("package", ["pyarrow", "opencv"])
def test_each(python: Path, target: str, order: str, scope: str, package: str) -> None:
    live_together(python, target, order, scope, ("grpc", package))


@ORDERS
def test_tensorflow(python: Path, target: str, order: str) -> None:
    """Not with RTLD_GLOBAL on top: TensorFlow bears no other C++ protobuf in the global scope."""
    live_together(python, target, order, "local", ("grpc", "tensorflow"))
