# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The queue of an event loop: where completions come from the library, and whom they are for."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from ctypes import byref, c_size_t, c_void_p, string_at
from typing import Callable

from pygrpc._api import OK
from pygrpc._handles import Handle, Out, call
from pygrpc._library import Library, get_library

# Takes the code of a completion, and the message or the JSON of the error.
Receiver = Callable[[int, bytes], None]

_BATCH = 64
_FEW = 4


class Reactor:
    """A queue of the library whose completions an event loop takes.

    The library writes a byte to a pipe when the queue gets its first completion; the loop reads the
    pipe and then the queue, until it is empty. No thread of the library ever enters Python.
    """

    # Here for the end of a Reactor whose constructor did not come to its end.
    _fds: tuple[int, ...] = ()
    # Here because the interpreter may end before a Reactor does.
    _close = staticmethod(os.close)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.library: Library = get_library()
        self.queue = Handle(self.library.queue_free)
        self._receivers: dict[int, Receiver] = {}
        self._next_tag = 0
        self._events = (c_void_p * _BATCH)()
        self._count = c_size_t()
        self._size = c_size_t()
        # What is passed with each poll; a Reactor is used by one thread.
        self._count_out = byref(self._count)
        self._size_out = byref(self._size)
        self._out = Out(self.library)
        self._read_async = self.library.stream_read_async
        self._fds = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        library = self.library
        call(library, library.queue_new, byref(self.queue.pointer))
        call(library, library.queue_set_fd, self.queue.pointer, self._fds[1])
        loop.add_reader(self._fds[0], _drain, weakref.ref(self))

    def __del__(self) -> None:
        # The queue is freed before the fd that it writes to is closed.
        del self.queue
        for fd in self._fds:
            self._close(fd)

    def read(self, stream: Handle, receiver: Receiver) -> None:
        """Asks for the next message of a stream."""
        self._next_tag = tag = self._next_tag + 1
        self._receivers[tag] = receiver
        code = self._read_async(stream.pointer, tag, self._out.error)
        if code < OK:
            del self._receivers[tag]
            raise self._out.take_error(code)

    def write(self, stream: Handle, data: bytes, receiver: Receiver) -> None:
        """Sends a message."""
        self._next_tag = tag = self._next_tag + 1
        self._receivers[tag] = receiver
        code = self.library.stream_write_async(
            stream.pointer, data, len(data), tag, self._out.error
        )
        if code < OK:
            del self._receivers[tag]
            raise self._out.take_error(code)

    def drain(self) -> None:
        """Hands out all completions that there are."""
        try:
            while len(os.read(self._fds[0], 4096)) == 4096:
                pass
        except BlockingIOError:
            pass
        library, queue, events = self.library, self.queue.pointer, self._events
        # Where few operations are under way, one at a time: as long as the library gives out as
        # many as there is room for, it writes no byte for those that follow from them.
        room = 1 if len(self._receivers) < _FEW else _BATCH
        poll, count = library.queue_poll, self._count
        event_tag, event_message = library.event_tag, library.event_message
        event_free, take, size = library.event_free, self._receivers.pop, self._size
        while poll(queue, 0, events, room, self._count_out, None) == OK:
            for index in range(count.value):
                event = events[index]
                try:
                    receiver = take(event_tag(event))
                    message = event_message(event, self._size_out)
                    if message is not None:
                        receiver(OK, string_at(message, size.value))
                    else:
                        self._receive_end(event, receiver)
                finally:
                    event_free(event)

    def _receive_end(self, event: int | None, receiver: Receiver) -> None:
        """Hands out a completion without a message."""
        library = self.library
        code = library.event_code(event)
        receiver(code, b"" if code >= OK else library.error_json(library.event_error(event)))


def _drain(reference: weakref.ref[Reactor]) -> None:
    reactor = reference()
    if reactor is not None:
        reactor.drain()


# A Reactor knows of its loop only through the weak reference that the loop has to it.
_reactors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Reactor] = (
    weakref.WeakKeyDictionary()
)
# Threads may each run loops. A collection, in the thread that has it, may end in here again.
_lock = threading.RLock()


def running_reactor() -> Reactor:
    """The Reactor of the running event loop."""
    loop = asyncio.get_running_loop()
    reactor = _reactors.get(loop)
    if reactor is None:
        with _lock:
            # Not the dictionary's own iteration, which a collection in another thread may disturb.
            for reference in _reactors.keyrefs():
                other = reference()
                if other is not None and other.is_closed():
                    _reactors.pop(other, None)
            reactor = _reactors[loop] = Reactor(loop)
    return reactor
