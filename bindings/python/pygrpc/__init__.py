# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Call any gRPC method by name, with native values.

from pygrpc import Client
client = Client('localhost', 50051)
client.load('helloworld_pb2')
response = client.unary_unary('SayHello', name='you')
print('Greeter client received: ' + response.message)
"""

from pygrpc._api import ChannelState, ErrorCode, StatusCode
from pygrpc._base import Cardinality
from pygrpc._call import Call
from pygrpc._client import Client, options, version
from pygrpc._errors import (
    AmbiguousError,
    ArgumentError,
    ClosedError,
    ForkedError,
    InvalidCardinalityError,
    JsonError,
    LibraryError,
    Metadata,
    NotFoundError,
    OptionError,
    OutOfMemoryError,
    PygrpcError,
    RpcCancelledError,
    RpcError,
    RpcTimeoutError,
    RpcUnavailableError,
    SchemaError,
    StateError,
    WireError,
)
from pygrpc._library import load_library
from pygrpc._message import Message
from pygrpc._version import __version__

__all__ = [
    "AmbiguousError",
    "ArgumentError",
    "Call",
    "Cardinality",
    "ChannelState",
    "Client",
    "ClosedError",
    "ErrorCode",
    "ForkedError",
    "InvalidCardinalityError",
    "JsonError",
    "LibraryError",
    "Message",
    "Metadata",
    "NotFoundError",
    "OptionError",
    "OutOfMemoryError",
    "PygrpcError",
    "RpcCancelledError",
    "RpcError",
    "RpcTimeoutError",
    "RpcUnavailableError",
    "SchemaError",
    "StateError",
    "StatusCode",
    "WireError",
    "__version__",
    "load_library",
    "options",
    "version",
]
