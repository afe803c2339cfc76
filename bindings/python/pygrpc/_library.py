# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Finds libpygrpc, loads it once and declares its functions."""

from __future__ import annotations

import ctypes
import os
import threading
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from typing import TYPE_CHECKING, Any, Callable

from pygrpc._errors import LibraryError, StateError

# The oldest ABI that has all of SIGNATURES; a library with a greater number serves it too.
ABI_VERSION = 1

FILE_NAME = "libpygrpc.so.0"
ENVIRONMENT_VARIABLE = "PYGRPC_LIBRARY"

OK = 0
END = 1
PENDING = 2

_handle = c_void_p
_text = c_char_p
_handle_out = _text_out = _error_out = POINTER(c_void_p)
_size_out = POINTER(c_size_t)
_int32_out = POINTER(c_int32)

# Every function of pygrpc.h: what it returns and what it takes.
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "pygrpc_version": (c_char_p, ()),
    "pygrpc_abi_version": (c_int32, ()),
    "pygrpc_code_name": (c_char_p, (c_int32,)),
    "pygrpc_options_json": (c_int32, (_text_out, _size_out, _error_out)),
    "pygrpc_free": (None, (c_void_p,)),
    "pygrpc_error_code": (c_int32, (_handle,)),
    "pygrpc_error_message": (c_char_p, (_handle,)),
    "pygrpc_error_status": (c_int32, (_handle,)),
    "pygrpc_error_json": (c_char_p, (_handle,)),
    "pygrpc_error_free": (None, (_handle,)),
    "pygrpc_client_new": (c_int32, (_text, _text, _handle_out, _error_out)),
    "pygrpc_client_free": (None, (_handle,)),
    "pygrpc_client_wait_ready": (c_int32, (_handle, c_int64, _error_out)),
    "pygrpc_client_state": (c_int32, (_handle, _int32_out, _error_out)),
    "pygrpc_load": (c_int32, (_handle, _text, _text, _error_out)),
    "pygrpc_load_descriptor_set": (c_int32, (_handle, _text, c_size_t, _error_out)),
    "pygrpc_load_proto": (c_int32, (_handle, _text, _text, c_size_t, _error_out)),
    "pygrpc_load_client": (c_int32, (_handle, _handle, _error_out)),
    "pygrpc_services": (c_int32, (_handle, _text_out, _size_out, _error_out)),
    "pygrpc_describe": (c_int32, (_handle, _text, _text_out, _size_out, _error_out)),
    "pygrpc_template": (c_int32, (_handle, _text, _text_out, _size_out, _error_out)),
    "pygrpc_json_schema": (c_int32, (_handle, _text, _text, _text_out, _size_out, _error_out)),
    "pygrpc_export": (c_int32, (_handle, _text, _text, _text_out, _size_out, _error_out)),
    "pygrpc_json_to_binary": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _text_out, _size_out, _error_out),
    ),
    "pygrpc_binary_to_json": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _text_out, _size_out, _error_out),
    ),
    "pygrpc_method_cardinality": (c_int32, (_handle, _text, _int32_out, _error_out)),
    "pygrpc_unary_unary": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _text_out, _size_out, _error_out),
    ),
    "pygrpc_unary_stream": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _handle_out, _error_out),
    ),
    "pygrpc_stream_unary": (c_int32, (_handle, _text, _text, _handle_out, _error_out)),
    "pygrpc_stream_stream": (c_int32, (_handle, _text, _text, _handle_out, _error_out)),
    "pygrpc_stream_open": (
        c_int32,
        (
            _handle,
            _text,
            c_int32,
            _text,
            c_size_t,
            _text,
            _handle,
            _handle_out,
            _error_out,
        ),
    ),
    "pygrpc_stream_write": (c_int32, (_handle, _text, c_size_t, c_int64, _error_out)),
    "pygrpc_stream_half_close": (c_int32, (_handle, _error_out)),
    "pygrpc_stream_read": (c_int32, (_handle, c_int64, _text_out, _size_out, _error_out)),
    "pygrpc_stream_cardinality": (c_int32, (_handle,)),
    "pygrpc_stream_headers": (c_int32, (_handle, c_int64, _text_out, _size_out, _error_out)),
    "pygrpc_stream_trailers": (c_int32, (_handle, c_int64, _text_out, _size_out, _error_out)),
    "pygrpc_stream_cancel": (c_int32, (_handle, _error_out)),
    "pygrpc_stream_free": (None, (_handle,)),
    "pygrpc_queue_new": (c_int32, (_handle_out, _error_out)),
    "pygrpc_queue_free": (None, (_handle,)),
    "pygrpc_queue_poll": (
        c_int32,
        (_handle, c_int64, _handle_out, c_size_t, _size_out, _error_out),
    ),
    "pygrpc_queue_wakeup": (c_int32, (_handle, _error_out)),
    "pygrpc_queue_set_fd": (c_int32, (_handle, c_int32, _error_out)),
    "pygrpc_stream_read_async": (c_int32, (_handle, c_uint64, _error_out)),
    "pygrpc_stream_write_async": (c_int32, (_handle, _text, c_size_t, c_uint64, _error_out)),
    "pygrpc_event_tag": (c_uint64, (_handle,)),
    "pygrpc_event_code": (c_int32, (_handle,)),
    "pygrpc_event_message": (c_char_p, (_handle, _size_out)),
    "pygrpc_event_error": (_handle, (_handle,)),
    "pygrpc_event_free": (None, (_handle,)),
}


class Library:
    """A loaded library; its attributes are the functions, without "pygrpc_" in front.

    Raises OSError if the file cannot be loaded and ValueError if it is not a library to use.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # ctypes adds RTLD_NOW and never unloads.
        dll = ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL)
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
