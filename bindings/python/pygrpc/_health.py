# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The server's health service."""

from __future__ import annotations

from ctypes import byref
from typing import Any

from pygrpc._base import Connection
from pygrpc._codec import JSON, Codec, decode_message, encode_options
from pygrpc._handles import Handle, c_text, call, call_for_text

WATCH = "/grpc.health.v1.Health/Watch"


def _status(data: bytes) -> str:
    status: str = decode_message(data)["status"]
    return status


# The responses of health_watch() are the status alone.
STATUS = Codec(JSON.encode, _status)


def ask_health(connection: Connection, service: str | None, options: dict[str, Any]) -> str:
    """The status of a service, or of the server. Waits for the answer."""
    client = connection.require_handle()
    data = call_for_text(
        connection.library,
        connection.library.health,
        client.pointer,
        None if service is None else c_text(service, "service"),
        encode_options(options) if options else None,
    )
    return _status(data)


def open_watch(
    connection: Connection, service: str | None, options: dict[str, Any], queue: Handle | None
) -> Handle:
    """A stream of what becomes of it."""
    client = connection.require_handle()
    stream = Handle(connection.library.stream_free)
    call(
        connection.library,
        connection.library.health_watch,
        client.pointer,
        None if service is None else c_text(service, "service"),
        encode_options(options) if options else None,
        None if queue is None else queue.pointer,
        byref(stream.pointer),
    )
    return stream
