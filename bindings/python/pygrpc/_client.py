# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The client."""

from __future__ import annotations

import importlib
import os
import threading
from ctypes import byref, c_int32
from types import ModuleType
from typing import Any, Callable, Iterable, Protocol, Sequence

from pygrpc._api import OK, PENDING, ChannelState
from pygrpc._call import Call, Cardinality
from pygrpc._codec import BINARY, JSON, Codec, decode_message, encode_options
from pygrpc._errors import ClosedError, SchemaError
from pygrpc._handles import Handle, Result, c_text, check, wait
from pygrpc._library import Library, get_library
from pygrpc._schema import descriptor_set, file_descriptor

# Python's own defaults: every field that has a value is an attribute of its message, and integers
# are integers.
_DEFAULTS = {"print_defaults": True, "int64_numbers": True}

_ABSENT: Any = object()


class FileDescriptor(Protocol):
    """What is used of the file descriptors of the protobuf package."""

    @property
    def name(self) -> str: ...

    @property
    def serialized_pb(self) -> bytes: ...

    @property
    def dependencies(self) -> Sequence[Any]: ...


def _target(target: str | None, port: int | None) -> str | None:
    if port is None:
        return target
    if target is None:
        raise TypeError("a port needs a host")
    # An IPv6 address has colons itself.
    return f"[{target}]:{port}" if ":" in target and target[0] != "[" else f"{target}:{port}"


class _Connection:
    """What a client and those that with_options() makes of it share."""

    def __init__(self, target: str | None, options: dict[str, Any]) -> None:
        self.library: Library = get_library()
        self.target = target
        self.handle: Handle | None = None
        # Whether a call is sure not to begin with reflection, which waits for the network.
        self.has_schema = False
        handle = Handle(self.library.client_free)
        error = Handle(self.library.error_free)
        code = self.library.client_new(
            None if target is None else c_text(target, "target"),
            encode_options(options),
            byref(handle.pointer),
            byref(error.pointer),
        )
        check(self.library, code, error)
        self.handle = handle

    def require_handle(self) -> Handle:
        if self.handle is None:
            raise ClosedError(f"the client of {self.target} is closed")
        return self.handle


def _interruptible(work: Callable[[], int]) -> int:
    """Does what cannot be waited for in slices so that Ctrl-C is seen meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    results: list[int] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as failure:
            failures.append(failure)
        finally:
            done.set()

    threading.Thread(target=run, name="pygrpc-load", daemon=True).start()
    done.wait()
    if failures:
        raise failures.pop()
    return results[0]


class Client:
    """A target and a schema, to call methods by name.

    Client('localhost', 50051), Client('localhost:50051'), or any other target of gRPC; Client(None)
    is for schema and conversion only. Nothing is connected before the first call.

    The keywords are options: of the client, and defaults for its calls; see options(). Other than
    in the library, print_defaults and int64_numbers are on by default.

    Every call takes the request in one of two forms. As a value, behind the method's name: the
    keywords are then options of the call. Or as keywords, which are then the fields of the message,
    whatever their names:

        client.unary_unary('SayHello', {'name': 'you'}, timeout=2.5)
        client.unary_unary('SayHello', name='you')
        client.with_options(timeout=2.5).unary_unary('SayHello', name='you')

    A client may be used by any number of threads.
    """

    def __init__(self, target: str | None, port: int | None = None, /, **options: Any) -> None:
        given = {key: value for key, value in options.items() if value is not None}
        self._connection = _Connection(_target(target, port), {**_DEFAULTS, **given})
        self._client_codec: str = given.get("codec", "json")
        self._options: dict[str, Any] = {}

    def with_options(self, /, **options: Any) -> Client:
        """The same client, whose calls have other options unless they say otherwise.

        It shares the connection and the schema; closing one closes both.
        """
        client = object.__new__(type(self))
        client._connection = self._connection
        client._client_codec = self._client_codec
        client._options = {**self._options, **options}
        return client

    # ---- Schema

    def load(
        self,
        source: str
        | os.PathLike[str]
        | bytes
        | bytearray
        | memoryview
        | ModuleType
        | FileDescriptor
        | Client,
        /,
        **options: Any,
    ) -> None:
        """Adds to the schema. Loading the same again is fine; a failure changes nothing.

        The source is one of
            'helloworld_pb2'        helloworld.proto on the proto path or, where there is none, the
                                    generated module of that name, which is imported
            'some/file.proto'       a path, absolute or on the proto path
            'some/directory'        every .proto file below it
            'some/file.binpb'       a descriptor set
            'reflection'            what the server tells of itself
            a module                generated by protoc, such as helloworld_pb2, and what it imports
            bytes                   a serialized FileDescriptorSet
            another client          all that it has loaded

        Names and paths take the options proto_path (a list of directories) and, for reflection,
        timeout and metadata.

        Raises:
            SchemaError: it cannot be loaded; see its searched and locations.
        """
        if isinstance(source, (str, os.PathLike)):
            self._load_named(os.fspath(source), options)
            return
        if options:
            raise TypeError(f"only names and paths take options, such as {next(iter(options))}")
        if isinstance(source, Client):
            self.load_client(source)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            self._load_descriptor_set(bytes(source))
        else:
            self._load_descriptor_set(descriptor_set(file_descriptor(source)))

    def load_proto(self, filename: str, text: str | bytes, /) -> None:
        """Loads the text of a .proto file under the name that others import it by.

        Raises:
            SchemaError: it cannot be loaded. If that is only for want of what it imports, the text
                is kept, and joins the schema by itself when that arrives.
        """
        connection = self._connection
        data = text.encode() if isinstance(text, str) else text
        handle = connection.require_handle()
        error = Handle(connection.library.error_free)
        code = connection.library.load_proto(
            handle.pointer, c_text(filename, "file name"), data, len(data), byref(error.pointer)
        )
        check(connection.library, code, error)
        connection.has_schema = True

    def load_client(self, other: Client, /) -> None:
        """Loads all that another client has loaded."""
        connection = self._connection
        handle = connection.require_handle()
        other_handle = other._connection.require_handle()
        error = Handle(connection.library.error_free)
        code = connection.library.load_client(
            handle.pointer, other_handle.pointer, byref(error.pointer)
        )
        check(connection.library, code, error)
        connection.has_schema = connection.has_schema or other._connection.has_schema

    def _load_descriptor_set(self, data: bytes) -> None:
        connection = self._connection
        handle = connection.require_handle()
        error = Handle(connection.library.error_free)
        code = connection.library.load_descriptor_set(
            handle.pointer, data, len(data), byref(error.pointer)
        )
        check(connection.library, code, error)
        connection.has_schema = True

    def _load_named(self, name: str, options: dict[str, Any]) -> None:
        connection = self._connection
        handle = connection.require_handle()
        source = c_text(name, "source")
        if isinstance(options.get("proto_path"), (str, os.PathLike)):
            options = {**options, "proto_path": [options["proto_path"]]}
        encoded = encode_options(options) if options else None
        error = Handle(connection.library.error_free)

        def load() -> int:
            code: int = connection.library.load(
                handle.pointer, source, encoded, byref(error.pointer)
            )
            return code

        code = _interruptible(load) if name == "reflection" else load()
        try:
            check(connection.library, code, error)
        except SchemaError as not_found:
            # A file that is there and has faults is not to be passed over.
            if not name.endswith("_pb2") or not_found.locations:
                raise
            self._load_generated(name, not_found)
        connection.has_schema = True

    def _load_generated(self, name: str, not_found: SchemaError) -> None:
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            raise SchemaError(
                f"{not_found.message}; and the module {name} cannot be imported: {error}",
                not_found.info,
            ) from error
        self._load_descriptor_set(descriptor_set(file_descriptor(module)))

    # ---- Calls

    def unary_unary(self, method: str, request: Any = _ABSENT, /, **keywords: Any) -> Any:
        """Calls a method with one request, and returns its one response.

        The deadline is 10 s unless the option timeout says otherwise.
        """
        with self._start(method, Cardinality.UNARY_UNARY, request, keywords) as call:
            return call.response()

    def unary_stream(self, method: str, request: Any = _ABSENT, /, **keywords: Any) -> Call:
        """Calls a method with one request; iterate the result for its responses."""
        return self._start(method, Cardinality.UNARY_STREAM, request, keywords)

    def stream_unary(self, method: str, requests: Iterable[Any], /, **options: Any) -> Any:
        """Calls a method with the requests of an iterable, and returns its one response.

        The iterable is run by the calling thread, as fast as the server takes requests, and no
        further once the server has answered.
        """
        iterator = iter(_requests(method, requests))
        with self._start(method, Cardinality.STREAM_UNARY, _ABSENT, options) as call:
            for request in iterator:
                if not call.write(request):
                    break
            else:
                call.half_close()
            return call.response()

    def stream_stream(
        self, method: str, requests: Iterable[Any] | None = None, /, **options: Any
    ) -> Call:
        """Calls a method with many requests and many responses; iterate the result for the latter.

        The iterable is run by a thread of its own, as fast as the server takes requests; what it
        raises is raised to the reader. Without one, use write() and half_close() of the result.
        """
        given = _ABSENT if requests is None else requests
        return self._start(method, Cardinality.STREAM_STREAM, given, options)

    def request(self, method: str, request: Any = _ABSENT, /, **keywords: Any) -> Any:
        """Calls a method of any cardinality: one of the four above, by what the method is."""
        cardinality = self.cardinality(method)
        if cardinality is Cardinality.UNARY_UNARY:
            return self.unary_unary(method, request, **keywords)
        if cardinality is Cardinality.UNARY_STREAM:
            return self.unary_stream(method, request, **keywords)
        if request is _ABSENT:
            raise TypeError(f"{method} takes a stream of requests: give an iterable of them")
        if cardinality is Cardinality.STREAM_UNARY:
            return self.stream_unary(method, request, **keywords)
        return self.stream_stream(method, request, **keywords)

    def call(self, method: str, request: Any = _ABSENT, /, **keywords: Any) -> Call:
        """Starts a call of any cardinality: the way to headers and trailers of every method.

        Where the method streams requests, an iterable of them may be given; without one, use
        write() and half_close() of the result.
        """
        return self._start(method, self.cardinality(method), request, keywords)

    def cardinality(self, method: str, /) -> Cardinality:
        """The cardinality of a method."""
        connection = self._connection
        handle = connection.require_handle()
        name = c_text(method, "method")
        cardinality = c_int32()
        error = Handle(connection.library.error_free)

        def ask() -> int:
            code: int = connection.library.method_cardinality(
                handle.pointer, name, byref(cardinality), byref(error.pointer)
            )
            return code

        code = ask() if connection.has_schema else _interruptible(ask)
        check(connection.library, code, error)
        connection.has_schema = True
        return Cardinality(cardinality.value)

    def _codec(self, options: dict[str, Any]) -> Codec:
        return BINARY if options.get("codec", self._client_codec) == "binary" else JSON

    def _start(
        self, method: str, cardinality: Cardinality, request: Any, keywords: dict[str, Any]
    ) -> Call:
        connection = self._connection
        client = connection.require_handle()
        name = c_text(method, "method")
        options = self._options
        requests: Iterable[Any] | None = None
        data: bytes | None = None
        if cardinality.streams_requests:
            options = {**options, **keywords}
            if request is not _ABSENT:
                requests = _requests(method, request)
        elif request is not _ABSENT:
            options = {**options, **keywords}
        codec = self._codec(options)
        if not cardinality.streams_requests:
            data = codec.encode(keywords if request is _ABSENT else request)
        encoded = encode_options(options) if options else None
        stream = Handle(connection.library.stream_free)
        error = Handle(connection.library.error_free)

        def start() -> int:
            code: int = connection.library.stream_open(
                client.pointer,
                name,
                cardinality,
                data,
                0 if data is None else len(data),
                encoded,
                None,
                byref(stream.pointer),
                byref(error.pointer),
            )
            return code

        code = start() if connection.has_schema else _interruptible(start)
        check(connection.library, code, error)
        connection.has_schema = True
        return Call(connection.library, connection, method, cardinality, stream, codec, requests)

    # ---- Conversion

    def json_to_binary(self, type_name: str, message: Any, /, **options: Any) -> bytes:
        """The wire format of a message of the type with this full name."""
        return self._convert("json_to_binary", type_name, JSON.encode(message), options)

    def binary_to_json(self, type_name: str, data: bytes, /, **options: Any) -> Any:
        """The message of the type with this full name that is in wire format in the bytes."""
        return decode_message(self._convert("binary_to_json", type_name, data, options))

    def _convert(
        self, function: str, type_name: str, data: bytes, options: dict[str, Any]
    ) -> bytes:
        library = self._connection.library
        handle = self._connection.require_handle()
        options = {**self._options, **options}
        result = Result(library)
        code = getattr(library, function)(
            handle.pointer,
            c_text(type_name, "type"),
            data,
            len(data),
            encode_options(options) if options else None,
            *result.out(),
        )
        if code < OK:
            raise result.error(code)
        return result.take()

    # ---- Connection

    def wait_ready(self, timeout: float | None = None) -> None:
        """Connects if need be and waits until the connection is ready.

        Raises:
            TimeoutError: it is not within so many seconds.
        """
        library = self._connection.library
        error = Handle(library.error_free)

        def step(milliseconds: int) -> int:
            # Anew each time: a client that another thread closes is freed then.
            handle = self._connection.require_handle()
            code: int = library.client_wait_ready(
                handle.pointer, milliseconds, byref(error.pointer)
            )
            return code

        if check(library, wait(step, timeout), error) == PENDING:
            raise TimeoutError(f"{self._connection.target} is not ready within {timeout} s")

    @property
    def state(self) -> ChannelState:
        """The state of the connection."""
        library = self._connection.library
        handle = self._connection.require_handle()
        state = c_int32()
        error = Handle(library.error_free)
        check(
            library, library.client_state(handle.pointer, byref(state), byref(error.pointer)), error
        )
        return ChannelState(state.value)

    @property
    def target(self) -> str | None:
        """Whom it calls."""
        return self._connection.target

    def close(self) -> None:
        """Ends the calls in flight, which raise ClosedError, and frees all. May be repeated."""
        self._connection.handle = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = " (closed)" if self._connection.handle is None else ""
        return f"<pygrpc.Client of {self._connection.target}{closed}>"


def _requests(method: str, requests: Any) -> Iterable[Any]:
    """The requests, if they are an iterable of messages and not a message."""
    if isinstance(requests, (dict, str, bytes, bytearray)) or not hasattr(requests, "__iter__"):
        raise TypeError(
            f"{method} takes a stream of requests: give an iterable of them, "
            f"not a {type(requests).__qualname__}"
        )
    iterable: Iterable[Any] = requests
    return iterable


def version() -> str:
    """The version of the library."""
    text: bytes = get_library().version()
    return text.decode()


def options() -> dict[str, list[dict[str, Any]]]:
    """Every option of a client, a call and load: name, type, default, range, help."""
    library = get_library()
    result = Result(library)
    code = library.options_json(*result.out())
    if code < OK:
        raise result.error(code)
    listed: dict[str, list[dict[str, Any]]] = decode_message(result.take())
    return listed
