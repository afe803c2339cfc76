# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""A call in progress."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, AsyncIterator, Awaitable, Callable

from pygrpc._api import END, OK, PENDING, ErrorCode, StatusCode
from pygrpc._base import Cardinality
from pygrpc._codec import Codec, decode_message
from pygrpc._errors import (
    ClosedError,
    InvalidCardinalityError,
    Metadata,
    PygrpcError,
    RpcError,
    StateError,
    make_error,
    metadata_from_json,
)
from pygrpc._handles import Handle, borrow, give_back, seconds_of
from pygrpc._info import read_info
from pygrpc.aio._mailbox import FINAL, Inbox, Outbox, write_requests
from pygrpc.aio._reactor import Reactor

# How often something is looked for that has no completion, in seconds.
_FIRST_LOOK = 0.001
_LAST_LOOK = 0.02

_END: Any = object()
_NOT_READ: Any = object()


class Call(AsyncIterator[Any]):
    """A call in progress; iterate it for its responses.

    At most one task reads and one writes at a time. Leaving it early cancels the RPC: an async with
    block does so at its end, and otherwise the Call's collection, at once when the last reference
    goes. A task that is cancelled while it waits for a call cancels the RPC.

    Attributes:
        method: the method's name, as it was given.
        cardinality: of the method.
    """

    # Here for the end of a Call whose constructor did not come to its end.
    _stream: Handle | None = None
    _writer: asyncio.Task[None] | None = None

    def __init__(
        self,
        reactor: Reactor,
        connection: object,
        method: str,
        cardinality: Cardinality,
        codec: Codec,
        requests: Any,
    ) -> None:
        self._reactor = reactor
        self._library = reactor.library
        self._loop = asyncio.get_running_loop()
        self._connection = connection  # keeps it from being closed by its collection
        self.method = method
        self.cardinality = cardinality
        self._codec = codec
        self._requests = requests
        self._inbox: Inbox | None = None
        self._outbox: Outbox | None = None
        self._starting: asyncio.Task[None] | None = None
        self._is_closed = False
        self._is_stream = cardinality.streams_responses
        self._status: StatusCode | None = None
        self._ended = False
        self._failure: tuple[int, dict[str, Any]] | None = None
        self._response: Any = _NOT_READ
        self._headers: Metadata | None = None
        self._trailers: Metadata | None = None

    def start(self, stream: Handle) -> None:
        """Begins with a stream that is open."""
        self._stream = stream
        self._inbox = Inbox(self._reactor, stream, self.cardinality.streams_responses)
        self._outbox = Outbox(self._reactor, stream)
        if self._requests is not None:
            self._writer = self._loop.create_task(
                write_requests(self._inbox, self._outbox, self._requests, self._codec)
            )

    def start_later(self, opening: Callable[[], Awaitable[Handle]]) -> None:
        """Begins when there is a stream; what is wanted before waits for it."""

        async def open_and_start() -> None:
            try:
                stream = await opening()
            except PygrpcError as error:
                self._failure = (_code_of(error), error.info)
                self._ended = True
                return
            if not self._is_closed:
                self.start(stream)

        self._starting = self._loop.create_task(open_and_start())

    def _require_loop(self) -> None:
        # Its futures and completions are another loop's: to wait for them here would have no end.
        if asyncio.get_running_loop() is not self._loop:
            raise StateError(f"this call of {self.method} belongs to another event loop")

    async def _started(self) -> tuple[Handle, Inbox, Outbox]:
        self._require_loop()
        if self._starting is not None:
            # Whether it ends by itself or by cancel(); it goes on where who waits is cancelled.
            await asyncio.wait({self._starting})
            if not self._starting.cancelled():
                self._starting.result()  # raises what says nothing of the call, such as a TypeError
            self._starting = None
        if self._inbox is None and self._failure is not None:
            raise make_error(*self._failure)
        if self._stream is None or self._inbox is None or self._outbox is None:
            raise ClosedError(f"this call of {self.method} is closed")
        return self._stream, self._inbox, self._outbox

    # ---- Responses

    def __aiter__(self) -> Call:
        return self

    async def __anext__(self) -> Any:
        message = await self._receive(None)
        if message is _END:
            raise StopAsyncIteration
        return message

    async def read(self, timeout: float | None = None) -> Any:
        """The next response.

        Raises:
            EOFError: there are no more.
            TimeoutError: none came within so many seconds; nothing is lost, read again.
            RpcError: the RPC ended with a status other than OK.
        """
        message = await self._receive(timeout)
        if message is _END:
            raise EOFError(f"{self.method} has no more responses")
        return message

    async def response(self, timeout: float | None = None) -> Any:
        """The one response of a method that does not stream responses; the same each time.

        Raises:
            TimeoutError: it did not come within so many seconds; ask again.
            RpcError: the RPC ended with a status other than OK.
            InvalidCardinalityError: the method streams its responses.
        """
        if self.cardinality.streams_responses:
            raise InvalidCardinalityError(f"{self.method} streams its responses: iterate the call")
        if self._response is _NOT_READ:
            await self._receive(timeout)
        return self._response

    def __await__(self) -> Any:
        return self.response().__await__()

    async def _receive(self, timeout: float | None) -> Any:
        """The next response, or _END."""
        self._require_loop()
        if self._failure is not None:
            raise make_error(*self._failure)
        if self._ended:
            return _END
        inbox = self._inbox
        if inbox is None or self._stream is None:
            _, inbox, _ = await self._started()
        if not inbox.has_one():
            seconds = seconds_of(timeout)
            inbox.ask()
            await self._or_cancel(inbox.wait(seconds))
            if not inbox.has_one():
                raise TimeoutError(f"no response of {self.method} within {timeout} s")
        code, data = inbox.take()
        if code == OK:
            if self._is_stream:
                # Once half is taken, for to ask costs more than to take. What may fail here will
                # fail for the next read too.
                if inbox.has_room():
                    with contextlib.suppress(PygrpcError):
                        inbox.ask()
                return self._codec.decode(data)
            self._response = self._codec.decode(data)
            self._end(StatusCode.OK)
            return self._response
        if code == END:
            self._end(StatusCode.OK)
            if inbox.failure is not None:
                raise _take_failure(inbox)
            return _END
        raise self._noted(code, decode_message(data), inbox)

    def _noted(self, code: int, info: dict[str, Any], inbox: Inbox) -> BaseException:
        """What to raise for an error, of which it keeps that it ended the RPC."""
        error = make_error(code, info)
        if code not in FINAL:
            return error
        self._end(error.code if isinstance(error, RpcError) else None)
        self._failure = (code, info)
        return error if inbox.failure is None else _take_failure(inbox)

    def _end(self, status: StatusCode | None) -> None:
        self._ended = True
        self._status = status
        self._stop_writer()

    async def _or_cancel(self, waiting: Awaitable[Any]) -> Any:
        """Waits. If the task is cancelled meanwhile, so is the RPC."""
        try:
            return await waiting
        except asyncio.CancelledError:
            self.cancel()
            raise

    # ---- Requests

    async def write(self, message: Any, timeout: float | None = None) -> bool:
        """Sends a request, once the one before has left.

        Returns False if the server has ended the RPC and takes no more: read for the result.

        Raises:
            TimeoutError: the one before has not left within so many seconds; this one is not taken.
            StateError: after half_close(), or the method does not stream requests.
        """
        _, _, outbox = await self._started()
        if self._requests is not None:
            raise StateError(f"the requests of this call of {self.method} come from an iterable")
        data = self._codec.encode(message)
        seconds = seconds_of(timeout)
        try:
            taken: bool = await self._or_cancel(outbox.write(data, seconds))
        except TimeoutError:
            raise TimeoutError(f"{self.method} took no request within {timeout} s") from None
        return taken

    async def half_close(self) -> None:
        """Tells the server that no more requests follow."""
        _, _, outbox = await self._started()
        await self._or_cancel(outbox.half_close())

    # ---- Metadata, status and more

    async def headers(self, timeout: float | None = None) -> Metadata:
        """The server's initial metadata, for which it waits.

        Raises:
            TimeoutError: they did not come within so many seconds; ask again.
        """
        if self._headers is None:
            stream, inbox, _ = await self._started()
            # Without a read under way nothing would arrive.
            if not self._ended:
                inbox.ask()
            function = self._library.stream_headers
            self._headers = await self._metadata(stream, function, timeout, "headers")
        return self._headers

    async def trailers(self) -> Metadata:
        """The server's trailing metadata, which come behind the last response.

        Of a method that does not stream responses it waits for them.

        Raises:
            StateError: there may be responses to be read yet.
        """
        if self._trailers is None:
            stream, _, _ = await self._started()
            if not self._ended and not self.cardinality.streams_responses:
                await self._receive(None)
            if not self._ended:
                raise StateError(f"{self.method}: the trailers come after the last response")
            function = self._library.stream_trailers
            self._trailers = await self._metadata(stream, function, None, "trailers")
        return self._trailers

    async def _metadata(
        self, stream: Handle, function: Callable[..., int], timeout: float | None, what: str
    ) -> Metadata:
        seconds = seconds_of(timeout)
        deadline = None if seconds is None else self._loop.time() + seconds
        look = _FIRST_LOOK
        out = borrow(self._library)
        while True:
            code = function(stream.pointer, 0, out.text, out.size, out.error)
            if code != PENDING:
                break
            if deadline is not None and self._loop.time() >= deadline:
                raise TimeoutError(f"no {what} of {self.method} within {timeout} s")
            await self._or_cancel(asyncio.sleep(look))
            look = min(look * 2, _LAST_LOOK)
        if code < OK:
            raise out.take_error(code)
        data = out.take()
        give_back(self._library, out)
        return metadata_from_json(decode_message(data))

    async def info(self) -> dict[str, Any]:
        """What is known of the RPC so far: peer, headers, status, counts, times and more.

        The names are those of pygrpc_stream_info() in pygrpc.h.
        """
        stream, _, _ = await self._started()
        return read_info(self._library, stream)

    @property
    def status(self) -> StatusCode | None:
        """How the RPC ended; None until that was read."""
        return self._status

    # ---- End

    def cancel(self) -> None:
        """Cancels the RPC; who is reading gets an RpcError with the code CANCELLED."""
        if self._stream is not None:
            self._library.stream_cancel(self._stream.pointer, None)
            if self._inbox is not None:
                self._inbox.drop()
        elif self._starting is not None and not self._ended and not self._is_closed:
            self._failure = (ErrorCode.E_STATUS, _cancelled_before_start(self.method))
            self._end(StatusCode.CANCELLED)
            with contextlib.suppress(RuntimeError):  # the loop is closed, and runs nothing
                self._loop.call_soon_threadsafe(self._starting.cancel)

    def close(self) -> None:
        """Cancels the RPC if it has not ended, and frees what it holds. May be repeated."""
        self._is_closed = True
        stream, self._stream = self._stream, None
        self._stop_writer()
        if stream is not None and not self._ended:
            self._library.stream_cancel(stream.pointer, None)

    def _stop_writer(self) -> None:
        writer = self._writer
        if writer is not None and not writer.done():
            with contextlib.suppress(RuntimeError):  # the loop is closed, and runs nothing
                # The collection of a Call may happen in any thread.
                self._loop.call_soon_threadsafe(writer.cancel)

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        if self._writer is not None:
            # So that what the iterable has to do at its end is done.
            await asyncio.wait({self._writer})

    def __del__(self) -> None:
        if self._stream is not None:
            self.close()

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "in progress"
        if self._status is not None:
            state = self._status.name
        return f"<pygrpc.aio.Call {self.method} {state}>"


def _cancelled_before_start(method: str) -> dict[str, Any]:
    """What the library would say, had it been given the call already."""
    status = StatusCode.CANCELLED
    return {
        "code": int(ErrorCode.E_STATUS),
        "name": ErrorCode.E_STATUS.name,
        "message": f"{method}: {status.name}: cancelled before the call was started",
        "status": int(status),
        "statusName": status.name,
        "statusMessage": "cancelled before the call was started",
        "reason": "cancelled",
        "method": method,
        "retriable": False,
    }


def _take_failure(inbox: Inbox) -> BaseException:
    """What the iterable raised, once."""
    failure, inbox.failure = inbox.failure, None
    assert failure is not None
    return failure


def _code_of(error: PygrpcError) -> int:
    return ErrorCode.E_STATUS if isinstance(error, RpcError) else error.code
