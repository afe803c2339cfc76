# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Handles of the library, and the text and errors that its functions give out."""

from __future__ import annotations

import math
import numbers
import time
from ctypes import byref, c_size_t, c_void_p, string_at
from typing import Any, Callable

from pygrpc._api import OK, PENDING
from pygrpc._codec import decode_message
from pygrpc._errors import ArgumentError, PygrpcError, make_error
from pygrpc._library import Library

# While it waits, the library gives Python no chance to see a signal; so it never waits longer.
SLICE_MS = 100


# In seconds; what is longer, infinity say, is no limit.
_LONGEST = 1e9


def seconds_of(timeout: Any) -> float | None:
    """A wait's timeout as who waits takes it. Raises where it is none, before anything is done."""
    if timeout is None:
        return None
    if not isinstance(timeout, numbers.Real):
        raise TypeError(
            f"timeout: a number of seconds, or None, is wanted, not a {type(timeout).__qualname__}"
        )
    try:
        seconds = float(timeout)
    except OverflowError:  # an integer
        seconds = -math.inf if timeout < 0 else math.inf
    if math.isnan(seconds):
        raise ArgumentError("timeout: a number of seconds, or None, is wanted, not nan")
    return None if seconds > _LONGEST else max(seconds, 0.0)


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
    """A pointer to a client, stream or queue, which is freed with the last reference to it.

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


class Out:
    """The out parameters of functions: text, size and error; for one thread at a time.

    They are used again and again: to make them takes as long as to call a function. Whoever is
    interrupted does not give them back, and they are freed with what they hold.
    """

    __slots__ = ("_error", "_library", "_size", "_text", "error", "size", "text")

    def __init__(self, library: Library) -> None:
        self._library = library
        self._text = c_void_p()
        self._size = c_size_t()
        self._error = c_void_p()
        # The references to pass.
        self.text = byref(self._text)
        self.size = byref(self._size)
        self.error = byref(self._error)

    def __del__(self) -> None:
        if getattr(self, "_text", None):
            self._library.free(self._text)
        if getattr(self, "_error", None):
            self._library.error_free(self._error)

    def take(self) -> bytes:
        """A copy of the text, which is freed."""
        data = string_at(self._text, self._size.value)
        self._library.free(self._text)
        self._text.value = None
        return data

    def take_error(self, code: int) -> PygrpcError:
        """The exception for a failure with this code."""
        info = decode_message(self._library.error_json(self._error))
        self._library.error_free(self._error)
        self._error.value = None
        return make_error(code, info)


def borrow(library: Library) -> Out:
    """Out parameters to use, and to give back."""
    try:
        out: Out = library.outs.pop()
    except IndexError:
        return Out(library)
    return out


def give_back(library: Library, out: Out) -> None:
    """Lets others use them. They hold nothing."""
    library.outs.append(out)


def call(library: Library, function: Callable[..., int], *arguments: Any) -> int:
    """Calls a function that gives out nothing but an error, which is raised."""
    out = borrow(library)
    code = function(*arguments, out.error)
    if code < OK:
        raise out.take_error(code)
    give_back(library, out)
    return code


def call_for_text(library: Library, function: Callable[..., int], *arguments: Any) -> bytes:
    """Calls a function that gives out a text."""
    out = borrow(library)
    code = function(*arguments, out.text, out.size, out.error)
    if code < OK:
        raise out.take_error(code)
    data = out.take()
    give_back(library, out)
    return data


def c_text(value: str | bytes, what: str) -> bytes:
    """A name or a path for a function that reads up to the NUL."""
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"{what}: a str is wanted, not a {type(value).__qualname__}")
    try:
        text = value if isinstance(value, bytes) else value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{what} {value!r} is not UTF-8") from None
    if b"\0" in text:
        raise ArgumentError(f"{what} {value!r} holds a NUL")
    return text
