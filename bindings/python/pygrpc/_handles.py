# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Handles of the library, and the text and errors that its functions give out."""

from __future__ import annotations

import math
import time
from ctypes import byref, c_size_t, c_void_p, string_at
from typing import Any, Callable

from pygrpc._api import OK, PENDING
from pygrpc._codec import decode_message
from pygrpc._errors import ArgumentError, PygrpcError, make_error
from pygrpc._library import Library

# While it waits, the library gives Python no chance to see a signal; so it never waits longer.
SLICE_MS = 100


def wait(step: Callable[[int], int], timeout: float | None) -> int:
    """Repeats a step, which takes milliseconds to wait, until it is done or the seconds are over.

    Returns its last code, which is PENDING if the seconds are over.
    """
    if timeout is None:
        code = step(SLICE_MS)
        while code == PENDING:
            code = step(SLICE_MS)
        return code
    deadline = time.monotonic() + timeout
    while True:
        left = math.ceil((deadline - time.monotonic()) * 1000)
        code = step(max(0, min(left, SLICE_MS)))
        if code != PENDING or left <= 0:
            return code


class Handle:
    """A pointer to a client, stream or error, which is freed with the last reference to it.

    Whoever calls a function with the pointer holds a reference meanwhile; so nothing is freed while
    another thread uses it, without a lock.
    """

    __slots__ = ("_free", "pointer")

    def __init__(self, free: Callable[[c_void_p], None]) -> None:
        self._free = free
        self.pointer = c_void_p()

    def __del__(self) -> None:
        # A signal's handler may have raised in the constructor.
        if getattr(self, "pointer", None):
            self._free(self.pointer)
            # Of objects that refer to each other, who is collected first is not said: the other's
            # end may still come here, and is then to find nothing.
            self.pointer.value = None


class Result:
    """The out parameters of one call: text, size and error. Frees the text that it holds."""

    __slots__ = ("_error", "_library", "_size", "_text")

    def __init__(self, library: Library) -> None:
        self._library = library
        self._text = c_void_p()
        self._size = c_size_t()
        self._error = Handle(library.error_free)

    def __del__(self) -> None:
        if getattr(self, "_text", None):
            self._library.free(self._text)

    def out(self) -> tuple[Any, Any, Any]:
        """The references to pass: text, size, error."""
        return byref(self._text), byref(self._size), byref(self._error.pointer)

    def take(self) -> bytes:
        """A copy of the text."""
        return string_at(self._text, self._size.value)

    def error(self, code: int) -> PygrpcError:
        """The exception for a failure."""
        return make_error(code, decode_message(self._library.error_json(self._error.pointer)))


def check(library: Library, code: int, error: Handle) -> int:
    """The code, if it is none of failure."""
    if code < OK:
        raise make_error(code, decode_message(library.error_json(error.pointer)))
    return code


def c_text(value: str | bytes, what: str) -> bytes:
    """A name or a path for a function that reads up to the NUL."""
    try:
        text = value if isinstance(value, bytes) else value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{what} {value!r} is not UTF-8") from None
    if b"\0" in text:
        raise ArgumentError(f"{what} {value!r} holds a NUL")
    return text
