# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What blocks the calling thread, in this process."""

from __future__ import annotations

import array
import concurrent.futures
import datetime
import decimal
import gc
import itertools
import os
import threading
import time
from typing import Any, Callable, Iterator

import pygrpc
from contract_support import (
    connect,
    fast_enough,
    new_tag,
    wait_for,
    wait_until_cancelled,
    wait_until_started,
)

MEGABYTE = {"body": b"a" * 1000000}


def raised(work: Callable[[], object]) -> BaseException:
    """What the work raises."""
    try:
        work()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def wrong_native_value() -> None:
    client = connect()
    cycle: dict[str, Any] = {}
    cycle["recursiveValue"] = cycle
    for message, error_type, parts in (
        ({"repeatedString": ["a", {1}]}, TypeError, ("$.repeatedString[1]", "set")),
        ({"mapStringNested": {"k": print}}, TypeError, ("$.mapStringNested.k", "builtin")),
        ({"stringValue": decimal.Decimal}, TypeError, ("$.stringValue", "type")),
        ({"int32Value": object()}, TypeError, ("$.int32Value", "object")),
        (cycle, TypeError, ("$.recursiveValue", "holds itself")),
        ({"int32Value": float("nan")}, pygrpc.JsonError, ("$.int32Value", "NaN")),
        ({"repeatedInt32": [1, 1.5]}, pygrpc.JsonError, ("$.repeatedInt32[1]", "1.5")),
    ):
        error = raised(lambda message=message: client.unary_unary("Echo", message))  # type: ignore[misc]
        assert isinstance(error, error_type), repr(error)
        for part in parts:
            assert part in str(error), f"{part!r} is not in {error}"


def requests_are_lazy() -> None:
    client = connect()
    taken = 0

    def requests() -> Iterator[dict[str, bytes]]:
        nonlocal taken
        while True:
            taken += 1
            yield MEGABYTE

    with client.call("NeverRead", requests(), timeout=5) as call:
        last = (-1, time.monotonic())

        def stalls() -> bool:
            nonlocal last
            if taken != last[0]:
                last = (taken, time.monotonic())
            return taken > 0 and time.monotonic() - last[1] > 0.5

        wait_for(stalls, "the requests stop")
        assert taken < 100, taken
        assert isinstance(raised(call.response), pygrpc.RpcTimeoutError)


def requests_that_fail() -> None:
    class OwnError(Exception):
        pass

    observer = connect()

    def requests() -> Iterator[dict[str, bytes]]:
        yield {"body": b"a"}
        wait_until_started(observer, tag)
        raise OwnError

    for method in ("NeverAnswerBidi", "SinkPayloads"):
        tag = new_tag()
        client = connect(metadata={"x-call-tag": tag})
        if method == "SinkPayloads":
            error = raised(lambda c=client: c.stream_unary("SinkPayloads", requests()))  # type: ignore[misc]
        else:
            error = raised(lambda c=client: list(c.stream_stream("NeverAnswerBidi", requests())))  # type: ignore[misc]
        assert isinstance(error, OwnError), repr(error)
        wait_until_cancelled(observer, tag)


def leave_by_break(call: pygrpc.Call) -> None:
    for _ in call:
        break


def leave_by_exception(call: pygrpc.Call) -> None:
    try:
        for _ in call:
            raise KeyError
    except KeyError:
        pass


def leave_by_return(call: pygrpc.Call) -> Any:
    for each in call:
        return each
    return None


def leave_by_with(call: pygrpc.Call) -> None:
    with call:
        next(call)


def leave_by_close(call: pygrpc.Call) -> None:
    next(call)
    call.close()


def leave_by_generator(call: pygrpc.Call) -> None:
    generator = (each.number for each in call)
    next(generator)
    generator.close()


def leave_by_collection(call: pygrpc.Call) -> None:
    next(call)
    cycle: list[Any] = [call]
    cycle.append(cycle)


def leave_early() -> None:
    observer = connect()
    for leave in (
        leave_by_break,
        leave_by_exception,
        leave_by_return,
        leave_by_with,
        leave_by_close,
        leave_by_generator,
        leave_by_collection,
    ):
        tag = new_tag()
        options = {"metadata": {"x-call-tag": tag}}
        leave(observer.unary_stream("CountForever", {"interval": "0.01s"}, **options))
        if leave is leave_by_collection:
            gc.collect()
        wait_until_cancelled(observer, tag)


def cancel_from_elsewhere() -> None:
    client = connect()

    def attempt(start: Callable[[], pygrpc.Call]) -> float:
        call = start()
        cancelled_at: list[float] = []

        def cancel() -> None:
            time.sleep(0.2)
            cancelled_at.append(time.monotonic())
            call.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        error = raised(call.read)
        took = time.monotonic() - cancelled_at[0]
        thread.join()
        assert isinstance(error, pygrpc.RpcError), repr(error)
        assert error.code is pygrpc.StatusCode.CANCELLED
        return took

    fast_enough(lambda: attempt(lambda: client.call("NeverAnswer", {}, timeout=300)), 0.1)
    fast_enough(
        lambda: attempt(lambda: client.unary_stream("CountForever", {"interval": "60s"})), 0.1
    )


def others_run_meanwhile() -> None:
    client = connect()
    steps = 0

    def count(done: threading.Event) -> None:
        nonlocal steps
        while not done.is_set():
            time.sleep(0.001)
            steps += 1

    # Where the machine is too busy for 100 steps of 1 ms in half a second, in a longer call.
    for number in range(1, 11):
        steps = 0
        done = threading.Event()
        thread = threading.Thread(target=count, args=(done,))
        thread.start()
        client.unary_unary("Sleep", {"delay": f"{number / 2}s"}, timeout=60)
        done.set()
        thread.join()
        if steps >= 100:
            return
    raise AssertionError(f"only {steps} steps")


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def native_error_types() -> None:
    client = connect()
    error = raised(lambda: client.unary_unary("NeverAnswer", {}, timeout=0.1))
    assert isinstance(error, TimeoutError), repr(error)
    assert isinstance(error, pygrpc.RpcError), repr(error)
    error = raised(lambda: client.unary_unary("ReturnStatus", code=1))
    assert isinstance(error, concurrent.futures.CancelledError), repr(error)
    assert isinstance(error, pygrpc.RpcError), repr(error)
    error = raised(lambda: pygrpc.Client("unix:/nowhere").unary_unary("/a.B/C"))
    assert isinstance(error, ConnectionError), repr(error)


def native_values() -> None:
    client = connect()
    response = client.unary_unary(
        "Echo",
        bytesValue=b"\0\xff",
        repeatedBytes=[bytearray(b"\x80"), memoryview(b"\x81")],
        int64Value=-(2**63),
        uint64Value=2**64 - 1,
        mapInt64Int64={2**53 + 1: 2**53 + 1},
        mapBoolBool={"true": False},
        optionalDouble=float("nan"),
        doubleValue=-0.0,
        repeatedInt32=array.array("i", [1, 2]),
        timestamp=datetime.datetime(2026, 1, 2, 3, 4, 5, 6000, datetime.timezone.utc),
        duration=datetime.timedelta(seconds=-1.5),
        boolValue=True,
    )
    assert response.bytesValue == "AP8="
    assert response.repeatedBytes == ["gA==", "gQ=="]
    assert (response.int64Value, response.uint64Value) == (-(2**63), 2**64 - 1)
    assert response.mapInt64Int64 == {str(2**53 + 1): 2**53 + 1}
    assert response.mapBoolBool == {"true": False}
    assert response.optionalDouble == "NaN"
    assert str(response.doubleValue) == "-0.0"
    assert response.repeatedInt32 == [1, 2]
    assert response.timestamp == "2026-01-02T03:04:05.006Z"
    assert response.duration == "-1.500s"
    assert response.boolValue is True


def invalid_utf8() -> None:
    client = connect()
    half = "\ud800"
    works: list[tuple[Callable[[], object], str]] = [
        (lambda: client.unary_unary("Echo", stringValue=half), "$.stringValue"),
        (lambda: client.unary_unary("Echo", mapStringString={half: "x"}), "$.mapStringString"),
        (lambda: client.unary_unary("SayHello" + half), "method"),
        (lambda: client.load("hello" + half), "source"),
        (lambda: client.unary_unary("SayHello", {}, metadata={"x-key": half}), "x-key"),
        (lambda: pygrpc.Client("local" + half), "target"),
    ]
    for work, part in works:
        error = raised(work)
        assert isinstance(error, pygrpc.PygrpcError), repr(error)
        assert part in str(error), f"{part!r} is not in {error}"


def _close_with_calls_in_flight() -> float:
    """How long it takes until all of them have ended."""
    client = connect()
    errors: list[BaseException] = []
    works: list[Callable[[], object]] = [
        lambda: client.unary_unary("NeverAnswer", {}, timeout=300),
        lambda: list(client.unary_stream("CountForever", interval="60s")),
        lambda: list(client.stream_stream("NeverAnswerBidi", iter([{}]))),
        lambda: client.stream_unary("NeverRead", itertools.repeat(MEGABYTE)),
    ] * 2
    threads = [
        threading.Thread(target=lambda work=work: errors.append(raised(work))) for work in works
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    began = time.monotonic()
    client.close()
    client.close()
    for thread in threads:
        thread.join(60)
    took = time.monotonic() - began
    assert [type(error) for error in errors] == [pygrpc.ClosedError] * 8, errors
    return took


def close_with_calls_in_flight() -> None:
    fast_enough(_close_with_calls_in_flight, 1)


def eight_threads() -> None:
    client = connect()

    def work(number: int) -> None:
        for round_ in range(200):
            name = f"{number}-{round_}"
            assert client.unary_unary("SayHello", name=name).message == f"Hello, {name}!"
        for _ in range(20):
            replies = client.unary_stream("SayHelloStreamReply", name=str(number))
            expected = [f"Hello, {number}! ({each}/5)" for each in range(1, 6)]
            assert [reply.message for reply in replies] == expected

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


TESTS = [
    wrong_native_value,
    requests_are_lazy,
    requests_that_fail,
    leave_early,
    cancel_from_elsewhere,
    others_run_meanwhile,
    native_error_types,
    native_values,
    invalid_utf8,
    close_with_calls_in_flight,
    eight_threads,
]
