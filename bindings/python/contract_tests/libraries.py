# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Points 1 to 3: finding the library, loading it, and starting nothing."""

from __future__ import annotations

import os

from contract_support import run_python

BARE = "import os, sys, ctypes, pygrpc\n"

TRY = """
try:
    pygrpc.Client("localhost:1")
except pygrpc.LibraryError as error:
    print(error)
"""


def library_from_path() -> None:
    library = os.environ["PYGRPC_LIBRARY"]
    code = f"print(pygrpc.load_library({library!r})); pygrpc.Client('localhost:1')"
    assert run_python(code, preamble=BARE, PYGRPC_LIBRARY=None) == library + "\n"


def library_from_environment() -> None:
    code = "pygrpc.Client('localhost:1'); print(pygrpc.load_library())"
    assert run_python(code, preamble=BARE) == os.environ["PYGRPC_LIBRARY"] + "\n"


def library_not_found() -> None:
    output = run_python(TRY, preamble=BARE, PYGRPC_LIBRARY="/nowhere/libpygrpc.so.0")
    assert "PYGRPC_LIBRARY (/nowhere/libpygrpc.so.0" in output, output
    assert "system" not in output, output
    code = (
        """
def cannot_open(path, mode=0, program=ctypes.CDLL(None)):
    if path is None:
        return program
    raise OSError(path)
ctypes.CDLL = cannot_open
"""
        + TRY
    )
    output = run_python(code, preamble=BARE, PYGRPC_LIBRARY=None)
    for place in ("the package (", "/pygrpc/libpygrpc.so.0", "the system's libraries ("):
        assert place in output, output


def library_is_another() -> None:
    output = run_python(TRY, preamble=BARE, PYGRPC_LIBRARY="libc.so.6")
    assert "libc.so.6: this is no libpygrpc: it lacks pygrpc_abi_version" in output, output


def library_too_old() -> None:
    output = run_python(TRY, preamble=BARE, PYGRPC_LIBRARY=os.environ["PYGRPC_OLD_LIBRARY"])
    assert "its ABI version is 0, and 1 or later is needed" in output, output


def library_loaded_locally() -> None:
    code = """
    client = connect()
    client.unary_unary("SayHello")
    import ctypes
    with open("/proc/self/maps") as maps:
        print(len({line.split()[-1] for line in maps if "libpygrpc" in line}))
    print(hasattr(ctypes.CDLL(None), "pygrpc_version"))
    """
    assert run_python(code) == "1\nFalse\n"


def import_starts_nothing() -> None:
    code = """
    import os
    before = len(os.listdir("/proc/self/task"))
    import pygrpc, pygrpc.aio
    with open("/proc/self/maps") as maps:
        print("libpygrpc" in maps.read())
    print(len(os.listdir("/proc/self/task")) - before)
    """
    assert run_python(code, preamble="") == "False\n0\n"


TESTS = [
    library_from_path,
    library_from_environment,
    library_not_found,
    library_is_another,
    library_too_old,
    library_loaded_locally,
    import_starts_nothing,
]
