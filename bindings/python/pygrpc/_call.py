# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""A call in progress."""

from __future__ import annotations

import threading
from typing import Any, Callable, Iterable, Iterator

from pygrpc._api import END, OK, PENDING, StatusCode
from pygrpc._base import Cardinality
from pygrpc._codec import Codec, decode_message
from pygrpc._errors import (
    ClosedError,
    ForkedError,
    InvalidCardinalityError,
    Metadata,
    PygrpcError,
    RpcError,
    StateError,
    make_error,
    metadata_from_json,
)
from pygrpc._handles import SLICE_MS, Handle, Out, borrow, call, give_back, seconds_of, wait
from pygrpc._info import read_info
from pygrpc._library import Library

_END: Any = object()
_NOT_READ: Any = object()


def receive_one(library: Library, stream: Handle, codec: Codec) -> Any:
    """The one response of a call of which nothing else is wanted."""
    out = borrow(library)
    read, pointer = library.stream_read, stream.pointer
    text, size, error = out.text, out.size, out.error
    try:
        code = read(pointer, SLICE_MS, text, size, error)
        while code == PENDING:
            code = read(pointer, SLICE_MS, text, size, error)
    except BaseException:
        # A signal's handler raised, for Ctrl-C say. Whoever keeps the exception keeps the stream.
        library.stream_cancel(pointer, None)
        raise
    if code != OK:
        raise out.take_error(code)
    data = out.take()
    give_back(library, out)
    return codec.decode(data)


class _Writer:
    """A thread that sends what an iterable yields.

    It knows the handle of the call but not the Call, so that an abandoned Call is collected.
    """

    def __init__(
        self,
        library: Library,
        handle: Handle,
        requests: Iterable[Any],
        encode: Callable[[Any], bytes],
    ) -> None:
        self.failure: BaseException | None = None
        self.stopped = False
        self._library = library
        # A thread that hangs in the iterable must not keep the interpreter from exiting.
        threading.Thread(
            target=self._run,
            args=(handle, iter(requests), encode),
            name="pygrpc-writer",
            daemon=True,
        ).start()

    def _run(self, handle: Handle, requests: Iterator[Any], encode: Callable[[Any], bytes]) -> None:
        try:
            self._write(handle, requests, encode)
        except BaseException as failure:
            self.failure = failure
            # Wakes the reader, which raises it.
            self._library.stream_cancel(handle.pointer, None)

    def take_failure(self) -> BaseException:
        """What the iterable raised, once."""
        failure, self.failure = self.failure, None
        assert failure is not None
        return failure

    def _write(
        self, handle: Handle, requests: Iterator[Any], encode: Callable[[Any], bytes]
    ) -> None:
        library = self._library
        for request in requests:
            data = encode(request)
            code = PENDING
            while code == PENDING:
                if self.stopped:
                    return
                code = call(
                    library, library.stream_write, handle.pointer, data, len(data), SLICE_MS
                )
            if code == END:
                return
        call(library, library.stream_half_close, handle.pointer)


class Call(Iterator[Any]):
    """A call in progress; iterate it for its responses.

    It is used by at most one reader and one writer thread at a time; cancel() and close() may be
    called from any thread. Leaving it early cancels the RPC: a with block does so at its end, and
    otherwise the Call's collection, at once when the last reference goes.

    Attributes:
        method: the method's name, as it was given.
        cardinality: of the method.
    """

    # Here for the end of a Call whose constructor did not come to its end.
    _handle: Handle | None = None
    _writer: _Writer | None = None

    def __init__(
        self,
        library: Library,
        client: object,
        method: str,
        cardinality: Cardinality,
        handle: Handle,
        codec: Codec,
        requests: Iterable[Any] | None,
    ) -> None:
        self._library = library
        self._client = client  # keeps it from being closed by its collection
        self.method = method
        self.cardinality = cardinality
        self._codec = codec
        self._status: StatusCode | None = None
        self._ended = False
        self._failure: tuple[int, dict[str, Any]] | None = None
        self._response: Any = _NOT_READ
        self._headers: Metadata | None = None
        self._trailers: Metadata | None = None
        self._handle = handle
        if requests is not None:
            self._writer = _Writer(library, handle, requests, codec.encode)

    # ---- Responses

    def __iter__(self) -> Call:
        return self

    def __next__(self) -> Any:
        message = self._receive(None)
        if message is _END:
            raise StopIteration
        return message

    def read(self, timeout: float | None = None) -> Any:
        """The next response.

        Raises:
            EOFError: there are no more.
            TimeoutError: none came within so many seconds; nothing is lost, read again.
            RpcError: the RPC ended with a status other than OK.
        """
        message = self._receive(timeout)
        if message is _END:
            raise EOFError(f"{self.method} has no more responses")
        return message

    def response(self, timeout: float | None = None) -> Any:
        """The one response of a method that does not stream responses; the same each time.

        Raises:
            TimeoutError: it did not come within so many seconds; ask again.
            RpcError: the RPC ended with a status other than OK.
            InvalidCardinalityError: the method streams its responses.
        """
        if self.cardinality.streams_responses:
            raise InvalidCardinalityError(f"{self.method} streams its responses: iterate the call")
        if self._response is _NOT_READ:
            self._receive(timeout)
        return self._response

    def _receive(self, timeout: float | None) -> Any:
        """The next response, or _END."""
        if self._failure is not None:
            raise make_error(*self._failure)
        if self._ended:
            return _END
        handle = self._require_handle()
        library = self._library
        out = borrow(library)
        code = self._read(handle, out, timeout)
        if code == OK:
            data = out.take()
            give_back(library, out)
            message = self._codec.decode(data)
            if not self.cardinality.streams_responses:
                self._response = message
                self._end(StatusCode.OK)
            return message
        if code < OK:
            # No variable holds an exception: through its traceback that would be a cycle.
            raise self._noted(code, out.take_error(code))
        give_back(library, out)
        if code == PENDING:
            raise TimeoutError(f"no response of {self.method} within {timeout} s")
        self._end(StatusCode.OK)
        if self._writer is not None and self._writer.failure is not None:
            raise self._writer.take_failure()
        return _END

    def _read(self, handle: Handle, out: Out, timeout: float | None) -> int:
        read, pointer = self._library.stream_read, handle.pointer
        text, size, error = out.text, out.size, out.error
        if timeout is not None:
            return self._wait(lambda ms: read(pointer, ms, text, size, error), timeout)
        try:
            code = read(pointer, SLICE_MS, text, size, error)
            while code == PENDING:
                code = read(pointer, SLICE_MS, text, size, error)
        except BaseException:
            # A signal's handler raised, for Ctrl-C say: as with a generator, that is the end.
            self.cancel()
            raise
        return int(code)

    def _noted(self, code: int, error: PygrpcError) -> BaseException:
        """What to raise for an error, of which it keeps that it ended the RPC.

        Other errors concern one response; the next may be read.
        """
        if not isinstance(error, (RpcError, ClosedError, ForkedError)):
            return error
        self._end(error.code if isinstance(error, RpcError) else None)
        self._failure = (code, error.info)
        if self._writer is not None and self._writer.failure is not None:
            return self._writer.take_failure()
        return error

    def _end(self, status: StatusCode | None) -> None:
        self._ended = True
        self._status = status
        if self._writer is not None:
            self._writer.stopped = True

    # ---- Requests

    def write(self, message: Any, timeout: float | None = None) -> bool:
        """Sends a request, once the one before has left.

        Returns False if the server has ended the RPC and takes no more: read for the result.

        Raises:
            TimeoutError: the one before has not left within so many seconds; this one is not taken.
            StateError: after half_close(), or the method does not stream requests.
        """
        handle = self._require_handle()
        if self._writer is not None:
            raise StateError(f"the requests of this call of {self.method} come from an iterable")
        library = self._library
        data = self._codec.encode(message)
        size = len(data)
        out = borrow(library)
        write, error = library.stream_write, out.error
        code = self._wait(lambda ms: write(handle.pointer, data, size, ms, error), timeout)
        if code < OK:
            raise out.take_error(code)
        give_back(library, out)
        if code == PENDING:
            raise TimeoutError(f"{self.method} took no request within {timeout} s")
        return code == OK

    def half_close(self) -> None:
        """Tells the server that no more requests follow."""
        handle = self._require_handle()
        call(self._library, self._library.stream_half_close, handle.pointer)

    # ---- Metadata and status

    def headers(self, timeout: float | None = None) -> Metadata:
        """The server's initial metadata, for which it waits.

        Raises:
            TimeoutError: they did not come within so many seconds; ask again.
        """
        if self._headers is None:
            self._headers = self._metadata(self._library.stream_headers, timeout, "headers")
        return self._headers

    def trailers(self) -> Metadata:
        """The server's trailing metadata, which come behind the last response.

        Of a method that does not stream responses it waits for them.

        Raises:
            StateError: there may be responses to be read yet.
        """
        if self._trailers is None:
            if not self._ended and not self.cardinality.streams_responses:
                self._receive(None)
            if not self._ended:
                raise StateError(f"{self.method}: the trailers come after the last response")
            self._trailers = self._metadata(self._library.stream_trailers, None, "trailers")
        return self._trailers

    def _metadata(self, function: Callable[..., int], timeout: float | None, what: str) -> Metadata:
        handle = self._require_handle()
        out = borrow(self._library)
        text, size, error = out.text, out.size, out.error
        code = self._wait(lambda ms: function(handle.pointer, ms, text, size, error), timeout)
        if code < OK:
            raise out.take_error(code)
        data = b"" if code == PENDING else out.take()
        give_back(self._library, out)
        if code == PENDING:
            raise TimeoutError(f"no {what} of {self.method} within {timeout} s")
        return metadata_from_json(decode_message(data))

    def info(self) -> dict[str, Any]:
        """What is known of the RPC so far: peer, headers, status, counts, times and more.

        The names are those of pygrpc_stream_info() in pygrpc.h.
        """
        return read_info(self._library, self._require_handle())

    @property
    def status(self) -> StatusCode | None:
        """How the RPC ended; None until that was read."""
        return self._status

    # ---- End

    def _wait(self, step: Callable[[int], int], timeout: float | None) -> int:
        seconds = seconds_of(timeout)  # a bad one does not end the call
        try:
            return wait(step, seconds)
        except BaseException:
            # A signal's handler raised, for Ctrl-C say: as with a generator, that is the end.
            self.cancel()
            raise

    def cancel(self) -> None:
        """Cancels the RPC; who is reading gets an RpcError with the code CANCELLED."""
        handle = self._handle
        if handle is not None:
            self._library.stream_cancel(handle.pointer, None)

    def close(self) -> None:
        """Cancels the RPC if it has not ended, and frees what it holds. May be repeated."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        if self._writer is not None:
            self._writer.stopped = True
        # Another thread that is in a function with the handle keeps it: wake that one up.
        if not self._ended:
            self._library.stream_cancel(handle.pointer, None)

    def _require_handle(self) -> Handle:
        if self._handle is None:
            raise ClosedError(f"this call of {self.method} is closed")
        return self._handle

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "in progress" if self._handle is not None else "closed"
        if self._status is not None:
            state = self._status.name
        return f"<pygrpc.Call {self.method} {state}>"
