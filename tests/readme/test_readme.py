# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Does what the README tells to do: each of its code blocks, and each command, is a test."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PORT = "50051"  # which the examples name; the test's server has another one

# What runs this test; to run it again from here would have no end.
SELF = "scripts/test"


@dataclass(frozen=True)
class Block:
    kind: str
    text: str


def kind_of(language: str, text: str) -> str:
    """The language, save that a piece of C which is no program is one that uses dlopen()."""
    return "dlopen" if language == "c" and "main(" not in text else language


BLOCKS = [
    Block(kind_of(language, text), text)
    for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
]
COMMANDS = [line for block in BLOCKS if block.kind == "sh" for line in block.text.splitlines()]


def only(kind: str) -> str:
    """The text of the one block of a kind."""
    (text,) = [block.text for block in BLOCKS if block.kind == kind]
    return text


def output_of(kind: str) -> str:
    """The text that the README says the block of a kind prints."""
    kinds = [block.kind for block in BLOCKS]
    following = BLOCKS[kinds.index(kind) + 1]
    assert following.kind == "text"
    return following.text


def run(command: list[str] | str, directory: Path, environment: dict[str, str]) -> str:
    """Runs a program, or a line of shell, that has to succeed; what it prints."""
    result = subprocess.run(
        command,
        shell=isinstance(command, str),
        executable="/bin/bash" if isinstance(command, str) else None,
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    with subprocess.Popen(
        [os.environ["PYGRPC_TEST_SERVER"], "--port", "0", "--die-with-parent"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, port: str) -> Path:
    """A user's directory: the README's programs, with the server's port, and helloworld.proto."""
    directory = tmp_path_factory.mktemp("work")
    (directory / "helloworld.proto").write_text((ROOT / "protos/helloworld.proto").read_text())
    for kind, name in (("c", "hello.c"), ("python", "hello.py")):
        text = only(kind)
        assert PORT in text
        (directory / name).write_text(text.replace(PORT, port))
    return directory


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs the README's installation below a directory; what finds the library there."""
    root = tmp_path_factory.mktemp("root")
    # Stands in for sudo: nothing of the machine's is touched, the linker's cache included.
    (root / "sudo").write_text('#!/bin/sh\n[ "$1" = ldconfig ] || exec "$@"\n')
    (root / "sudo").chmod(0o755)
    path = f"{root}:{os.environ['PATH']}"
    commands = [line for line in COMMANDS if line.startswith(("cmake", "sudo"))]
    assert "sudo cmake --install build/release" in commands
    for line in commands:
        run(line, ROOT, {"DESTDIR": str(root), "PATH": path})
    library = root / "usr/local/lib"
    return {
        "PKG_CONFIG_PATH": str(library / "pkgconfig"),
        "LD_LIBRARY_PATH": str(library),
        "CMAKE_PREFIX_PATH": str(root / "usr/local"),
    }


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    kinds = {"sh", "c", "python", "cmake", "dlopen", "text"}
    assert {block.kind for block in BLOCKS} == kinds


def test_every_command_is_tested() -> None:
    tested = ["scripts/demo", SELF, "cmake ", "sudo cmake ", "sudo ldconfig", "cc hello.c "]
    tested += ["pygrpc ", "echo "]
    assert [line for line in COMMANDS if not line.startswith(tuple(tested))] == []


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_demo() -> None:
    assert "scripts/demo" in COMMANDS
    printed = run("scripts/demo", ROOT, {})
    assert "Greeter client received: Hello, you!" in printed.splitlines()


def test_test() -> None:
    assert SELF in COMMANDS
    assert "readme" in run(f"{SELF} --no-install --list", ROOT, {})


def test_c_with_pkg_config(work: Path, installed: dict[str, str]) -> None:
    (line,) = [line for line in COMMANDS if line.startswith("cc hello.c")]
    run(line, work, installed)
    assert run(["./hello"], work, installed) == output_of("c")


def test_c_with_cmake(work: Path, installed: dict[str, str]) -> None:
    head = "cmake_minimum_required(VERSION 3.13)\nproject(hello C)\nadd_executable(hello hello.c)\n"
    (work / "CMakeLists.txt").write_text(head + only("cmake"))
    run("cmake -S . -B build && cmake --build build", work, installed)
    assert run(["build/hello"], work, installed) == output_of("c")


def test_c_with_dlopen(work: Path, installed: dict[str, str]) -> None:
    (work / "open.c").write_text(
        "#include <dlfcn.h>\n#include <stdint.h>\nint main(void) {\n"
        + only("dlopen")
        + "return abi_version() < 1;\n}\n"
    )
    run("cc open.c -ldl -o open && ./open", work, installed)


def test_python(work: Path) -> None:
    assert run([sys.executable, "hello.py"], work, {}) == output_of("python")


def test_the_command(work: Path, port: str, installed: dict[str, str]) -> None:
    # It finds the library beside itself.
    path = f"{Path(installed['LD_LIBRARY_PATH']).parent / 'bin'}:{os.environ['PATH']}"
    lines = [line for line in COMMANDS if line.startswith(("pygrpc ", "echo "))]
    assert all(PORT in line for line in lines)
    printed = [run(line.replace(PORT, port), work, {"PATH": path}) for line in lines]
    (block,) = [i for i, block in enumerate(BLOCKS) if block.text == f"{lines[0]}\n"]
    assert printed[0] == BLOCKS[block + 1].text
    assert '"helloworld.Greeter"\n' in printed[1]
    assert json.loads(printed[2])["name"] == "helloworld.Greeter"
    assert printed[3:] == [
        '{"name":"text"}\n',
        '{"message":"Hello, you!"}\n{"message":"Hello, all!"}\n',
        printed[0],
    ]


def test_the_python_example_is_the_same_program() -> None:
    """But for the port, which examples/hello.py takes as an argument."""
    program = (ROOT / "examples/hello.py").read_text()
    assert program.endswith(only("python").split("\n\n")[1].replace(PORT, "port"))


def test_the_page_of_options_is_what_the_library_says() -> None:
    printed = run("scripts/generate-options-page --print", ROOT, {})
    assert printed == (ROOT / "docs/options.md").read_text()
