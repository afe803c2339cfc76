# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""pygrpc in one Python process with other users of gRPC and protobuf."""

from pathlib import Path

import pytest
from one_process import ORDERS, SCOPES, environment_of, live_together


@pytest.fixture(scope="module")
def python() -> Path:
    return environment_of("requirements.txt")


@ORDERS
@SCOPES
def test_all_in_one_process(python: Path, target: str, order: str, scope: str) -> None:
    packages = ("grpc", "grpc_generated", "onnx", "sentencepiece")
    live_together(python, target, order, scope, packages)


@ORDERS
def test_protobuf_in_python(python: Path, target: str, order: str) -> None:
    pure = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    live_together(python, target, order, "local", ("grpc", "grpc_generated"), **pure)
