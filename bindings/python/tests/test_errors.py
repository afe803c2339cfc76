# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import concurrent.futures
import pickle

import pytest

import pygrpc
from pygrpc import ErrorCode, StatusCode
from pygrpc._errors import make_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCode.E_ARGUMENT, pygrpc.ArgumentError),
        (ErrorCode.E_OPTION, pygrpc.OptionError),
        (ErrorCode.E_SCHEMA, pygrpc.SchemaError),
        (ErrorCode.E_NOT_FOUND, pygrpc.NotFoundError),
        (ErrorCode.E_AMBIGUOUS, pygrpc.AmbiguousError),
        (ErrorCode.E_CARDINALITY, pygrpc.InvalidCardinalityError),
        (ErrorCode.E_JSON, pygrpc.JsonError),
        (ErrorCode.E_WIRE, pygrpc.WireError),
        (ErrorCode.E_STATE, pygrpc.StateError),
        (ErrorCode.E_CLOSED, pygrpc.ClosedError),
        (ErrorCode.E_FORKED, pygrpc.ForkedError),
        (ErrorCode.E_NO_MEMORY, pygrpc.OutOfMemoryError),
        (ErrorCode.E_INTERNAL, pygrpc.PygrpcError),
    ],
)
def test_each_code_has_its_class(code: ErrorCode, kind: type[pygrpc.PygrpcError]) -> None:
    error = make_error(code, {"code": code, "message": "why"})
    assert type(error) is kind
    assert error.code is code
    assert error.name == code.name
    assert str(error) == error.message == "why"


@pytest.mark.parametrize("status", [status for status in StatusCode if status])
def test_each_status_has_its_code(status: StatusCode) -> None:
    error = make_error(ErrorCode.E_STATUS, {"message": "why", "status": int(status)})
    assert isinstance(error, pygrpc.RpcError)
    assert error.code is status
    assert error.name == status.name


def test_native_types_match() -> None:
    def of(status: StatusCode) -> pygrpc.PygrpcError:
        return make_error(ErrorCode.E_STATUS, {"message": "why", "status": status})

    assert isinstance(of(StatusCode.DEADLINE_EXCEEDED), TimeoutError)
    assert isinstance(of(StatusCode.CANCELLED), concurrent.futures.CancelledError)
    assert isinstance(of(StatusCode.UNAVAILABLE), ConnectionError)
    assert str(of(StatusCode.DEADLINE_EXCEEDED)) == "why"


def test_everything_is_an_attribute() -> None:
    info = {
        "code": -9,
        "message": "NOT_FOUND: none",
        "status": 5,
        "statusName": "NOT_FOUND",
        "statusMessage": "none",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "R"}],
        "trailers": {"x-a": ["1"], "x-b-bin": ["/w=="]},
        "method": "/p.S/M",
        "path": "$.a",
        "offset": 3,
        "expected": "a number",
        "found": "text",
        "locations": [{"file": "a.proto", "line": 1, "column": 2, "message": "m"}],
        "searched": ["/a"],
        "candidates": ["p.S/M"],
        "near": ["M"],
        "retriable": True,
    }
    error = make_error(ErrorCode.E_STATUS, info)
    assert isinstance(error, pygrpc.RpcError)
    assert error.status_message == "none"
    assert error.details == info["details"]
    assert error.trailers == {"x-a": ["1"], "x-b-bin": [b"\xff"]}
    assert error.info == info
    for name in ("method", "path", "offset", "expected", "found", "locations", "searched"):
        assert getattr(error, name) == info[name]
    for name in ("candidates", "near", "retriable"):
        assert getattr(error, name) == info[name]


def test_what_does_not_apply_is_empty() -> None:
    error = pygrpc.RpcError("why")
    assert error.code is StatusCode.UNKNOWN
    assert (error.status_message, error.details, error.trailers) == ("", [], {})
    assert error.method is None
    assert error.path is None
    assert error.offset is None
    assert error.expected is None
    assert error.found is None
    assert error.locations == []
    assert error.searched == []
    assert error.candidates == []
    assert error.near == []
    assert not error.retriable


@pytest.mark.parametrize("status", [StatusCode.NOT_FOUND, StatusCode.DEADLINE_EXCEEDED])
def test_errors_travel_between_processes(status: StatusCode) -> None:
    error = make_error(ErrorCode.E_STATUS, {"message": "why", "status": status, "near": ["a"]})
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is type(error)
    assert (other.code, other.message, other.near) == (status, "why", ["a"])


def test_native_base_classes() -> None:
    assert issubclass(pygrpc.OptionError, ValueError)
    assert issubclass(pygrpc.NotFoundError, LookupError)
    assert issubclass(pygrpc.InvalidCardinalityError, TypeError)
    assert issubclass(pygrpc.OutOfMemoryError, MemoryError)
    assert issubclass(pygrpc.LibraryError, ImportError)
