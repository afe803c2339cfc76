# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from typing import Iterator

import pytest

import pygrpc
from support import LIBRARY, PROTOS, Server


@pytest.fixture(scope="session")
def library() -> str:
    return pygrpc.load_library(LIBRARY)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def schema(library: str) -> pygrpc.Client:
    """A client without a target that has loaded all example services."""
    client = pygrpc.Client(None, proto_path=[PROTOS])
    client.load("helloworld.proto")
    client.load("route_guide.proto")
    client.load("pygrpc_test/test.proto")
    return client


@pytest.fixture
def client(server: Server, schema: pygrpc.Client) -> Iterator[pygrpc.Client]:
    with pygrpc.Client(server.target) as client:
        client.load(schema)
        yield client
