# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The exceptions, and the codes that they carry."""

from __future__ import annotations

import base64
from concurrent.futures import CancelledError as _FutureCancelledError
from typing import Any, Dict, List, Mapping, Sequence, Union

from pygrpc._api import ErrorCode, StatusCode

# What a server or client sends besides messages: "-bin" keys have bytes, all others text.
Metadata = Dict[str, List[Union[str, bytes]]]


class LibraryError(ImportError):
    """libpygrpc was not found, or is not fit for this package.

    Attributes:
        searched: every place that was tried, and what was found there.
    """

    def __init__(self, message: str, searched: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.searched = list(searched)


class PygrpcError(Exception):
    """Any failure of a client or a call. str() is one line that says what, where, what instead.

    Attributes:
        message: that line.
        code: an ErrorCode; of an RpcError, its StatusCode.
        info: everything that the library knows of the failure, under the names of pygrpc.h.
    """

    code: ErrorCode | StatusCode = ErrorCode.E_INTERNAL

    def __init__(self, message: str, info: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.info: dict[str, Any] = dict(info or {})

    def __str__(self) -> str:
        return self.message

    @property
    def name(self) -> str:
        """The name of the code, such as "E_OPTION" or, of an RpcError, "NOT_FOUND"."""
        return self.code.name

    @property
    def method(self) -> str | None:
        """The method called, such as "/helloworld.Greeter/SayHello"."""
        return self.info.get("method")

    @property
    def path(self) -> str | None:
        """The place in the message, such as "$.items[3].name"."""
        return self.info.get("path")

    @property
    def offset(self) -> int | None:
        """The place in the JSON text or in the wire bytes, counted in bytes."""
        return self.info.get("offset")

    @property
    def expected(self) -> str | None:
        """What should have stood there."""
        return self.info.get("expected")

    @property
    def found(self) -> str | None:
        """What did stand there."""
        return self.info.get("found")

    @property
    def locations(self) -> list[dict[str, Any]]:
        """A schema's faults: file, line, column and message of each."""
        return list(self.info.get("locations", ()))

    @property
    def searched(self) -> list[str]:
        """The places looked at for a schema's file."""
        return list(self.info.get("searched", ()))

    @property
    def candidates(self) -> list[str]:
        """What an ambiguous name may mean."""
        return list(self.info.get("candidates", ()))

    @property
    def near(self) -> list[str]:
        """Known names that resemble an unknown one."""
        return list(self.info.get("near", ()))

    @property
    def retriable(self) -> bool:
        """Whether the same call may succeed later."""
        return bool(self.info.get("retriable", False))


class ArgumentError(PygrpcError, ValueError):
    """An argument that cannot be used at all, such as a method's name with a NUL in it."""

    code = ErrorCode.E_ARGUMENT


class OptionError(PygrpcError, ValueError):
    """An unknown option, or a bad value of one."""

    code = ErrorCode.E_OPTION


class SchemaError(PygrpcError):
    """A schema that cannot be loaded; see searched and locations."""

    code = ErrorCode.E_SCHEMA


class NotFoundError(PygrpcError, LookupError):
    """No such method or type in the schema; see near."""

    code = ErrorCode.E_NOT_FOUND


class AmbiguousError(PygrpcError, LookupError):
    """A short name that several methods or types have; see candidates."""

    code = ErrorCode.E_AMBIGUOUS


class InvalidCardinalityError(PygrpcError, TypeError):
    """The method streams where the call does not, or the reverse."""

    code = ErrorCode.E_CARDINALITY


class JsonError(PygrpcError, ValueError):
    """A value that does not fit the message, or a message without a JSON form; see path."""

    code = ErrorCode.E_JSON


class WireError(PygrpcError, ValueError):
    """Bytes that are no valid message."""

    code = ErrorCode.E_WIRE


class StateError(PygrpcError):
    """Not now: a write after half-close, a second reader, a call on a client without a target."""

    code = ErrorCode.E_STATE


class ClosedError(PygrpcError):
    """The client or the call is closed."""

    code = ErrorCode.E_CLOSED


class ForkedError(PygrpcError):
    """An RPC in a child of a process that had used gRPC before it forked."""

    code = ErrorCode.E_FORKED


class OutOfMemoryError(PygrpcError, MemoryError):
    """Memory ran out."""

    code = ErrorCode.E_NO_MEMORY


class RpcError(PygrpcError):
    """The RPC ended with a status other than OK."""

    code: StatusCode = StatusCode.UNKNOWN

    def __init__(self, message: str, info: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, info)
        self.code = StatusCode(self.info.get("status", StatusCode.UNKNOWN))

    @property
    def status_message(self) -> str:
        """The status's message as the server gave it."""
        return str(self.info.get("statusMessage", ""))

    @property
    def details(self) -> list[Any]:
        """The google.rpc details of the status, each with its type under "@type"."""
        return list(self.info.get("details", ()))

    @property
    def trailers(self) -> Metadata:
        """The server's trailing metadata."""
        return metadata_from_json(self.info.get("trailers", {}))


class RpcTimeoutError(RpcError, TimeoutError):
    """DEADLINE_EXCEEDED."""


class RpcCancelledError(RpcError, _FutureCancelledError):
    """CANCELLED."""


class RpcUnavailableError(RpcError, ConnectionError):
    """UNAVAILABLE."""


_CLASSES: dict[int, type[PygrpcError]] = {
    int(error.code): error
    for error in (
        ArgumentError,
        OptionError,
        SchemaError,
        NotFoundError,
        AmbiguousError,
        InvalidCardinalityError,
        JsonError,
        WireError,
        StateError,
        ClosedError,
        ForkedError,
        OutOfMemoryError,
    )
}

_STATUS_CLASSES: dict[int, type[RpcError]] = {
    StatusCode.DEADLINE_EXCEEDED: RpcTimeoutError,
    StatusCode.CANCELLED: RpcCancelledError,
    StatusCode.UNAVAILABLE: RpcUnavailableError,
}


def make_error(code: int, info: Mapping[str, Any]) -> PygrpcError:
    """The exception for a code and the JSON of an error."""
    kind: type[PygrpcError]
    if code == ErrorCode.E_STATUS:
        kind = _STATUS_CLASSES.get(info.get("status", StatusCode.UNKNOWN), RpcError)
    else:
        kind = _CLASSES.get(code, PygrpcError)
    return kind(str(info.get("message", "")) or f"error {code}", info)


def metadata_from_json(metadata: Mapping[str, Sequence[str]]) -> Metadata:
    """Metadata as the library writes them: "-bin" values are base64."""
    return {
        key: [base64.b64decode(value) for value in values] if key.endswith("-bin") else list(values)
        for key, values in metadata.items()
    }
