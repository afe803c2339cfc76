# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Requests on their way out, and responses that have come in."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any, AsyncIterator, Callable, Iterable

from pygrpc._api import END, OK, ErrorCode
from pygrpc._codec import Codec, decode_message
from pygrpc._errors import PygrpcError, StateError, make_error
from pygrpc._handles import Handle, call
from pygrpc.aio._reactor import Reactor

# How far reading goes ahead of who takes the responses: far enough that network and program work at
# the same time, and no further.
_AHEAD = 32
_AHEAD_BYTES = 256 * 1024

# With these a call is over; other errors concern one response.
FINAL = (END, ErrorCode.E_STATUS, ErrorCode.E_CLOSED, ErrorCode.E_FORKED)


def _raise(code: int, data: bytes) -> None:
    raise make_error(code, decode_message(data))


async def receive_one(reactor: Reactor, stream: Handle, codec: Codec) -> Any:
    """The one response of a call of which nothing else is wanted."""
    future: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
    reactor.read(stream, _to(future))
    try:
        code, data = await future
    except BaseException:
        reactor.library.stream_cancel(stream.pointer, None)
        raise
    if code < OK:
        _raise(code, data)
    return codec.decode(data)


def _to(future: asyncio.Future[tuple[int, bytes]]) -> Callable[[int, bytes], None]:
    def receive(code: int, data: bytes) -> None:
        if not future.done():
            future.set_result((code, data))

    return receive


class Inbox:
    """The responses that have arrived, and who waits for one.

    It does not know the Call, so that an abandoned Call is collected.
    """

    def __init__(self, reactor: Reactor, stream: Handle, is_stream: bool) -> None:
        self.reactor = reactor
        self.stream = stream
        self.failure: BaseException | None = None  # of the iterable of requests
        self._room = _AHEAD if is_stream else 1
        self._arrived: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._is_reading = False
        self._is_over = False
        self._waiter: asyncio.Future[None] | None = None

    def ask(self) -> None:
        """Reads on, if there is room."""
        if (
            self._is_reading
            or self._is_over
            or len(self._arrived) >= self._room
            or self._bytes >= _AHEAD_BYTES
        ):
            return
        self.reactor.read(self.stream, self._receive)
        self._is_reading = True

    def _receive(self, code: int, data: bytes) -> None:
        self._is_reading = False
        self._arrived.append((code, data))
        self._bytes += len(data)
        self._is_over = code in FINAL
        if self._room > 1:
            # What may fail here, because the client is closed, will fail for the reader too.
            with contextlib.suppress(PygrpcError):
                self.ask()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def has_room(self) -> bool:
        """Whether to read on, if nobody is waiting."""
        return len(self._arrived) <= self._room // 2

    def has_one(self) -> bool:
        """Whether take() has something to take."""
        return bool(self._arrived)

    def take(self) -> tuple[int, bytes]:
        """The next that has arrived."""
        arrived = self._arrived.popleft()
        self._bytes -= len(arrived[1])
        return arrived

    def drop(self) -> None:
        """Forgets the responses that nobody has taken."""
        self._arrived = deque(each for each in self._arrived if each[0] in FINAL)
        self._bytes = sum(len(each[1]) for each in self._arrived)

    async def wait(self, timeout: float | None) -> None:
        """Until something has arrived, or the seconds are over."""
        if self._waiter is not None:
            raise StateError("another task is reading")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            if timeout is None:
                await self._waiter
            else:
                await asyncio.wait({self._waiter}, timeout=timeout)
        finally:
            self._waiter = None


class Outbox:
    """Sends requests, each when the one before has left."""

    def __init__(self, reactor: Reactor, stream: Handle) -> None:
        self._reactor = reactor
        self._stream = stream
        self._last: asyncio.Future[tuple[int, bytes]] | None = None

    async def flush(self, timeout: float | None = None) -> bool:
        """Waits until the last request has left. False if the server takes no more."""
        if self._last is None:
            return True
        if not self._last.done():
            # A timeout, or the end of the task, leaves the write as it is.
            await asyncio.wait({self._last}, timeout=timeout)
            if not self._last.done():
                raise TimeoutError
        code, data = self._last.result()
        if code < OK:
            _raise(code, data)
        return code == OK

    async def write(self, data: bytes, timeout: float | None = None) -> bool:
        """Sends a request. False if the server takes no more."""
        if not await self.flush(timeout):
            return False
        self._last = asyncio.get_running_loop().create_future()
        try:
            self._reactor.write(self._stream, data, _to(self._last))
        except PygrpcError:
            self._last = None
            raise
        return True

    async def half_close(self) -> None:
        """Tells the server that no more requests follow."""
        if await self.flush():
            library = self._reactor.library
            call(library, library.stream_half_close, self._stream.pointer)


async def _iterate(requests: Any) -> AsyncIterator[Any]:
    """An iterable of either kind as an asynchronous one."""
    if hasattr(requests, "__aiter__"):
        async for request in requests:
            yield request
    else:
        for request in requests:
            yield request


async def send_all(outbox: Outbox, requests: Any, encode: Callable[[Any], bytes]) -> None:
    """Sends what an iterable yields, and half-closes."""
    iterator = _iterate(requests)
    try:
        async for request in iterator:
            if not await outbox.write(encode(request)) or not await outbox.flush():
                return
    finally:
        await iterator.aclose()  # type: ignore[attr-defined]
    await outbox.half_close()


async def write_requests(inbox: Inbox, outbox: Outbox, requests: Any, codec: Codec) -> None:
    """What the task of a call's requests does. Its failure goes to who reads the responses."""
    try:
        await send_all(outbox, requests, codec.encode)
    except asyncio.CancelledError:
        raise
    except BaseException as failure:
        inbox.failure = failure
        inbox.reactor.library.stream_cancel(inbox.stream.pointer, None)


async def collect(reactor: Reactor, stream: Handle, requests: Iterable[Any], codec: Codec) -> Any:
    """Sends the requests of a call with one response, and returns that."""
    outbox = Outbox(reactor, stream)
    reading = asyncio.ensure_future(receive_one(reactor, stream, codec))
    sending = asyncio.ensure_future(send_all(outbox, requests, codec.encode))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            await sending  # raises what the iterable raised
        return await reading
    finally:
        # Whatever has ended the one ends the other.
        reading.cancel()
        sending.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)
