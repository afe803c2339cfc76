# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Point 24: the README, the types and the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from contract_support import PACKAGE_ROOT, run_python

README = (PACKAGE_ROOT / "README.md").read_text(encoding="utf-8")


def run(*command: str | Path, **variables: str) -> str:
    """What a command prints, which has to succeed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


def readme_example() -> None:
    examples = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(examples[0].splitlines()) <= 15
    code = examples[0].replace("50051", os.environ["PYGRPC_TEST_PORT"])
    assert run_python(code, preamble="") == "Greeter client received: Hello, you!\n"


PROGRAM = """
import asyncio
from typing import Any, List

import pygrpc
from pygrpc import aio


def call(client: pygrpc.Client) -> List[Any]:
    with client.call("SayHello", name="you") as call:
        code: "pygrpc.StatusCode | None" = call.status
        print(code, call.headers().get("x"))
    return [reply.message for reply in client.unary_stream("SayHelloStreamReply")]


async def main() -> None:
    async with aio.Client("localhost", 50051, timeout=5) as client:
        await client.load("helloworld_pb2")
        print(await client.unary_unary("SayHello", name="you"))
        async for reply in client.unary_stream("SayHelloStreamReply", {}, timeout=5):
            print(reply.message)


def wrong(client: pygrpc.Client) -> None:
    client.unary_unary(3)  # type: ignore[arg-type]
    client.lod("x")  # type: ignore[attr-defined]


asyncio.run(main())
"""


def types() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "program.py"
        program.write_text(PROGRAM, encoding="utf-8")
        cache = f"--cache-dir={os.environ['PYGRPC_BUILD']}/mypy"
        mypy = [sys.executable, "-m", "mypy", "--strict", cache]
        run(*mypy, PACKAGE_ROOT / "pygrpc", program, MYPYPATH=str(PACKAGE_ROOT))


INSTALLED = """
import os, sys, pygrpc
assert pygrpc.load_library() == os.path.join(os.path.dirname(pygrpc.__file__), "libpygrpc.so.0")
assert sys.prefix in pygrpc.__file__
with pygrpc.Client("localhost", int(sys.argv[1])) as client:
    client.load("helloworld_pb2")
    print(client.unary_unary("SayHello", name="you").message)
"""


def package() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        wheels = Path(scratch) / "wheels"
        build = PACKAGE_ROOT / "build_wheel.py"
        run(sys.executable, build, "--library", os.environ["PYGRPC_LIBRARY"], "--out", wheels)
        (wheel,) = wheels.glob("*.whl")
        assert "-py3-none-linux" in wheel.name, wheel.name
        assert shutil.which("python3")
        run(sys.executable, "-m", "venv", Path(scratch) / "venv")
        python = Path(scratch) / "venv" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel)
        output = run(python, "-c", INSTALLED, os.environ["PYGRPC_TEST_PORT"], PYGRPC_LIBRARY="")
        assert output == "Hello, you!\n", output


TESTS = [readme_example, types, package]
