# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What an RPC came to, and the health service."""

from __future__ import annotations

import threading

import pytest

import pygrpc
from pygrpc import Client, StatusCode
from support import LIMIT, Server


def test_info(client: Client, server: Server) -> None:
    with client.call("NeverAnswer") as call:
        assert call.info()["ended"] is False
    entry = {"key": "x-h-bin", "binary": b"\xff"}
    with client.call("EchoMetadata", headers=[entry], trailers=[entry]) as call:
        call.response()
        info = call.info()
    assert info["method"] == "/pygrpc.test.Test/EchoMetadata"
    assert info["cardinality"] == "unary_unary"
    assert str(server.port) in info["peer"]
    assert info["statusName"] == "OK"
    assert info["headers"] == info["trailers"] == {"x-h-bin": [b"\xff"]}
    assert (info["messagesSent"], info["messagesReceived"]) == (1, 1)
    assert info["timing"]["total"] > 0
    with pytest.raises(pygrpc.ClosedError):
        call.info()


def test_health(client: Client, server: Server) -> None:
    assert client.health() == "SERVING"
    assert client.health("helloworld.Greeter", timeout=LIMIT) == "SERVING"
    with pytest.raises(pygrpc.RpcError) as caught:
        client.health("no.Service")
    assert caught.value.code is StatusCode.NOT_FOUND
    with pytest.raises(pygrpc.OptionError, match="timeot"):
        client.health(timeot=1)
    with pytest.raises(pygrpc.ArgumentError, match="NUL"):
        client.health("a\0b")
    with pytest.raises(pygrpc.StateError):
        Client(None).health()
    client.close()
    with pytest.raises(pygrpc.ClosedError):
        client.health()


def test_health_from_another_thread(client: Client) -> None:
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(client.health()))
    thread.start()
    thread.join(LIMIT)
    assert answers == ["SERVING"]


def test_health_watch(client: Client) -> None:
    with client.health_watch("helloworld.Greeter") as watch:
        assert watch.read(timeout=LIMIT) == "SERVING"
        with pytest.raises(TimeoutError):
            watch.read(timeout=0.05)
        watch.cancel()
        with pytest.raises(pygrpc.RpcCancelledError):
            next(watch)
    with client.health_watch("no.Service") as watch:
        assert next(watch) == "SERVICE_UNKNOWN"
