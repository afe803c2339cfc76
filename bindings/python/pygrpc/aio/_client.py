# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The client for asyncio."""

from __future__ import annotations

import os
from typing import Any, AsyncIterable, Iterable, Union

from pygrpc._base import ABSENT, BaseClient, Cardinality, Request, Source
from pygrpc._handles import Handle
from pygrpc._health import STATUS, WATCH, ask_health, open_watch
from pygrpc.aio._call import Call
from pygrpc.aio._mailbox import collect, receive_one
from pygrpc.aio._reactor import Reactor, running_reactor
from pygrpc.aio._threads import in_thread

Requests = Union[Iterable[Any], AsyncIterable[Any]]


class Client(BaseClient):
    """A target and a schema, to call methods by name, for asyncio.

    It is made as pygrpc.Client is, has the same methods, and takes requests in the same two forms;
    what waits is awaited. Its calls belong to the event loop that they are made in. Any number of
    tasks may use it.
    """

    _takes_async_iterables = True

    # ---- Schema

    async def load(self, source: Source, /, **options: Any) -> None:
        """Adds to the schema; see pygrpc.Client.load().

        Raises:
            SchemaError: it cannot be loaded; see its searched and locations.
        """
        if isinstance(source, (str, os.PathLike)):
            name = os.fspath(source)
            await in_thread(lambda: self._load_named(name, options))
        else:
            self._load_value(source, options)

    # ---- Calls

    async def unary_unary(self, method: str, request: Any = ABSENT, /, **keywords: Any) -> Any:
        """Calls a method with one request, and returns its one response.

        The deadline is 10 s unless the option timeout says otherwise.
        """
        prepared = self._request(method, Cardinality.UNARY_UNARY, request, keywords)
        reactor = running_reactor()
        stream = await self._open(reactor, method, Cardinality.UNARY_UNARY, prepared)
        return await receive_one(reactor, stream, prepared.codec)

    def unary_stream(self, method: str, request: Any = ABSENT, /, **keywords: Any) -> Call:
        """Calls a method with one request; iterate the result for its responses."""
        return self._start(method, Cardinality.UNARY_STREAM, request, keywords)

    async def stream_unary(self, method: str, requests: Requests, /, **options: Any) -> Any:
        """Calls a method with the requests of an iterable, and returns its one response.

        The iterable is run as fast as the server takes requests, and no further once the server has
        answered.
        """
        prepared = self._request(method, Cardinality.STREAM_UNARY, requests, options)
        reactor = running_reactor()
        stream = await self._open(reactor, method, Cardinality.STREAM_UNARY, prepared)
        return await collect(reactor, stream, prepared.requests, prepared.codec)

    def stream_stream(
        self, method: str, requests: Requests | None = None, /, **options: Any
    ) -> Call:
        """Calls a method with many requests and many responses; iterate the result for the latter.

        A task runs the iterable, as fast as the server takes requests; what it raises is raised to
        the reader. Without one, use write() and half_close() of the result.
        """
        given = ABSENT if requests is None else requests
        return self._start(method, Cardinality.STREAM_STREAM, given, options)

    async def request(self, method: str, request: Any = ABSENT, /, **keywords: Any) -> Any:
        """Calls a method of any cardinality: one of the four above, by what the method is.

        Returns the response or, where the method streams them, the Call.
        """
        cardinality = await self.cardinality(method)
        if cardinality is Cardinality.UNARY_UNARY:
            return await self.unary_unary(method, request, **keywords)
        if cardinality is Cardinality.UNARY_STREAM:
            return self.unary_stream(method, request, **keywords)
        if request is ABSENT:
            raise TypeError(f"{method} takes a stream of requests: give an iterable of them")
        if cardinality is Cardinality.STREAM_UNARY:
            return await self.stream_unary(method, request, **keywords)
        return self.stream_stream(method, request, **keywords)

    async def call(self, method: str, request: Any = ABSENT, /, **keywords: Any) -> Call:
        """Starts a call of any cardinality: the way to headers and trailers of every method.

        Where the method streams requests, an iterable of them may be given; without one, use
        write() and half_close() of the result.
        """
        return self._start(method, await self.cardinality(method), request, keywords)

    async def cardinality(self, method: str, /) -> Cardinality:
        """The cardinality of a method."""
        if self._connection.has_schema:
            return self._find_cardinality(method)
        return await in_thread(lambda: self._find_cardinality(method))

    async def _open(
        self, reactor: Reactor, method: str, cardinality: Cardinality, request: Request
    ) -> Handle:
        connection, queue = self._connection, reactor.queue
        data, options = request.data, request.options
        if connection.has_schema:
            return connection.open(method, cardinality, data, options, queue)
        # The first call may begin with reflection, which waits.
        return await in_thread(lambda: connection.open(method, cardinality, data, options, queue))

    def _start(
        self, method: str, cardinality: Cardinality, request: Any, keywords: dict[str, Any]
    ) -> Call:
        connection = self._connection
        prepared = self._request(method, cardinality, request, keywords)
        reactor = running_reactor()
        call = Call(reactor, connection, method, cardinality, prepared.codec, prepared.requests)
        if connection.has_schema:
            options = prepared.options
            call.start(connection.open(method, cardinality, prepared.data, options, reactor.queue))
        else:
            call.start_later(lambda: self._open(reactor, method, cardinality, prepared))
        return call

    # ---- Health

    async def health(self, service: str | None = None, /, **options: Any) -> str:
        """What the server says of a service, or of itself: "SERVING", "NOT_SERVING", "UNKNOWN".

        Raises:
            RpcError: NOT_FOUND if it does not know the service, UNIMPLEMENTED if it has no health
                service.
        """
        given = {**self._options, **options}
        return await in_thread(lambda: ask_health(self._connection, service, given))

    def health_watch(self, service: str | None = None, /, **options: Any) -> Call:
        """A stream of the same, beginning with the status now: iterate it for each change."""
        reactor = running_reactor()
        given = {**self._options, **options}
        stream = open_watch(self._connection, service, given, reactor.queue)
        call = Call(reactor, self._connection, WATCH, Cardinality.UNARY_STREAM, STATUS, None)
        call.start(stream)
        return call

    # ---- Connection

    async def wait_ready(self, timeout: float | None = None) -> None:
        """Connects if need be and waits until the connection is ready.

        Raises:
            TimeoutError: it is not within so many seconds.
        """
        stopped = False

        try:
            await in_thread(lambda: self._wait_ready(timeout, lambda: stopped))
        finally:
            stopped = True

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
