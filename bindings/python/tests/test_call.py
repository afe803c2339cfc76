# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import contextlib
import gc
import itertools
import math
import threading
import time
import uuid
from fractions import Fraction
from typing import Any, Callable, Iterator

import pytest

import pygrpc
from pygrpc import Client, StatusCode
from support import LIMIT


def counts_of(client: Client, tag: str, **least: int) -> pygrpc.Message:
    """How many of the tag's calls began and ended at the server, which waits for so many."""
    request = {"tag": tag, "wait_at_most": f"{LIMIT}s", **least}
    counts: pygrpc.Message = client.unary_unary("GetCallCounts", request, timeout=2 * LIMIT)
    return counts


def cancelled(client: Client, tag: str) -> int:
    """How many of the tag's calls the server has seen cancelled, of which it waits for one."""
    return int(counts_of(client, tag, wait_for_cancelled=1).cancelled)


@pytest.fixture
def tag() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def tagged(client: Client, tag: str) -> Client:
    return client.with_options(metadata={"x-call-tag": tag})


# ---- Reading


def test_a_call_of_a_unary_method(client: Client) -> None:
    with client.call("SayHello", name="you") as call:
        assert call.status is None
        assert call.response(timeout=LIMIT).message == "Hello, you!"
        assert call.response() is call.response()
        assert call.status is StatusCode.OK
        assert list(call) == []
        assert call.headers() is call.headers()
        assert isinstance(call.trailers(), dict)
        assert "OK" in repr(call)


def test_the_response_may_be_iterated(client: Client) -> None:
    call = client.call("SayHello", name="you")
    assert [reply.message for reply in call] == ["Hello, you!"]
    assert call.response().message == "Hello, you!"


def test_trailers_before_the_response(client: Client) -> None:
    call = client.call("SayHello", name="you")
    assert isinstance(call.trailers(), dict)
    assert call.response().message == "Hello, you!"


def test_the_end(client: Client) -> None:
    call = client.unary_stream("SayHelloStreamReply", name="you")
    for _ in range(5):
        call.read(timeout=LIMIT)
    for _ in range(2):
        with pytest.raises(EOFError, match="SayHelloStreamReply has no more responses"):
            call.read()
        assert next(call, None) is None
    assert call.status is StatusCode.OK


def test_a_failure_is_raised_each_time(client: Client) -> None:
    request = {"code": 5, "message": "why", "after_messages": 2}
    call = client.unary_stream("ReturnStatusServerStream", request)
    assert [call.read().number, call.read().number] == [1, 2]
    for read in (call.read, call.read, lambda: next(call), lambda: list(call)):
        with pytest.raises(pygrpc.RpcError, match="why") as caught:
            read()
        assert caught.value.code is StatusCode.NOT_FOUND
    assert call.status is StatusCode.NOT_FOUND
    assert isinstance(call.trailers(), dict)


def test_a_response_of_a_failed_call(client: Client) -> None:
    call = client.call("ReturnStatus", code=5)
    for _ in range(2):
        with pytest.raises(pygrpc.RpcError):
            call.response()
    call = client.call("ReturnStatus", code=5)
    with pytest.raises(pygrpc.RpcError):
        call.trailers()
    assert isinstance(call.trailers(), dict)


def test_timeouts_of_reads_lose_nothing(client: Client) -> None:
    # The one in time or the other, as it comes.
    call = client.unary_stream("CountForever", interval="0.03s")
    numbers: list[int] = []
    while len(numbers) < 10:
        with contextlib.suppress(TimeoutError):
            numbers.append(call.read(timeout=0.02).number)
    assert numbers == list(range(1, 11))
    # Nothing can come before a request.
    conversation = client.stream_stream("SayHelloBidiStream")
    for name in ("a", "b", "c"):
        with pytest.raises(TimeoutError, match="no response of SayHelloBidiStream within 0 s"):
            conversation.read(timeout=0)
        with pytest.raises(TimeoutError, match=r"no response of SayHelloBidiStream within 0\.2 s"):
            conversation.read(timeout=0.2)
        conversation.write({"name": name})
        assert conversation.read(timeout=LIMIT).message == f"Hello, {name}!"
    with pytest.raises(TimeoutError, match="no headers of NeverAnswer"):
        client.call("NeverAnswer").headers(timeout=0.05)
    with pytest.raises(TimeoutError, match="no response of NeverAnswer"):
        client.call("NeverAnswer").response(timeout=0.05)


@pytest.mark.parametrize("timeout", ["1", b"1", [], print, math.nan])
def test_bad_timeouts_of_waits_end_nothing(client: Client, timeout: Any) -> None:
    call = client.stream_stream("SayHelloBidiStream")
    for use in (
        lambda: call.read(timeout),
        lambda: call.headers(timeout),
        lambda: call.write({"name": "you"}, timeout),
        lambda: client.wait_ready(timeout),
    ):
        with pytest.raises((TypeError, pygrpc.ArgumentError), match="timeout: a number of seconds"):
            use()
    assert call.write({"name": "you"})
    assert call.read().message == "Hello, you!"
    call.close()


HUGE = 10**400  # beyond any float


@pytest.mark.parametrize(
    "timeout",
    [math.inf, 1e300, HUGE, Fraction(10**9)],
    ids=["infinity", "long", "huge", "fraction"],
)
def test_long_timeouts_of_waits(client: Client, timeout: Any) -> None:
    client.wait_ready(timeout)
    call = client.stream_stream("SayHelloBidiStream")
    assert call.write({"name": "you"}, timeout)
    assert call.read(timeout).message == "Hello, you!"
    call.close()


@pytest.mark.parametrize(
    "timeout", [-1, -math.inf, 0, -HUGE], ids=["before", "infinity", "now", "huge"]
)
def test_timeouts_that_are_over(client: Client, timeout: Any) -> None:
    call = client.unary_stream("CountForever", interval="3600s")
    with pytest.raises(TimeoutError):
        call.read(timeout)


def test_trailers_are_not_waited_for_in_vain(client: Client) -> None:
    call = client.unary_stream("CountForever")
    with pytest.raises(pygrpc.StateError, match="trailers come after the last response"):
        call.trailers()
    with pytest.raises(pygrpc.InvalidCardinalityError, match="streams its responses"):
        call.response()


def test_headers_before_the_first_response(client: Client) -> None:
    call = client.unary_stream("CountForever", interval="0.01s")
    assert isinstance(call.headers(timeout=LIMIT), dict)
    assert next(call).number == 1


def test_a_response_that_cannot_be_read_is_skipped(client: Client) -> None:
    with pytest.raises(pygrpc.WireError):
        client.unary_unary("SendWire", b"\xff")


def test_large_messages(client: Client) -> None:
    size = 3 * 1024 * 1024
    assert client.unary_unary("PutPayload", body=b"a" * size).bytes == size
    payload = client.unary_unary("GetPayload", size=size)
    assert len(payload.body) == size // 3 * 4
    with pytest.raises(pygrpc.RpcError, match="max_receive_size") as caught:
        client.unary_unary("GetPayload", size=5 * 1024 * 1024)
    assert caught.value.code is StatusCode.RESOURCE_EXHAUSTED


# ---- Writing


def test_conversation(client: Client) -> None:
    with client.stream_stream("SayHelloBidiStream", timeout=LIMIT) as call:
        for name in ("a", "b"):
            assert call.write({"name": name}) is True
            assert call.read().message == f"Hello, {name}!"
        call.half_close()
        call.half_close()
        assert list(call) == []
        assert call.status is StatusCode.OK


def test_requests_one_by_one(client: Client) -> None:
    with client.call("RecordRoute", timeout=LIMIT) as call:
        for latitude in range(3):
            call.write({"latitude": latitude})
        call.half_close()
        assert call.response().point_count == 3


def test_writes_that_are_wrong(client: Client) -> None:
    call = client.stream_stream("SayHelloBidiStream")
    with pytest.raises(TypeError, match=r"\$\.name: a set"):
        call.write({"name": {1}})
    with pytest.raises(pygrpc.JsonError, match="nam"):
        call.write({"nam": "a"})
    call.write({"name": "a"})
    assert call.read().message == "Hello, a!"
    call.half_close()
    with pytest.raises(pygrpc.StateError):
        call.write({"name": "b"})
    with pytest.raises(pygrpc.StateError):
        client.unary_stream("CountForever").write({})
    with pytest.raises(pygrpc.StateError, match="come from an iterable"):
        client.stream_stream("SayHelloBidiStream", iter(lambda: time.sleep(1), 1)).write({})


def test_a_write_that_the_server_does_not_take(client: Client) -> None:
    call = client.call("NeverRead")
    payload = {"body": b"a" * 1000000}

    def write_all() -> None:
        for _ in range(100):
            call.write(payload, timeout=0.2)

    with pytest.raises(TimeoutError, match=r"NeverRead took no request within 0\.2 s"):
        write_all()


def test_a_write_after_the_end(client: Client) -> None:
    call = client.call("ReturnStatusBidi")
    assert call.write({"code": 5, "after_messages": 1})
    assert call.read().number == 1
    deadline = time.monotonic() + LIMIT
    while call.write({}) and time.monotonic() < deadline:
        pass
    assert call.write({}) is False
    with pytest.raises(pygrpc.RpcError):
        call.read()


# ---- Request iterables


def test_requests_are_taken_as_the_server_takes_them(client: Client) -> None:
    payload = {"body": b"a" * 1000000}
    taken = 0

    def requests() -> Iterator[dict[str, bytes]]:
        nonlocal taken
        while True:
            taken += 1
            yield payload

    def stalls(seconds: float) -> bool:
        before = taken
        time.sleep(seconds)
        return taken == before > 0

    with client.call("NeverRead", requests()) as call:
        deadline = time.monotonic() + LIMIT
        while not stalls(0.3):
            assert time.monotonic() < deadline
        with pytest.raises(TimeoutError):
            call.response(timeout=0)
    threads_end()
    before = taken
    with pytest.raises(pygrpc.RpcTimeoutError):
        client.stream_unary("NeverRead", requests(), timeout=0.5)
    assert taken > before


def test_each_request_is_sent_before_the_next_is_taken(client: Client) -> None:
    replies: list[str] = []
    got_one = threading.Event()

    def requests() -> Iterator[dict[str, str]]:
        for name in ("a", "b", "c"):
            yield {"name": name}
            assert got_one.wait(LIMIT)
            got_one.clear()

    for reply in client.stream_stream("SayHelloBidiStream", requests()):
        replies.append(reply.message)
        got_one.set()
    assert replies == ["Hello, a!", "Hello, b!", "Hello, c!"]


class OwnError(Exception):
    pass


def failing_payloads() -> Iterator[dict[str, bytes]]:
    yield {"body": b"a"}
    raise OwnError("mine")


def test_a_failing_iterable(client: Client, tagged: Client, tag: str) -> None:
    def failing_at_the_server() -> Iterator[dict[str, bytes]]:
        yield {"body": b"a"}
        # What is cancelled before that is not sent.
        counts_of(client, tag, wait_for_started=1)
        raise OwnError("mine")

    call = tagged.stream_stream("NeverAnswerBidi", failing_at_the_server())
    with pytest.raises(OwnError, match="mine") as caught:
        list(call)
    assert any("failing" in str(entry.name) for entry in caught.traceback)
    with pytest.raises(pygrpc.RpcCancelledError):
        list(call)
    assert cancelled(client, tag) == 1
    with pytest.raises(OwnError, match="mine"):
        tagged.stream_unary("SinkPayloads", failing_payloads())
    threads_end()


def test_an_iterable_of_what_cannot_be_sent(client: Client) -> None:
    for requests, error in (([{}, {"body": {1}}], TypeError), ([{"bdy": ""}], pygrpc.JsonError)):
        with pytest.raises(error):
            list(client.stream_stream("NeverAnswerBidi", requests))
        with pytest.raises(error):
            client.stream_unary("SinkPayloads", requests)
    with pytest.raises(TypeError):
        client.stream_stream("NeverAnswerBidi", 3)  # type: ignore[arg-type]


def test_the_server_ends_first(client: Client) -> None:
    def endless() -> Iterator[dict[str, Any]]:
        yield {"code": 0, "after_messages": 3}
        while True:
            yield {}

    assert client.stream_unary("ReturnStatusClientStream", endless()).number == 3
    replies = client.stream_stream("ReturnStatusBidi", endless())
    assert [reply.number for reply in replies] == [1, 2, 3]
    threads_end()


# ---- Leaving early


def threads_end() -> None:
    """All threads of the binding end."""
    deadline = time.monotonic() + LIMIT
    while any(thread.name.startswith("pygrpc") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def leave_by_break(call: Any) -> None:
    for _ in call:
        break


def leave_by_raise(call: Any) -> None:
    try:
        with call:
            next(call)
            raise OwnError
    except OwnError:
        pass


def leave_by_with(call: Any) -> None:
    with call:
        next(call)


def leave_by_generator(call: Any) -> None:
    generator = (count.number for count in call)
    next(generator)
    generator.close()


def leave_by_cancel(call: Any) -> None:
    next(call)
    call.cancel()
    with pytest.raises(pygrpc.RpcCancelledError):
        list(call)
    call.cancel()


def leave_by_close(call: Any) -> None:
    next(call)
    call.close()
    call.close()


LEAVE = [
    leave_by_break,
    leave_by_raise,
    leave_by_with,
    leave_by_generator,
    leave_by_cancel,
    leave_by_close,
]


@pytest.mark.parametrize("leave", LEAVE, ids=lambda leave: leave.__name__)
@pytest.mark.parametrize("method", ["CountForever", "CountForeverBidi"])
def test_leaving_early_cancels(
    tagged: Client, tag: str, leave: Callable[[Any], None], method: str
) -> None:
    gc.disable()  # nothing may have to wait for it
    try:
        if method == "CountForever":
            leave(tagged.unary_stream(method, interval="0.01s"))
        else:
            leave(tagged.stream_stream(method, ({"interval": "0.01s"} for _ in itertools.count())))
        assert cancelled(tagged, tag) == 1
        threads_end()
    finally:
        gc.enable()


def test_use_after_close(client: Client) -> None:
    call = client.stream_stream("SayHelloBidiStream")
    call.close()
    for use in (
        call.read,
        lambda: next(call),
        lambda: call.write({}),
        call.half_close,
        call.headers,
    ):
        with pytest.raises(pygrpc.ClosedError, match="is closed"):
            use()
    call.cancel()
    assert "closed" in repr(call)


def test_cancel_from_another_thread(client: Client) -> None:
    call = client.call("NeverAnswer", {}, timeout=2 * LIMIT)
    times = []

    def cancel() -> None:
        time.sleep(0.1)
        times.append(time.monotonic())
        call.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(pygrpc.RpcCancelledError):
        call.response()
    assert time.monotonic() - times[0] < LIMIT
    thread.join()


def read_all(call: pygrpc.Call, failures: list[BaseException]) -> None:
    try:
        list(call)
    except BaseException as failure:
        failures.append(failure)


def test_close_while_another_thread_reads(client: Client) -> None:
    for _ in range(20):
        call = client.unary_stream("CountForever")
        failures: list[BaseException] = []

        thread = threading.Thread(target=read_all, args=(call, failures))
        thread.start()
        time.sleep(0.005)
        call.close()
        thread.join(LIMIT)
        assert not thread.is_alive()
        assert [type(failure) for failure in failures] in (
            [pygrpc.RpcCancelledError],
            [pygrpc.ClosedError],
        )


def test_two_readers(client: Client) -> None:
    call = client.call("NeverAnswer", {}, timeout=2 * LIMIT)
    failures: list[BaseException] = []
    thread = threading.Thread(target=read_all, args=(call, failures))
    thread.start()
    # Whoever comes second is told; who that is depends on when the thread runs.
    was_told = False
    while not was_told and not failures:
        try:
            call.read(timeout=0.05)
        except pygrpc.StateError:
            was_told = True
        except TimeoutError:
            pass
    call.cancel()
    thread.join()
    expected = pygrpc.RpcCancelledError if was_told else pygrpc.StateError
    assert [type(failure) for failure in failures] == [expected]
