# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What pygrpc.h declares. Written by scripts/generate-bindings; do not edit."""

from __future__ import annotations

import enum
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from typing import Any

ABI_VERSION = 1

OK = 0
END = 1
PENDING = 2


class ErrorCode(enum.IntEnum):
    """What kind of failure it is, numbered as in pygrpc.h."""

    E_ARGUMENT = -1
    E_OPTION = -2
    E_SCHEMA = -3
    E_NOT_FOUND = -4
    E_AMBIGUOUS = -5
    E_CARDINALITY = -6
    E_JSON = -7
    E_WIRE = -8
    E_STATUS = -9
    E_STATE = -10
    E_CLOSED = -11
    E_FORKED = -12
    E_NO_MEMORY = -13
    E_INTERNAL = -14


class StatusCode(enum.IntEnum):
    """The status of an RPC, numbered as in gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class ChannelState(enum.IntEnum):
    """The state of a client's connection."""

    IDLE = 0
    CONNECTING = 1
    READY = 2
    TRANSIENT_FAILURE = 3
    SHUTDOWN = 4


CARDINALITIES = {
    "UNARY_UNARY": 1,
    "UNARY_STREAM": 2,
    "STREAM_UNARY": 3,
    "STREAM_STREAM": 4,
}

_handle = c_void_p
_text = c_char_p
_handle_out = _text_out = POINTER(c_void_p)
_size_out = POINTER(c_size_t)
_int32_out = POINTER(c_int32)

# Every function: what it returns and what it takes.
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "pygrpc_version": (_text, ()),
    "pygrpc_abi_version": (c_int32, ()),
    "pygrpc_code_name": (_text, (c_int32,)),
    "pygrpc_options_json": (c_int32, (_text_out, _size_out, _handle_out)),
    "pygrpc_free": (None, (c_void_p,)),
    "pygrpc_error_code": (c_int32, (_handle,)),
    "pygrpc_error_message": (_text, (_handle,)),
    "pygrpc_error_status": (c_int32, (_handle,)),
    "pygrpc_error_json": (_text, (_handle,)),
    "pygrpc_error_free": (None, (_handle,)),
    "pygrpc_client_new": (c_int32, (_text, _text, _handle_out, _handle_out)),
    "pygrpc_client_free": (None, (_handle,)),
    "pygrpc_client_wait_ready": (c_int32, (_handle, c_int64, _handle_out)),
    "pygrpc_client_state": (c_int32, (_handle, _int32_out, _handle_out)),
    "pygrpc_load": (c_int32, (_handle, _text, _text, _handle_out)),
    "pygrpc_load_descriptor_set": (c_int32, (_handle, _text, c_size_t, _handle_out)),
    "pygrpc_load_proto": (c_int32, (_handle, _text, _text, c_size_t, _handle_out)),
    "pygrpc_load_client": (c_int32, (_handle, _handle, _handle_out)),
    "pygrpc_services": (c_int32, (_handle, _text_out, _size_out, _handle_out)),
    "pygrpc_describe": (c_int32, (_handle, _text, _text_out, _size_out, _handle_out)),
    "pygrpc_template": (c_int32, (_handle, _text, _text_out, _size_out, _handle_out)),
    "pygrpc_json_schema": (c_int32, (_handle, _text, _text, _text_out, _size_out, _handle_out)),
    "pygrpc_export": (c_int32, (_handle, _text, _text, _text_out, _size_out, _handle_out)),
    "pygrpc_json_to_binary": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _text_out, _size_out, _handle_out),
    ),
    "pygrpc_binary_to_json": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _text_out, _size_out, _handle_out),
    ),
    "pygrpc_method_cardinality": (c_int32, (_handle, _text, _int32_out, _handle_out)),
    "pygrpc_unary_unary": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _text_out, _size_out, _handle_out),
    ),
    "pygrpc_unary_stream": (
        c_int32,
        (_handle, _text, _text, c_size_t, _text, _handle_out, _handle_out),
    ),
    "pygrpc_stream_unary": (c_int32, (_handle, _text, _text, _handle_out, _handle_out)),
    "pygrpc_stream_stream": (c_int32, (_handle, _text, _text, _handle_out, _handle_out)),
    "pygrpc_stream_open": (
        c_int32,
        (_handle, _text, c_int32, _text, c_size_t, _text, _handle, _handle_out, _handle_out),
    ),
    "pygrpc_health": (c_int32, (_handle, _text, _text, _text_out, _size_out, _handle_out)),
    "pygrpc_health_watch": (c_int32, (_handle, _text, _text, _handle, _handle_out, _handle_out)),
    "pygrpc_stream_write": (c_int32, (_handle, _text, c_size_t, c_int64, _handle_out)),
    "pygrpc_stream_half_close": (c_int32, (_handle, _handle_out)),
    "pygrpc_stream_read": (c_int32, (_handle, c_int64, _text_out, _size_out, _handle_out)),
    "pygrpc_stream_read_many": (
        c_int32,
        (_handle, c_size_t, c_int64, _text_out, _size_out, _handle_out),
    ),
    "pygrpc_stream_cardinality": (c_int32, (_handle,)),
    "pygrpc_stream_headers": (c_int32, (_handle, c_int64, _text_out, _size_out, _handle_out)),
    "pygrpc_stream_trailers": (c_int32, (_handle, c_int64, _text_out, _size_out, _handle_out)),
    "pygrpc_stream_info": (c_int32, (_handle, c_int64, _text_out, _size_out, _handle_out)),
    "pygrpc_stream_cancel": (c_int32, (_handle, _handle_out)),
    "pygrpc_stream_free": (None, (_handle,)),
    "pygrpc_queue_new": (c_int32, (_handle_out, _handle_out)),
    "pygrpc_queue_free": (None, (_handle,)),
    "pygrpc_queue_poll": (
        c_int32,
        (_handle, c_int64, _handle_out, c_size_t, _size_out, _handle_out),
    ),
    "pygrpc_queue_wakeup": (c_int32, (_handle, _handle_out)),
    "pygrpc_queue_set_fd": (c_int32, (_handle, c_int32, _handle_out)),
    "pygrpc_stream_read_async": (c_int32, (_handle, c_uint64, _handle_out)),
    "pygrpc_stream_read_many_async": (c_int32, (_handle, c_size_t, c_uint64, _handle_out)),
    "pygrpc_stream_write_async": (c_int32, (_handle, _text, c_size_t, c_uint64, _handle_out)),
    "pygrpc_event_tag": (c_uint64, (_handle,)),
    "pygrpc_event_code": (c_int32, (_handle,)),
    "pygrpc_event_message": (c_void_p, (_handle, _size_out)),
    "pygrpc_event_error": (_handle, (_handle,)),
    "pygrpc_event_free": (None, (_handle,)),
}
