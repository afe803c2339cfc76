# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""pygrpc in one Python process with other users of gRPC and protobuf."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from one_process import ORDERS, SCOPES, environment_of, live_together, run_python


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


AFTER_ANOTHER = """
import ctypes, os, sys
ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
import pygrpc
client = pygrpc.Client(os.environ["PYGRPC_TEST_TARGET"])
client.load("helloworld.proto")
print(client.unary_unary("SayHello", name="you").message)
"""


def test_another_protobuf_that_is_global(python: Path, target: str, tmp_path: Path) -> None:
    """As TensorFlow's is. This one has every function that the library needs, and all abort."""
    nm = ["nm", "--dynamic", "--undefined-only", os.environ["PYGRPC_LIBRARY"]]
    needed = subprocess.run(nm, check=True, capture_output=True, text=True).stdout
    names = re.findall(r"U (_ZNK?6google8protobuf[^@\s]*)", needed)
    assert len(names) > 20
    source = tmp_path / "another.c"
    functions = "".join(f"void {name}(void) {{ abort(); }}\n" for name in names)
    source.write_text(f"#include <stdlib.h>\n{functions}")
    another = str(tmp_path / "libanother.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", another, str(source)], check=True)
    output = run_python(python, target, "-c", AFTER_ANOTHER, another)
    assert output == "Hello, you!\n"
