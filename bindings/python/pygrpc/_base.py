# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What the clients with and without asyncio have in common."""

from __future__ import annotations

import enum
import importlib
import os
from ctypes import byref, c_int32
from types import ModuleType
from typing import Any, Callable, Iterable, NamedTuple, Protocol, Sequence, TypeVar, Union

from pygrpc._api import CARDINALITIES, OK, PENDING, ChannelState
from pygrpc._codec import BINARY, JSON, Codec, decode_message, encode_options
from pygrpc._errors import ClosedError, SchemaError
from pygrpc._handles import (
    Handle,
    borrow,
    c_text,
    call,
    call_for_text,
    give_back,
    seconds_of,
    wait,
)
from pygrpc._library import Library, get_library
from pygrpc._schema import descriptor_set, file_descriptor

# Python's own defaults: every field that has a value is an attribute of its message, and integers
# are integers.
_DEFAULTS = {"print_defaults": True, "int64_numbers": True}

ABSENT: Any = object()


class Cardinality(enum.IntEnum):
    """How many messages go up, and how many come down."""

    UNARY_UNARY = CARDINALITIES["UNARY_UNARY"]
    UNARY_STREAM = CARDINALITIES["UNARY_STREAM"]
    STREAM_UNARY = CARDINALITIES["STREAM_UNARY"]
    STREAM_STREAM = CARDINALITIES["STREAM_STREAM"]

    @property
    def streams_requests(self) -> bool:
        """Whether there are many requests."""
        return self >= Cardinality.STREAM_UNARY

    @property
    def streams_responses(self) -> bool:
        """Whether there are many responses."""
        return self in (Cardinality.UNARY_STREAM, Cardinality.STREAM_STREAM)


# A plain integer, for each call looks at it.
_STREAM_UNARY = CARDINALITIES["STREAM_UNARY"]


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
    if not isinstance(target, str):
        raise TypeError(f"target: a str is wanted, not a {type(target).__qualname__}")
    # An IPv6 address has colons itself.
    return f"[{target}]:{port}" if ":" in target and target[0] != "[" else f"{target}:{port}"


class Connection:
    """What a client and those that with_options() makes of it share."""

    def __init__(self, target: str | None, options: dict[str, Any]) -> None:
        self.library: Library = get_library()
        self.target = target
        self.handle: Handle | None = None
        # Whether a call is sure not to begin with reflection, which waits for the network.
        self.has_schema = False
        # Names of methods that were called, as the library takes them.
        self.methods: dict[str, bytes] = {}
        handle = Handle(self.library.client_free)
        call(
            self.library,
            self.library.client_new,
            None if target is None else c_text(target, "target"),
            encode_options(options),
            byref(handle.pointer),
        )
        self.handle = handle

    def require_handle(self) -> Handle:
        """The library's client."""
        if self.handle is None:
            raise ClosedError(f"the client of {self.target} is closed")
        return self.handle

    def open(
        self,
        method: str,
        cardinality: Cardinality,
        data: bytes | None,
        options: dict[str, Any],
        queue: Handle | None,
    ) -> Handle:
        """Starts a call. Waits for the network only if there is no schema yet."""
        client = self.require_handle()
        try:
            name = self.methods.get(method)
        except TypeError:  # not hashable
            name = c_text(method, "method")
        is_new = name is None
        if name is None:
            name = c_text(method, "method")
        stream = Handle(self.library.stream_free)
        call(
            self.library,
            self.library.stream_open,
            client.pointer,
            name,
            cardinality,
            data,
            0 if data is None else len(data),
            encode_options(options) if options else None,
            None if queue is None else queue.pointer,
            byref(stream.pointer),
        )
        if is_new:
            self.has_schema = True
            # Names come from programs; whatever else is called must not pile up.
            if len(self.methods) < 10000:
                self.methods[method] = name
        return stream


class Request(NamedTuple):
    """What a call is to send, how to encode it, and its options."""

    options: dict[str, Any]
    codec: Codec
    data: bytes | None
    requests: Any  # an iterable, or None


Source = Union[
    str, "os.PathLike[str]", bytes, bytearray, memoryview, ModuleType, FileDescriptor, "BaseClient"
]

_Self = TypeVar("_Self", bound="BaseClient")


class BaseClient:
    """A target and a schema."""

    _takes_async_iterables = False

    def __init__(self, target: str | None, port: int | None = None, /, **options: Any) -> None:
        given = {key: value for key, value in options.items() if value is not None}
        self._connection = Connection(_target(target, port), {**_DEFAULTS, **given})
        self._client_codec: str = given.get("codec", "json")
        self._options: dict[str, Any] = {}

    def with_options(self: _Self, /, **options: Any) -> _Self:
        """The same client, whose calls have other options unless they say otherwise.

        It shares the connection and the schema; closing one closes both.
        """
        client = object.__new__(type(self))
        client._connection = self._connection
        client._client_codec = self._client_codec
        client._options = {**self._options, **options}
        return client

    # ---- Schema

    def load_proto(self, filename: str, text: str | bytes, /) -> None:
        """Loads the text of a .proto file under the name that others import it by.

        Raises:
            SchemaError: it cannot be loaded. If that is only for want of what it imports, the text
                is kept, and joins the schema by itself when that arrives.
        """
        connection = self._connection
        # Half of a surrogate pair is left to the library, which tells its place.
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        if not isinstance(data, bytes):
            raise TypeError(f"{filename}: a text is wanted, not a {type(text).__qualname__}")
        handle = connection.require_handle()
        name = c_text(filename, "file name")
        library = connection.library
        call(library, library.load_proto, handle.pointer, name, data, len(data))
        connection.has_schema = True

    def load_client(self, other: BaseClient, /) -> None:
        """Loads all that another client has loaded."""
        connection = self._connection
        handle = connection.require_handle()
        other_handle = other._connection.require_handle()
        library = connection.library
        call(library, library.load_client, handle.pointer, other_handle.pointer)
        connection.has_schema = connection.has_schema or other._connection.has_schema

    def _load_value(self, source: Any, options: dict[str, Any]) -> None:
        """Loads what is neither a name nor a path."""
        if options:
            raise TypeError(f"only names and paths take options, such as {next(iter(options))}")
        if isinstance(source, BaseClient):
            self.load_client(source)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            self._load_descriptor_set(bytes(source))
        else:
            self._load_descriptor_set(descriptor_set(file_descriptor(source)))

    def _load_descriptor_set(self, data: bytes) -> None:
        connection = self._connection
        handle = connection.require_handle()
        library = connection.library
        call(library, library.load_descriptor_set, handle.pointer, data, len(data))
        connection.has_schema = True

    def _load_named(self, name: str, options: dict[str, Any]) -> None:
        connection = self._connection
        handle = connection.require_handle()
        source = c_text(name, "source")
        if isinstance(options.get("proto_path"), (str, os.PathLike)):
            options = {**options, "proto_path": [options["proto_path"]]}
        encoded = encode_options(options) if options else None
        library = connection.library
        try:
            call(library, library.load, handle.pointer, source, encoded)
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

    def _find_cardinality(self, method: str) -> Cardinality:
        connection = self._connection
        handle = connection.require_handle()
        name = c_text(method, "method")
        cardinality = c_int32()
        library = connection.library
        call(library, library.method_cardinality, handle.pointer, name, byref(cardinality))
        connection.has_schema = True
        return Cardinality(cardinality.value)

    # ---- Calls

    def _request(
        self, method: str, cardinality: Cardinality, request: Any, keywords: dict[str, Any]
    ) -> Request:
        """What the arguments of a call mean."""
        options = self._options
        if cardinality >= _STREAM_UNARY:
            options = {**options, **keywords}
            requests = None if request is ABSENT else self._requests_of(method, request)
            return Request(options, self._codec(options), None, requests)
        if request is ABSENT:
            request = keywords
        else:
            options = {**options, **keywords} if keywords else options
        codec = self._codec(options)
        return Request(options, codec, codec.encode(request), None)

    def _requests_of(self, method: str, requests: Any) -> Iterable[Any]:
        """The requests, if they are an iterable of messages and not a message."""
        is_iterable = hasattr(requests, "__iter__")
        is_async = not is_iterable and hasattr(requests, "__aiter__")
        if isinstance(requests, (dict, str, bytes, bytearray)) or not (
            is_iterable or (is_async and self._takes_async_iterables)
        ):
            hint = "; pygrpc.aio takes asynchronous ones" if is_async else ""
            raise TypeError(
                f"{method} takes a stream of requests: give an iterable of them, "
                f"not a {type(requests).__qualname__}{hint}"
            )
        iterable: Iterable[Any] = requests
        return iterable

    def _codec(self, options: dict[str, Any]) -> Codec:
        return BINARY if options.get("codec", self._client_codec) == "binary" else JSON

    # ---- Conversion

    def json_to_binary(self, type_name: str, message: Any, /, **options: Any) -> bytes:
        """The wire format of a message of the type with this full name."""
        return self._convert("json_to_binary", type_name, JSON.encode(message), options)

    def binary_to_json(
        self, type_name: str, data: bytes | bytearray | memoryview, /, **options: Any
    ) -> Any:
        """The message of the type with this full name that is in wire format in the bytes."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"{type_name}: bytes are wanted, not a {type(data).__qualname__}")
        return decode_message(self._convert("binary_to_json", type_name, bytes(data), options))

    def _convert(
        self, function: str, type_name: str, data: bytes, options: dict[str, Any]
    ) -> bytes:
        library = self._connection.library
        handle = self._connection.require_handle()
        options = {**self._options, **options}
        return call_for_text(
            library,
            getattr(library, function),
            handle.pointer,
            c_text(type_name, "type"),
            data,
            len(data),
            encode_options(options) if options else None,
        )

    # ---- Connection

    def _wait_ready(self, timeout: float | None, stopped: Callable[[], bool]) -> None:
        library = self._connection.library
        out = borrow(library)

        def step(milliseconds: int) -> int:
            # Anew each time: a client that another thread closes is freed then.
            handle = self._connection.require_handle()
            code: int = library.client_wait_ready(handle.pointer, milliseconds, out.error)
            return OK if stopped() else code

        code = wait(step, seconds_of(timeout))
        if code < OK:
            raise out.take_error(code)
        give_back(library, out)
        if code == PENDING:
            raise TimeoutError(f"{self._connection.target} is not ready within {timeout} s")

    @property
    def state(self) -> ChannelState:
        """The state of the connection."""
        library = self._connection.library
        handle = self._connection.require_handle()
        state = c_int32()
        call(library, library.client_state, handle.pointer, byref(state))
        return ChannelState(state.value)

    @property
    def target(self) -> str | None:
        """Whom it calls."""
        return self._connection.target

    def close(self) -> None:
        """Ends the calls in flight, which raise ClosedError, and frees all. May be repeated."""
        self._connection.handle = None

    def __repr__(self) -> str:
        closed = " (closed)" if self._connection.handle is None else ""
        module = "pygrpc.aio" if ".aio" in type(self).__module__ else "pygrpc"
        return f"<{module}.Client of {self._connection.target}{closed}>"
