# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The examples of README.md run, and print what they should."""

from __future__ import annotations

import re

from support import PACKAGE_ROOT, PROTOS, Server, run_python

EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (PACKAGE_ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
)


def test_the_first_example(server: Server) -> None:
    assert len(EXAMPLES[0].splitlines()) <= 15
    code = EXAMPLES[0].replace("50051", str(server.port))
    output = run_python(code, PYGRPC_PROTO_PATH=str(PROTOS))
    assert output == "Greeter client received: Hello, you!\n"


def test_all_examples(server: Server) -> None:
    first, *others = EXAMPLES
    code = "\n".join([first, "client.load('route_guide')", *others])
    code = code.replace("50051", str(server.port))
    lines = run_python(code, PYGRPC_PROTO_PATH=str(PROTOS)).splitlines()
    assert lines[:2] == ["Greeter client received: Hello, you!", "1000"]
    assert "Hello, you!" in lines[2]
    assert lines[3:5] == ["Hello, you!", "Hello, me!"]
    assert lines[5] == "Hello, you!"
    assert "SayHelo" in lines[6]
    assert "SayHello" in lines[6]
    assert len(lines) == 7
