# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from pathlib import Path

import pytest

import pygrpc
from pygrpc import _api
from support import HEADER, PACKAGE_ROOT, run_python

HEADER_TEXT = HEADER.read_text()
CODE = re.sub(r"/\*.*?\*/", "", HEADER_TEXT, flags=re.DOTALL)

OUT = ctypes.POINTER(ctypes.c_void_p)
KINDS = {
    "void": None,
    "void*": ctypes.c_void_p,
    "constchar*": ctypes.c_char_p,
    "char**": OUT,
    "size_t": ctypes.c_size_t,
    "size_t*": ctypes.POINTER(ctypes.c_size_t),
    "int32_t": ctypes.c_int32,
    "int32_t*": ctypes.POINTER(ctypes.c_int32),
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
}


def kind(declaration: str, *, named: bool) -> object:
    """The ctypes type of a C type, which in a parameter is followed by a name."""
    if named and declaration != "void":
        declaration = re.sub(r"\w+$", "", declaration.strip())
    c_type = re.sub(r"\s+", "", declaration)
    handle = re.fullmatch(r"(?:const)?pygrpc_\w+?(\*+)", c_type)
    if handle:
        return ctypes.c_void_p if handle[1] == "*" else OUT
    return KINDS[c_type]


def header_functions() -> dict[str, tuple[object, tuple[object, ...]]]:
    functions = {}
    for result, name, parameters in re.findall(
        r"^((?:const )?\w+ \**)(pygrpc_\w+)\(([^)]*)\);", CODE, flags=re.MULTILINE
    ):
        kinds = [kind(parameter, named=True) for parameter in parameters.split(",")]
        functions[name] = (kind(result, named=False), tuple(each for each in kinds if each))
    return functions


def test_every_function_is_declared_as_in_the_header() -> None:
    functions = header_functions()
    # No declaration may slip through the expression above.
    assert len(functions) == len(re.findall(r"\bpygrpc_\w+\(", CODE))
    # Its bytes may hold NULs: they are read by their size.
    functions["pygrpc_event_message"] = (ctypes.c_void_p, functions["pygrpc_event_message"][1])
    assert functions == _api.SIGNATURES


def test_constants_are_those_of_the_header() -> None:
    constants = {
        name: int(value)
        for name, value in re.findall(r"^#define PYGRPC_(\w+) \(?(-?\d+)\)?", CODE, re.MULTILINE)
    }
    assert constants["ABI_VERSION"] == _api.ABI_VERSION
    assert [constants[name] for name in ("OK", "END", "PENDING")] == [
        _api.OK,
        _api.END,
        _api.PENDING,
    ]
    errors = {name: value for name, value in constants.items() if name.startswith("E_")}
    assert errors == {code.name: code.value for code in pygrpc.ErrorCode}
    states = {name: value for name, value in constants.items() if name.startswith("CHANNEL_")}
    assert states == {f"CHANNEL_{state.name}": state.value for state in pygrpc.ChannelState}
    cardinalities = {
        name: value
        for name, value in constants.items()
        if re.fullmatch("(UNARY|STREAM)_(UNARY|STREAM)", name)
    }
    assert cardinalities == {each.name: each.value for each in pygrpc.Cardinality}


def test_nothing_is_loaded_by_the_import() -> None:
    output = run_python(
        """
        import pathlib, threading, pygrpc
        print("libpygrpc" in pathlib.Path("/proc/self/maps").read_text())
        print(threading.active_count())
        """
    )
    assert output == "False\n1\n"


REPORT = """
import pygrpc, sys
try:
    pygrpc.Client(None)
except pygrpc.LibraryError as error:
    print(error)
    print(len(error.searched))
"""


def test_a_missing_library_names_every_place() -> None:
    message, count = run_python(
        REPORT, PYGRPC_LIBRARY=None, LD_LIBRARY_PATH="/nowhere"
    ).splitlines()
    assert count == "2"
    assert f"the package ({PACKAGE_ROOT}/pygrpc/libpygrpc.so.0: cannot open" in message
    assert "the system's libraries (libpygrpc.so.0: cannot open shared object file" in message
    assert "set PYGRPC_LIBRARY or call pygrpc.load_library(path)" in message


def test_the_variable_is_not_passed_over() -> None:
    message, count = run_python(REPORT, PYGRPC_LIBRARY="/nowhere/lib.so").splitlines()
    assert count == "1"
    assert "tried PYGRPC_LIBRARY (/nowhere/lib.so: cannot open shared object file" in message


def test_a_path_goes_before_the_variable() -> None:
    output = run_python(
        """
        import pygrpc
        try:
            pygrpc.load_library("/nowhere/given.so")
        except pygrpc.LibraryError as error:
            print(error.searched)
        """,
        PYGRPC_LIBRARY="/nowhere/lib.so",
    )
    assert "the path given (/nowhere/given.so: cannot open" in output
    assert "lib.so:" not in output


def build(directory: Path, source: str) -> str:
    path = directory / "libpygrpc.so.0"
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-xc", "-", "-o", path], input=source, text=True, check=True
    )
    return str(path)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("int other;", "this is no libpygrpc: it lacks pygrpc_abi_version"),
        ("int pygrpc_abi_version(void) { return 0; }", "its ABI version is 0, and 1 or later"),
        ("int pygrpc_abi_version(void) { return 1; }", "it lacks pygrpc_version"),
    ],
)
def test_a_library_of_another_kind(tmp_path: Path, source: str, reason: str) -> None:
    message, _ = run_python(REPORT, PYGRPC_LIBRARY=build(tmp_path, source)).splitlines()
    assert reason in message


def test_what_was_loaded_is_told(library: str) -> None:
    assert pygrpc.load_library() == library
    assert pygrpc.load_library(library) == library
    with pytest.raises(pygrpc.StateError, match="is loaded already"):
        pygrpc.load_library("/nowhere/other.so")


def test_it_is_found_in_the_package_and_by_the_loader(library: str, tmp_path: Path) -> None:
    show = "import pygrpc; print(pygrpc.load_library())"
    (tmp_path / "libpygrpc.so.0").symlink_to(os.path.realpath(library))
    found = run_python(show, PYGRPC_LIBRARY=None, LD_LIBRARY_PATH=str(tmp_path))
    assert found == "libpygrpc.so.0\n"

    package = tmp_path / "pygrpc"
    package.mkdir()
    for file in (PACKAGE_ROOT / "pygrpc").glob("*.py"):
        (package / file.name).symlink_to(file)
    (tmp_path / "libpygrpc.so.0").rename(package / "libpygrpc.so.0")
    found = run_python(show, PYGRPC_LIBRARY=None, PYTHONPATH=str(tmp_path))
    assert found == f"{package}/libpygrpc.so.0\n"


def test_version_and_options(library: str) -> None:
    assert pygrpc.version() == pygrpc.__version__
    listed = pygrpc.options()
    assert "timeout" in [option["name"] for option in listed["call"]]
    assert "transport" in [option["name"] for option in listed["client"]]
