# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Each remedy against a known trap of gRPC, protobuf or the loader is taken out of a copy of the
tree; a test that has its name must then fail.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import suites
from planted import Tree

LINK = "CMakeLists.txt"
PROGRAMS = ("test_fork", "test_signals", "test_coexistence", "pygrpc_scenes", "pygrpc_library_copy")


@pytest.fixture(autouse=True)
def _programs(tree: Tree) -> Iterator[None]:
    """The tests of the copy; after each fault, its library is as it was."""
    tree.build("pygrpc", *PROGRAMS)
    yield
    tree.build("pygrpc")


def how_it_ends(tree: Tree, name: str, seconds: int, **environment: str) -> str:
    """Runs a test of the copy by itself, for some traps are endless; says how it ended, and why."""
    listing = tree.run(
        *("ctest", "--test-dir", "build/release", "--tests-regex", f"^{re.escape(name)}$"),
        "--show-only=json-v1",
    )
    (test,) = json.loads(listing.stdout)["tests"]
    properties = {each["name"]: each["value"] for each in test["properties"]}
    variables = dict(each.split("=", 1) for each in properties["ENVIRONMENT"])
    try:
        result = subprocess.run(
            test["command"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **variables, "CMOCKA_MESSAGE_OUTPUT": "TAP", **environment},
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "endless"
    return "passed" if result.returncode == 0 else f"failed\n{result.stdout}"


def fails(tree: Tree, name: str, message: str, seconds: int = 60, **environment: str) -> None:
    end = how_it_ends(tree, name, seconds, **environment)
    assert re.search(message, end, re.DOTALL), end


def test_nodelete(tree: Tree) -> None:
    assert how_it_ends(tree, "coexistence.coexistence", 120) == "passed"
    with tree.planted(LINK, " -Wl,-z,nodelete", ""):
        tree.build("pygrpc", *PROGRAMS)
        fails(tree, "coexistence.coexistence", r"not ok \d+ - closed_after_its_users_ended")
        tree.fails("release", "NODELETE.*not found|not found.*NODELETE", "^abi.leftovers$")


def test_binding_to_itself(tree: Tree) -> None:
    with tree.planted(LINK, "-Wl,-Bsymbolic ", ""):
        tree.build("pygrpc")
        tree.fails("release", "SYMBOLIC.*not found|not found.*SYMBOLIC", "^abi.leftovers$")


def test_visibility(tree: Tree) -> None:
    with tree.planted(LINK, "-Wl,--version-script=${PYGRPC_SYMBOLS} ", ""):
        tree.build("pygrpc")
        tree.fails("release", r"not ok \d+ - exports what the header declares", "^abi$")


def test_the_guard_of_forks(tree: Tree) -> None:
    guard = "bool Forked() noexcept { return forked.load(std::memory_order_relaxed); }"
    with tree.planted("src/rpc/runtime.cc", guard, "bool Forked() noexcept { return false; }"):
        tree.build("pygrpc", *PROGRAMS)
        fails(tree, "capi.fork", r"endless|not ok \d+ - use_then_fork", 15)


def test_forks_after_somebody_else_started_grpc(tree: Tree) -> None:
    with tree.planted("src/rpc/channel.cc", "  WatchForks();\n", ""):
        tree.build("pygrpc", *PROGRAMS)
        fails(tree, "coexistence.coexistence", r"endless|not ok \d+ - forked_after_another", 15)


# protoc's code of a file that is embedded, in the library, on the libprotobuf of everybody else.
GENERATED = """
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/google/rpc/status.pb.cc
  COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/protos/embedded
          --cpp_out=${CMAKE_BINARY_DIR} google/rpc/status.proto)
target_sources(pygrpc PRIVATE ${CMAKE_BINARY_DIR}/google/rpc/status.pb.cc)
target_include_directories(pygrpc PRIVATE ${CMAKE_BINARY_DIR})
"""


def test_the_private_pool(tree: Tree, original: Tree) -> None:
    """Beside the neighbour of the tree itself, which has such code of its own."""
    library = {"PYGRPC_TEST_LIBRARY": str(tree.root / "build" / "release" / "libpygrpc.so.0")}
    tree.build("pygrpc")
    assert how_it_ends(original, "coexistence.neighbour", 60, **library) == "passed"
    linked = "target_link_libraries(pygrpc PRIVATE pygrpc_engine)"
    with tree.planted(LINK, linked, linked + GENERATED):
        tree.build("pygrpc")
        fails(original, "coexistence.neighbour", r"not ok \d+ - opened_theirs_first", 60, **library)


def test_waits_that_are_looked_after(tree: Tree) -> None:
    with tree.planted("src/rpc/rpc.cc", "      TimedWait wait(deadline);\n", ""):
        tree.build("pygrpc", *PROGRAMS)
        message = r"endless|has not ended|not ok \d+ - waits_end_in_time"
        fails(tree, "capi.signals", message)


def test_waits_in_slices(tree: Tree) -> None:
    """Those of the bindings, whose runtimes see a signal between two slices; here Python's."""
    pytest_of_one = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    pytest_of_one.append("bindings/python/tests/test_process.py::test_ctrl_c[read]")
    suite = next(each for each in suites.SUITES if each.name == "python")
    variables = {**suite.environment, "PYTHONPATH": str(tree.root / "bindings" / "python")}
    with tree.planted("bindings/python/pygrpc/_handles.py", "SLICE_MS = 100", "SLICE_MS = 60000"):
        result = tree.run(*pytest_of_one, **variables)
        assert re.search(r"FAILED .*test_ctrl_c\[read\]", result.stdout), result.stdout
