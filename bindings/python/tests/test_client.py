# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import datetime
import threading
import time
from typing import Any, AsyncIterator, Callable

import pytest

import pygrpc
from pygrpc import Cardinality, Client, StatusCode
from support import LIMIT, PROTOS, Server, refused_port

# ---- Targets


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (("localhost", 50051), "localhost:50051"),
        (("localhost:50051",), "localhost:50051"),
        (("::1", 50051), "[::1]:50051"),
        (("[::1]", 50051), "[::1]:50051"),
        (("unix:/run/service.sock",), "unix:/run/service.sock"),
        ((None,), None),
    ],
)
def test_targets(library: str, arguments: tuple[Any, ...], target: str | None) -> None:
    assert Client(*arguments).target == target


def test_bad_targets(library: str) -> None:
    with pytest.raises(TypeError, match="a port needs a host"):
        Client(None, 50051)
    with pytest.raises(pygrpc.ArgumentError, match="NUL"):
        Client("local\0host")
    with pytest.raises(pygrpc.ArgumentError, match="not UTF-8"):
        Client("local\ud800host")


def test_a_client_without_target(schema: Client) -> None:
    with pytest.raises(pygrpc.StateError):
        schema.unary_unary("SayHello", name="you")
    with pytest.raises(pygrpc.StateError):
        _ = schema.state
    assert schema.cardinality("SayHello") is Cardinality.UNARY_UNARY


# ---- The forms of a call


def test_the_example(server: Server, library: str, capsys: pytest.CaptureFixture[str]) -> None:
    client = Client("localhost", server.port, proto_path=[PROTOS])
    client.load("helloworld_pb2")
    response = client.unary_unary("SayHello", name="you")
    print("Greeter client received: " + response.message)
    assert capsys.readouterr().out == "Greeter client received: Hello, you!\n"


def test_fields_as_keywords_or_as_a_value(client: Client) -> None:
    expected = {"message": "Hello, you!"}
    assert client.unary_unary("SayHello", name="you") == expected
    assert client.unary_unary("SayHello", {"name": "you"}) == expected
    assert client.unary_unary("SayHello", {"name": "you"}, timeout=LIMIT) == expected
    assert client.with_options(timeout=LIMIT).unary_unary("SayHello", name="you") == expected
    assert client.unary_unary("SayHello").message == "Hello, !"


def test_fields_may_have_the_names_of_parameters_and_options(library: str) -> None:
    client = Client("localhost:1")
    fields = "string self = 1; string method = 2; string request = 3; string timeout = 4;"
    client.load_proto(
        "odd.proto",
        f'syntax = "proto3"; message Odd {{ {fields} }} service S {{ rpc M(Odd) returns (Odd); }}',
    )
    # They reach the message: a field that is none is refused, these are not.
    names = {"self": "1", "method": "2", "request": "3", "timeout": "4"}
    with pytest.raises(pygrpc.RpcUnavailableError):
        client.unary_unary("M", **names)
    with pytest.raises(pygrpc.JsonError, match="options"):
        client.unary_unary("M", **names, options="5")


@pytest.mark.parametrize(
    "name",
    [
        "SayHello",
        "Greeter/SayHello",
        "Greeter.SayHello",
        "helloworld.Greeter/SayHello",
        "helloworld.Greeter.SayHello",
        "/helloworld.Greeter/SayHello",
    ],
)
def test_names_of_methods(client: Client, name: str) -> None:
    assert client.unary_unary(name, name="you").message == "Hello, you!"


def test_unary_stream(client: Client) -> None:
    replies = [reply.message for reply in client.unary_stream("SayHelloStreamReply", name="you")]
    assert replies == [f"Hello, you! ({n}/5)" for n in range(1, 6)]
    call = client.unary_stream("SayHelloStreamReply", {"name": "you"}, timeout=LIMIT)
    assert len(list(call)) == 5


def test_stream_unary(client: Client) -> None:
    points = ({"latitude": n, "longitude": 0} for n in range(7))
    summary = client.stream_unary("RecordRoute", points, timeout=LIMIT)
    assert summary.point_count == summary.pointCount == 7


def test_stream_stream(client: Client) -> None:
    requests = ({"name": name} for name in ("a", "b"))
    replies = client.stream_stream("SayHelloBidiStream", requests)
    assert [reply.message for reply in replies] == ["Hello, a!", "Hello, b!"]


def test_request_takes_whatever_the_method_is(client: Client) -> None:
    assert client.request("SayHello", name="you").message == "Hello, you!"
    assert client.request("SayHello", {"name": "you"}, timeout=LIMIT).message == "Hello, you!"
    assert len(list(client.request("SayHelloStreamReply", name="you"))) == 5
    assert client.request("RecordRoute", [{"latitude": 1}]).point_count == 1
    assert len(list(client.request("SayHelloBidiStream", [{}, {}, {}]))) == 3
    with pytest.raises(TypeError, match="RecordRoute takes a stream of requests"):
        client.request("RecordRoute", latitude=1)


@pytest.mark.parametrize("requests", [{"latitude": 1}, "text", b"bytes", 3])
def test_a_message_is_no_stream(client: Client, requests: Any) -> None:
    with pytest.raises(TypeError, match="RecordRoute takes a stream of requests"):
        client.stream_unary("RecordRoute", requests)
    with pytest.raises(TypeError, match="RouteChat takes a stream of requests"):
        client.stream_stream("RouteChat", requests)


def test_cardinality(client: Client) -> None:
    assert [
        client.cardinality(name)
        for name in ("GetFeature", "ListFeatures", "RecordRoute", "RouteChat")
    ] == list(Cardinality)


@pytest.mark.parametrize("form", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
def test_cardinality_is_enforced(client: Client, form: str) -> None:
    methods = {
        "unary_unary": "SayHello",
        "unary_stream": "SayHelloStreamReply",
        "stream_unary": "RecordRoute",
        "stream_stream": "SayHelloBidiStream",
    }
    request: Any = {} if form.startswith("unary") else []
    for cardinality, method in methods.items():
        if cardinality != form:
            with pytest.raises(pygrpc.InvalidCardinalityError, match=cardinality):
                getattr(client, form)(method, request)


# ---- Values

EXTREMES = {
    "int64Value": -(2**63),
    "uint64Value": 2**64 - 1,
    "int32Value": -(2**31),
    "doubleValue": 5e-324,
    "stringValue": "a\0ü😀",
    "enumValue": "BLUE",
    "boolValue": True,
    "nestedValue": {"number": 1, "text": "t", "depth": "DEEP"},
    "repeatedInt64": [2**53 + 1, -(2**53) - 1],
    "mapUint64Uint64": {str(2**64 - 1): 2**64 - 1},
    "optionalInt32": 0,
    "oneofString": "",
    "value": [None, {"a": 1.5}],
    "fieldMask": "aB,c",
    "int64Wrapper": 2**63 - 1,
}


def test_values_come_back(client: Client) -> None:
    response = client.unary_unary("Echo", EXTREMES)
    assert {key: response[key] for key in EXTREMES} == EXTREMES
    assert response.int64_value == -(2**63)
    assert response.nested_value.depth == "DEEP"
    assert response.double_value == 5e-324


def test_native_values(client: Client) -> None:
    response = client.unary_unary(
        "Echo",
        {
            "bytes_value": b"\0\xff",
            "timestamp": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
            "duration": datetime.timedelta(milliseconds=1500),
            "double_value": float("-inf"),
            "float_value": float("nan"),
            "optional_double": -0.0,
            "map_int32_int32": {-1: 1},
            "map_bool_bool": {True: False},
        },
    )
    assert response.bytes_value == "AP8="
    assert response.timestamp == "2026-01-02T00:00:00Z"
    assert response.duration == "1.500s"
    assert response.double_value == "-Infinity"
    assert response.float_value == "NaN"
    assert str(response.optional_double) == "-0.0"
    assert response.map_int32_int32 == {"-1": 1}
    assert response.map_bool_bool == {"true": False}


def test_a_response_is_a_request(client: Client) -> None:
    response = client.unary_unary("Echo", EXTREMES)
    assert client.unary_unary("Echo", response) == response


def test_default_values_are_attributes(client: Client) -> None:
    response = client.unary_unary("Echo")
    assert response.string_value == ""
    assert response.int64_value == 0
    assert response.repeated_string == []
    assert "nestedValue" not in response
    with pytest.raises(AttributeError, match="nested_value"):
        _ = response.nested_value


def test_json_options(client: Client) -> None:
    request = {"int64_value": 5, "enum_value": "RED"}
    plain = client.unary_unary("Echo", request, print_defaults=False, int64_numbers=False)
    assert plain == {"int64Value": "5", "enumValue": "RED"}
    assert client.unary_unary("Echo", request, enum_numbers=True).enum_value == 1
    other = client.unary_unary("Echo", request, proto_names=True)
    assert other["int64_value"] == other.int64Value == 5


def test_wrong_values(client: Client) -> None:
    with pytest.raises(TypeError, match=r"\$\.repeated_string\[1\]: a set cannot be sent"):
        client.unary_unary("Echo", {"repeated_string": ["a", {"b"}]})
    with pytest.raises(pygrpc.JsonError) as caught:
        client.unary_unary("Echo", {"nested_value": {"number": "x"}})
    assert caught.value.path == "$.nested_value.number"
    with pytest.raises(pygrpc.JsonError, match="int32_vale") as caught:
        client.unary_unary("Echo", int32_vale=1)
    assert any(name in ("int32Value", "int32_value") for name in caught.value.near)
    with pytest.raises(pygrpc.JsonError):
        client.unary_unary("Echo", string_value="a\ud800")
    with pytest.raises(pygrpc.JsonError):
        client.unary_unary("Echo", int32_value=float("nan"))


def test_responses_that_are_no_objects(client: Client) -> None:
    data = client.json_to_binary("pygrpc.test.AllTypes", {"int32Value": 1})
    assert client.unary_unary("ReceiveWire", {"int32Value": 1}) == "GAE="
    assert client.unary_unary("SendWire", data).int32_value == 1


# ---- Binary codec


def test_binary(client: Client) -> None:
    request = client.json_to_binary("helloworld.HelloRequest", {"name": "you"})
    assert request == b"\n\x03you"
    response = client.unary_unary("SayHello", request, codec="binary")
    assert type(response) is bytes
    assert client.binary_to_json("helloworld.HelloReply", response).message == "Hello, you!"
    with pytest.raises(TypeError, match="a message is bytes, not a dict"):
        client.unary_unary("SayHello", {}, codec="binary")
    with pytest.raises(pygrpc.WireError):
        client.binary_to_json("helloworld.HelloReply", b"\xff")


def test_a_binary_client_needs_no_schema(server: Server, library: str) -> None:
    client = Client(server.target, codec="binary", reflection=False)
    response = client.unary_unary("/helloworld.Greeter/SayHello", b"\n\x03you")
    assert response == b"\n\x0bHello, you!"
    replies = client.stream_stream("/helloworld.Greeter/SayHelloBidiStream", [b"\n\x01a", b""])
    assert list(replies) == [b"\n\x09Hello, a!", b"\n\x08Hello, !"]
    with_nul = client.unary_unary("/helloworld.Greeter/SayHello", b"\n\x01\0")
    assert with_nul == b"\n\x09Hello, \0!"


# ---- Options and metadata


def test_unknown_options(client: Client, library: str) -> None:
    with pytest.raises(pygrpc.OptionError, match="timeot") as caught:
        client.unary_unary("SayHello", {}, timeot=1)
    assert caught.value.near == ["timeout"]
    with pytest.raises(pygrpc.OptionError, match="transprt"):
        Client("localhost:1", transprt="tls")
    with pytest.raises(pygrpc.OptionError):
        client.with_options(timeout="soon").unary_unary("SayHello")
    assert client.unary_unary("SayHello").message == "Hello, !"


def test_timeouts(client: Client) -> None:
    patient = client.with_options(timeout=2 * LIMIT)
    start = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        patient.unary_unary("NeverAnswer", {}, timeout=0.2)
    assert 0.15 < time.monotonic() - start < LIMIT
    assert isinstance(caught.value, pygrpc.RpcTimeoutError)
    assert caught.value.code is StatusCode.DEADLINE_EXCEEDED
    hasty = client.with_options(timeout=datetime.timedelta(milliseconds=100))
    with pytest.raises(pygrpc.RpcTimeoutError):
        list(hasty.unary_stream("CountForever", interval=datetime.timedelta(seconds=5)))
    assert hasty.unary_unary("SayHello", {}, timeout=LIMIT).message == "Hello, !"


def test_options_are_added_up(client: Client) -> None:
    outer = client.with_options(metadata={"x-a": "outer"}, timeout=1000)
    inner = outer.with_options(metadata={"x-b": "inner"})

    def seen(one: Client) -> tuple[set[str], bool]:
        """The keys, and whether the timeout is not that of a call without one, 10 s."""
        reply = one.unary_unary("EchoMetadata")
        keys = {entry.key for entry in reply.metadata if entry.key.startswith("x-")}
        return keys, float(reply.time_remaining.rstrip("s")) > 100

    assert seen(outer) == ({"x-a"}, True)
    assert seen(inner) == ({"x-b"}, True)
    assert seen(client) == (set(), False)


METADATA = {"x-one": "1", "x-many": ["2", "3"], "x-raw-bin": [b"\0\xff", b""]}


@pytest.mark.parametrize("method", ["EchoMetadata", "EchoMetadataBidi"])
def test_metadata_there_and_back(client: Client, method: str) -> None:
    keys = list(METADATA)
    request = {"echo_as_headers": keys, "echo_as_trailers": keys}
    bidi = method.endswith("Bidi")
    given = [request] if bidi else request
    with client.call(method, given, metadata=METADATA) as call:
        reply = call.read(timeout=LIMIT)
        expected = {"x-one": ["1"], "x-many": ["2", "3"], "x-raw-bin": [b"\0\xff", b""]}
        assert {key: call.headers()[key] for key in keys} == expected
        if bidi:
            assert list(call) == []
        assert {key: call.trailers()[key] for key in keys} == expected
        assert call.status is StatusCode.OK
    entries = [(entry.key, entry.get("text")) for entry in reply.metadata]
    assert ("x-many", "2") in entries
    assert ("x-many", "3") in entries


def test_wait_for_ready(library: str, schema: Client) -> None:
    with refused_port() as port:
        client = Client("127.0.0.1", port)
        client.load(schema)
        with pytest.raises(pygrpc.RpcUnavailableError) as caught:
            client.unary_unary("SayHello", {}, timeout=LIMIT)
        assert isinstance(caught.value, ConnectionError)
        assert caught.value.retriable
        with pytest.raises(pygrpc.RpcTimeoutError):
            client.unary_unary("SayHello", {}, wait_for_ready=True, timeout=0.2)


# ---- Status


@pytest.mark.parametrize("status", [status for status in StatusCode if status])
@pytest.mark.parametrize("form", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
def test_statuses(client: Client, status: StatusCode, form: str) -> None:
    request = {
        "code": status.value,
        "message": "why ü",
        "standardDetails": ["ERROR_INFO", "UNKNOWN_TYPE"],
        "trailers": [{"key": "x-t", "text": "1"}, {"key": "x-t-bin", "binary": b"\xff"}],
    }
    method = {
        "unary_unary": "ReturnStatus",
        "unary_stream": "ReturnStatusServerStream",
        "stream_unary": "ReturnStatusClientStream",
        "stream_stream": "ReturnStatusBidi",
    }[form]
    given: Any = request if form.startswith("unary") else [request]
    with pytest.raises(pygrpc.RpcError) as caught:
        list(getattr(client, form)(method, given))
    error = caught.value
    assert error.code is status
    assert error.name == status.name
    assert error.status_message == "why ü"
    assert status.name in str(error)
    assert error.method == f"/pygrpc.test.Test/{method}"
    assert error.trailers["x-t"] == ["1"]
    assert error.trailers["x-t-bin"] == [b"\xff"]
    assert error.details[0]["@type"].endswith("google.rpc.ErrorInfo")
    assert error.details[0].reason
    assert error.details[1] == {
        "@type": "type.googleapis.com/pygrpc.test.Unpublished",
        "value": "CJYB",
    }


def test_arguments_of_wrong_types(client: Client) -> None:
    wrong: Any = client

    async def requests() -> AsyncIterator[dict[str, int]]:
        yield {}

    uses: list[tuple[Callable[[], Any], str]] = [
        (lambda: wrong.unary_unary(5, {}), "^method: a str is wanted, not a int$"),
        (lambda: wrong.unary_unary([], {}), "^method: a str is wanted, not a list$"),
        (lambda: wrong.cardinality(None), "^method: a str is wanted, not a NoneType$"),
        (lambda: wrong.load_proto("x.proto", 5), "^x.proto: a text is wanted, not a int$"),
        (lambda: wrong.load_proto(5, ""), "^file name: a str is wanted, not a int$"),
        (lambda: type(wrong)(5), "^target: a str is wanted, not a int$"),
        (lambda: type(wrong)(b"localhost", 1), "^target: a str is wanted, not a bytes$"),
        (lambda: wrong.binary_to_json("a.B", "x"), "^a.B: bytes are wanted, not a str$"),
        (
            lambda: wrong.stream_unary("RecordRoute", requests()),
            "^RecordRoute takes .* not a async_generator; pygrpc.aio takes asynchronous ones$",
        ),
        (
            lambda: wrong.stream_stream("RouteChat", requests()),
            "^RouteChat takes a stream of requests: give an iterable of them",
        ),
    ]
    for use, text in uses:
        with pytest.raises(TypeError, match=text):
            use()
    with pytest.raises(pygrpc.SchemaError, match=r"x\.proto"):
        client.load_proto("x.proto", 'syntax = "proto3"; // \ud800')


def test_bytes_of_any_kind(client: Client) -> None:
    for data in (b"\n\x01a", bytearray(b"\n\x01a"), memoryview(b"\n\x01a")):
        assert client.binary_to_json("helloworld.HelloRequest", data).name == "a"


def test_unknown_names(client: Client) -> None:
    with pytest.raises(pygrpc.NotFoundError, match="SayHelo") as caught:
        client.unary_unary("SayHelo")
    assert any("SayHello" in name for name in caught.value.near)
    with pytest.raises(pygrpc.NotFoundError):
        client.request("SayHelo")
    with pytest.raises(pygrpc.NotFoundError):
        client.json_to_binary("helloworld.Nothing", {})
    with pytest.raises(pygrpc.ArgumentError, match="method 'Say\\\\x00Hello' holds a NUL"):
        client.unary_unary("Say\0Hello")


def test_ambiguous_names(client: Client) -> None:
    client.load(PROTOS / "pygrpc_test" / "proto2.proto", proto_path=[PROTOS])
    with pytest.raises(pygrpc.AmbiguousError) as caught:
        client.unary_unary("Ping")
    assert len(caught.value.candidates) == 2
    assert client.unary_unary("Test/Ping") == {}


# ---- Connection and end


def test_the_connection(server: Server, library: str) -> None:
    client = Client(server.target)
    states = [client.state]
    client.wait_ready(LIMIT)
    states.append(client.state)
    assert states == [pygrpc.ChannelState.IDLE, pygrpc.ChannelState.READY]
    client.wait_ready()
    with refused_port() as port:
        start = time.monotonic()
        with pytest.raises(TimeoutError, match=r"is not ready within 0\.2 s"):
            Client("127.0.0.1", port).wait_ready(0.2)
        assert 0.15 < time.monotonic() - start < LIMIT


def test_close(client: Client) -> None:
    other = client.with_options(timeout=1)
    client.close()
    client.close()
    for use in (
        lambda: client.unary_unary("SayHello", name="you"),
        lambda: other.unary_unary("SayHello", name="you"),
        lambda: client.unary_stream("SayHelloStreamReply"),
        lambda: client.stream_unary("RecordRoute", []),
        lambda: client.stream_stream("RouteChat", []),
        lambda: client.request("SayHello"),
        lambda: client.call("SayHello"),
        lambda: client.cardinality("SayHello"),
        lambda: client.load("helloworld"),
        lambda: client.load(b""),
        lambda: client.load_proto("a.proto", ""),
        lambda: client.load_client(client),
        lambda: client.json_to_binary("A", {}),
        lambda: client.binary_to_json("A", b""),
        lambda: client.wait_ready(1),
        lambda: client.state,
    ):
        with pytest.raises(pygrpc.ClosedError, match="is closed"):
            use()
    assert "closed" in repr(client)


def test_close_with_calls_in_flight(client: Client) -> None:
    patient = client.with_options(timeout=2 * LIMIT)
    failures: list[BaseException] = []
    started = threading.Barrier(3)

    def wait(method: str) -> None:
        call = patient.call(method)
        started.wait()
        try:
            call.read()
        except BaseException as failure:
            failures.append(failure)

    threads = [
        threading.Thread(target=wait, args=(method,))
        for method in ("NeverAnswer", "NeverAnswerBidi")
    ]
    for thread in threads:
        thread.start()
    started.wait()
    time.sleep(0.05)  # so that they are in the library; what comes after it ends in the same way
    client.close()
    for thread in threads:
        thread.join(LIMIT)
    assert [type(failure) for failure in failures] == [pygrpc.ClosedError] * 2


def test_a_call_keeps_its_client(server: Server, schema: Client) -> None:
    def start() -> pygrpc.Call:
        client = Client(server.target)
        client.load(schema)
        return client.unary_stream("SayHelloStreamReply", name="you")

    assert len(list(start())) == 5


def test_threads(client: Client) -> None:
    failures: list[object] = []

    def work(number: int) -> None:
        for round_ in range(50):
            name = f"{number}-{round_}"
            if client.unary_unary("SayHello", name=name).message != f"Hello, {name}!":
                failures.append(name)
            replies = client.stream_stream("SayHelloBidiStream", [{"name": name}] * 3)
            if [reply.message for reply in replies] != [f"Hello, {name}!"] * 3:
                failures.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
