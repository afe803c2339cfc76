# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What an RPC came to."""

from __future__ import annotations

from typing import Any

from pygrpc._codec import decode_message
from pygrpc._errors import metadata_from_json
from pygrpc._handles import Handle, call_for_text
from pygrpc._library import Library


def read_info(library: Library, stream: Handle) -> dict[str, Any]:
    """What pygrpc_stream_info() tells, the values of "-bin" keys as bytes."""
    info: dict[str, Any] = decode_message(
        call_for_text(library, library.stream_info, stream.pointer, 0)
    )
    for key in ("headers", "trailers"):
        if key in info:
            info[key] = metadata_from_json(info[key])
    return info
