# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Finds libpygrpc, loads it once and declares its functions."""

from __future__ import annotations

import ctypes
import os
import threading
from typing import TYPE_CHECKING, Any, Callable

from pygrpc._api import ABI_VERSION, SIGNATURES
from pygrpc._errors import LibraryError, StateError

FILE_NAME = "libpygrpc.so.0"
ENVIRONMENT_VARIABLE = "PYGRPC_LIBRARY"


# A function of C++ protobuf that the library calls.
_PROTOBUF = "_ZN6google8protobuf14DescriptorPoolC1Ev"


class _MallocInfo(ctypes.Structure):
    """struct mallinfo2 of <malloc.h>; hblkhd are the bytes of allocations that have a mapping."""

    _fields_ = (
        ("before", ctypes.c_size_t * 4),
        ("hblkhd", ctypes.c_size_t),
        ("behind", ctypes.c_size_t * 5),
    )


def _has_own_malloc(program: ctypes.CDLL) -> bool:
    """Whether malloc() of this process is another one than the C library's.

    Its address does not tell: in a program that is not position-independent it is the program's.
    """
    size = 64 << 20  # large, so that it gets a mapping; it is never touched
    program.malloc.argtypes = [ctypes.c_size_t]
    program.malloc.restype = ctypes.c_void_p
    program.free.argtypes = [ctypes.c_void_p]
    try:
        info = ctypes.CDLL("libc.so.6").mallinfo2
    except (OSError, AttributeError):
        return True
    info.restype = _MallocInfo
    before = info().hblkhd
    block = program.malloc(size)
    after = info().hblkhd
    program.free(block)
    return bool(after - before < size)


def _mode() -> int:
    """How to load the library: locally.

    Other packages make their C++ protobuf global, TensorFlow for one. It would take the place of
    the one that the library is linked to, and crash. There, the library is bound to its own first;
    but not where malloc() is somebody's own, for then the two would free each other's memory.
    """
    program = ctypes.CDLL(None)
    if not hasattr(program, _PROTOBUF):
        return ctypes.RTLD_LOCAL
    if _has_own_malloc(program):
        return ctypes.RTLD_LOCAL
    return ctypes.RTLD_LOCAL | getattr(os, "RTLD_DEEPBIND", 0)


class Library:
    """A loaded library; its attributes are the functions, without "pygrpc_" in front.

    Raises OSError if the file cannot be loaded and ValueError if it is not a library to use.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # Out parameters that are not in use; see _handles.Out.
        self.outs: list[Any] = []
        # ctypes adds RTLD_NOW and never unloads.
        dll = ctypes.CDLL(path, mode=_mode())
        try:
            abi = dll.pygrpc_abi_version()
        except AttributeError:
            raise ValueError("this is no libpygrpc: it lacks pygrpc_abi_version") from None
        if abi < ABI_VERSION:
            raise ValueError(f"its ABI version is {abi}, and {ABI_VERSION} or later is needed")
        for name, (result, arguments) in SIGNATURES.items():
            try:
                function = getattr(dll, name)
            except AttributeError:
                raise ValueError(f"it lacks {name}") from None
            function.restype = result
            function.argtypes = arguments
            setattr(self, name[len("pygrpc_") :], function)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...


_lock = threading.Lock()
_loaded: Library | None = None


def _places(path: str | None) -> list[tuple[str, str]]:
    """Where to look, as pairs of what the place is and what to load."""
    if path is not None:
        return [("the path given", path)]
    from_environment = os.environ.get(ENVIRONMENT_VARIABLE)
    if from_environment:
        # A file that was asked for is used or is an error, never silently another one.
        return [(ENVIRONMENT_VARIABLE, from_environment)]
    bundled = os.path.join(os.path.dirname(os.path.abspath(__file__)), FILE_NAME)
    return [("the package", bundled), ("the system's libraries", FILE_NAME)]


def _load(path: str | None) -> Library:
    searched: list[str] = []
    for place, candidate in _places(path):
        try:
            return Library(candidate)
        except (OSError, ValueError) as error:
            # The loader's text begins with the path, which is named already.
            reason = str(error)
            if reason.startswith(candidate + ": "):
                reason = reason[len(candidate) + 2 :]
            searched.append(f"{place} ({candidate}: {reason})")
    raise LibraryError(
        f"cannot load {FILE_NAME}; tried " + ", then ".join(searched) + "; set "
        f"{ENVIRONMENT_VARIABLE} or call pygrpc.load_library(path) before the first client",
        searched,
    )


def get_library() -> Library:
    """The library, loaded if it is not yet."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _load(None)
    return _loaded


def load_library(path: str | os.PathLike[str] | None = None) -> str:
    """Loads the library now, rather than with the first client, and returns what was loaded.

    Without a path it is looked for in the environment variable PYGRPC_LIBRARY, or else in the
    package itself, then among the system's libraries. A path that is given, here or in the
    variable, is the only one tried.

    A process has one library: asking for another one than is loaded is a StateError.

    Raises:
        LibraryError: it was not found, or cannot be used; the message lists every place tried.
    """
    global _loaded
    if path is None:
        return get_library().path
    wanted = os.fspath(path)
    with _lock:
        if _loaded is None:
            _loaded = _load(wanted)
        elif os.path.realpath(_loaded.path) != os.path.realpath(wanted):
            raise StateError(f"cannot load {wanted}: {_loaded.path} is loaded already")
        return _loaded.path
