# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import socket
import threading
import time
import uuid
from typing import Any, AsyncIterator, Awaitable, Callable, Iterator

import pytest

import pygrpc
from pygrpc import Client, StatusCode, aio
from pygrpc.aio._reactor import running_reactor
from support import LIMIT, PROTOS, Server, run_python

Test = Callable[[aio.Client], Awaitable[None]]
Run = Callable[[Test], None]


@pytest.fixture
def run(server: Server, schema: Client) -> Run:
    """Runs a coroutine with a client, in a loop in debug mode."""

    def run_test(test: Test) -> None:
        async def main() -> None:
            async with aio.Client("localhost", server.port) as client:
                await client.load(schema)
                await asyncio.wait_for(test(client), 3 * LIMIT)

        asyncio.run(main(), debug=True)

    return run_test


@pytest.fixture
def tag() -> str:
    return uuid.uuid4().hex


async def cancelled(client: aio.Client, tag: str) -> int:
    request = {"tag": tag, "wait_for_cancelled": 1, "wait_at_most": f"{LIMIT}s"}
    counts = await client.unary_unary("GetCallCounts", request, timeout=2 * LIMIT)
    return int(counts.cancelled)


async def names(*names: str) -> AsyncIterator[dict[str, str]]:
    for name in names:
        yield {"name": name}


def payloads() -> Iterator[dict[str, bytes]]:
    while True:
        yield {"body": b"a" * 1000000}


# ---- Calls


def test_the_cardinalities(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        assert (await client.unary_unary("SayHello", name="you")).message == "Hello, you!"
        replies = client.unary_stream("SayHelloStreamReply", {"name": "a"}, timeout=LIMIT)
        assert len([reply async for reply in replies]) == 5
        points = [{"latitude": number} for number in range(7)]
        assert (await client.stream_unary("RecordRoute", points)).point_count == 7
        replies = client.stream_stream("SayHelloBidiStream", names("a", "b"))
        assert [reply.message async for reply in replies] == ["Hello, a!", "Hello, b!"]
        assert replies.status is StatusCode.OK

    run(test)


def test_request_takes_whatever_the_method_is(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        assert (await client.request("SayHello", name="you")).message == "Hello, you!"
        replies = await client.request("SayHelloStreamReply", name="you")
        assert len([reply async for reply in replies]) == 5
        assert (await client.request("RecordRoute", [{"latitude": 1}])).point_count == 1
        replies = await client.request("SayHelloBidiStream", [{}, {}])
        assert len([reply async for reply in replies]) == 2
        with pytest.raises(TypeError, match="takes a stream of requests"):
            await client.request("RecordRoute", latitude=1)
        with pytest.raises(TypeError, match="takes a stream of requests"):
            await client.stream_unary("RecordRoute", 3)  # type: ignore[arg-type]

    run(test)


def test_a_call_of_a_unary_method(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        request = {"headers": [{"key": "x-h-bin", "binary": b"\xff"}]}
        call = await client.call("EchoMetadata", request, timeout=LIMIT)
        assert await call.headers() == {"x-h-bin": [b"\xff"]}
        assert (await call).authority == (await call.response()).authority != ""
        assert await call.trailers() == {}
        assert [each async for each in call] == []
        assert (await call.info())["statusName"] == "OK"
        assert "OK" in repr(call)
        with pytest.raises(EOFError):
            await call.read()

    run(test)


def test_conversation(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        async with client.stream_stream("SayHelloBidiStream", timeout=LIMIT) as call:
            for name in ("a", "b"):
                assert await call.write({"name": name}) is True
                assert (await call.read()).message == f"Hello, {name}!"
            await call.half_close()
            await call.half_close()
            assert [reply async for reply in call] == []
            with pytest.raises(pygrpc.StateError):
                await call.write({})
        call = client.stream_stream("SayHelloBidiStream")
        call.close()
        with pytest.raises(pygrpc.ClosedError, match="is closed"):
            await call.write({})

    run(test)


def test_without_a_schema(server: Server, library: str) -> None:
    async def test() -> None:
        async with aio.Client(server.target) as client:
            replies = client.unary_stream("SayHelloStreamReply", name="a")
            assert len([reply async for reply in replies]) == 5
        async with aio.Client(server.target) as client:
            assert (await client.unary_unary("SayHello", name="you")).message == "Hello, you!"
        async with aio.Client(server.target, reflection=False) as client:
            call = client.unary_stream("SayHelloStreamReply", name="a")
            for _ in range(2):
                with pytest.raises(pygrpc.NotFoundError):
                    await call.read()
            with pytest.raises(pygrpc.NotFoundError):
                await call.headers()
            closed = client.unary_stream("SayHelloStreamReply", name="a")
            closed.close()
            with pytest.raises(pygrpc.PygrpcError):
                await closed.read()
            wrong = client.unary_stream("SayHelloStreamReply", {}, timeout=print)
            with pytest.raises(TypeError):
                await wrong.read()
            with pytest.raises(pygrpc.NotFoundError):
                await client.cardinality("SayHello")
            with pytest.raises(pygrpc.SchemaError):
                await client.load("nowhere.proto")
            await client.load("helloworld.proto", proto_path=PROTOS)
            assert (await client.unary_unary("SayHello", name="you")).message == "Hello, you!"

    asyncio.run(test(), debug=True)


def test_cancelling_before_reflection_is_over(library: str) -> None:
    async def test(port: int) -> None:
        # Nobody answers: what is cancelled does not wait for reflection.
        client = aio.Client("127.0.0.1", port, reflection_timeout=10 * LIMIT, timeout=10 * LIMIT)
        at_once = client.unary_stream("CountForever")
        at_once.cancel()
        read = client.unary_stream("CountForever")
        reading = asyncio.ensure_future(read.read())
        await asyncio.sleep(0)
        read.cancel()
        read.cancel()
        with pytest.raises(pygrpc.RpcCancelledError, match="CountForever: CANCELLED"):
            await asyncio.wait_for(reading, LIMIT)
        for call in (at_once, read):
            for use in (call.read, call.headers, call.half_close):
                with pytest.raises(pygrpc.RpcCancelledError) as caught:
                    await asyncio.wait_for(use(), LIMIT)
                assert caught.value.code is call.status is StatusCode.CANCELLED
            call.close()
        client.close()

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        asyncio.run(test(deaf.getsockname()[1]), debug=True)


def test_a_call_in_another_loop(server: Server, schema: Client) -> None:
    client = aio.Client(server.target)
    client.load_client(schema)

    async def begin() -> aio.Call:
        call = client.stream_stream("SayHelloBidiStream")
        assert await call.write({"name": "you"})
        assert (await call.read()).message == "Hello, you!"
        return call

    call = asyncio.run(begin())

    async def go_on() -> None:
        for use in (
            call.read,
            call.__anext__,
            lambda: call.write({"name": "you"}),
            call.half_close,
            call.headers,
            call.info,
        ):
            with pytest.raises(pygrpc.StateError, match="another event loop"):
                await asyncio.wait_for(use(), LIMIT)

    asyncio.run(go_on())
    call.close()


def test_loops_in_two_threads(library: str) -> None:
    both = threading.Barrier(2)

    class Loop(asyncio.SelectorEventLoop):
        def is_closed(self) -> bool:
            closed = super().is_closed()
            if closed:
                # Two threads that look at once both find that it is to be forgotten.
                with contextlib.suppress(threading.BrokenBarrierError):
                    both.wait(1)
            return closed

    async def work() -> None:
        running_reactor()

    def run_loop(loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_until_complete(work())
        except BaseException as failure:
            failures.append(failure)
        finally:
            loop.close()

    failures: list[BaseException] = []
    closed = Loop()
    closed.run_until_complete(work())
    closed.close()
    loops = [asyncio.SelectorEventLoop() for _ in range(2)]
    threads = [threading.Thread(target=run_loop, args=(loop,)) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_loops_come_and_go(server: Server, schema: Client) -> None:
    client = aio.Client(server.target)
    client.load_client(schema)

    async def test() -> None:
        reply = await client.unary_unary("SayHello", name="you")
        assert reply.message == "Hello, you!"

    for _ in range(3):
        asyncio.run(test())


# ---- Errors


def test_a_failure_is_raised_each_time(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        request = {"code": 5, "message": "why", "after_messages": 2}
        call = client.unary_stream("ReturnStatusServerStream", request)
        assert [(await call.read()).number, (await call.read()).number] == [1, 2]
        for _ in range(2):
            with pytest.raises(pygrpc.RpcError, match="why"):
                await call.read()
        assert call.status is StatusCode.NOT_FOUND
        assert isinstance(await call.trailers(), dict)
        with pytest.raises(pygrpc.RpcTimeoutError):
            await client.unary_unary("NeverAnswer", {}, timeout=0.1)
        with pytest.raises(pygrpc.WireError):
            await client.unary_unary("SendWire", b"\xff")

    run(test)


def test_timeouts_of_reads_lose_nothing(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        # The one in time or the other, as it comes.
        call = client.unary_stream("CountForever", interval="0.03s")
        numbers: list[int] = []
        while len(numbers) < 10:
            with contextlib.suppress(TimeoutError):
                numbers.append((await call.read(timeout=0.02)).number)
        assert numbers == list(range(1, 11))
        # Nothing can come before a request.
        conversation = client.stream_stream("SayHelloBidiStream")
        for name in ("a", "b", "c"):
            with pytest.raises(
                TimeoutError, match=r"no response of SayHelloBidiStream within 0\.2"
            ):
                await conversation.read(timeout=0.2)
            await conversation.write({"name": name})
            assert (await conversation.read(timeout=LIMIT)).message == f"Hello, {name}!"
        with pytest.raises(TimeoutError, match="no headers of NeverAnswer"):
            await (await client.call("NeverAnswer")).headers(timeout=0.05)
        with pytest.raises(TimeoutError, match="no response of NeverAnswer"):
            await (await client.call("NeverAnswer")).response(timeout=0.05)
        with pytest.raises(pygrpc.StateError, match="trailers come after"):
            await call.trailers()
        with pytest.raises(pygrpc.InvalidCardinalityError):
            await call.response()

    run(test)


def test_bad_timeouts_of_waits_end_nothing(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        call = client.stream_stream("SayHelloBidiStream")
        bad: Any
        for bad in ("1", [], math.nan):
            for use in (
                lambda timeout: call.read(timeout),
                lambda timeout: call.headers(timeout),
                lambda timeout: call.write({"name": "you"}, timeout),
                lambda timeout: client.wait_ready(timeout),
            ):
                with pytest.raises((TypeError, pygrpc.ArgumentError), match="timeout: a number"):
                    await use(bad)
        await client.wait_ready(math.inf)
        assert await call.write({"name": "you"}, math.inf)
        assert (await call.read(math.inf)).message == "Hello, you!"
        call.close()

    run(test)


def test_two_readers(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        call = await client.call("NeverAnswer")
        reading = asyncio.ensure_future(call.response())
        await asyncio.sleep(0.05)
        with pytest.raises(pygrpc.StateError, match="another task is reading"):
            await call.response()
        call.cancel()
        with pytest.raises(pygrpc.RpcCancelledError):
            await reading

    run(test)


def test_requests_that_fail(run: Run, tag: str) -> None:
    class OwnError(Exception):
        pass

    async def failing() -> AsyncIterator[dict[str, bytes]]:
        yield {"body": b"a"}
        raise OwnError("mine")

    async def test(client: aio.Client) -> None:
        tagged = client.with_options(metadata={"x-call-tag": tag})
        call = tagged.stream_stream("NeverAnswerBidi", failing())
        with pytest.raises(OwnError, match="mine"):
            await call.read()
        with pytest.raises(pygrpc.RpcCancelledError):
            await call.read()
        assert await cancelled(client, tag) == 1
        with pytest.raises(OwnError, match="mine"):
            await client.stream_unary("SinkPayloads", failing())
        with pytest.raises(TypeError, match=r"\$\.body: a set"):
            await client.stream_unary("SinkPayloads", [{"body": {1}}])
        with pytest.raises(pygrpc.StateError, match="come from an iterable"):
            await client.stream_stream("SayHelloBidiStream", names("a")).write({})

    run(test)


def test_the_server_ends_first(run: Run) -> None:
    async def endless() -> AsyncIterator[dict[str, Any]]:
        yield {"code": 0, "after_messages": 3}
        while True:
            yield {}

    async def test(client: aio.Client) -> None:
        assert (await client.stream_unary("ReturnStatusClientStream", endless())).number == 3
        replies = client.stream_stream("ReturnStatusBidi", endless())
        assert [reply.number async for reply in replies] == [1, 2, 3]

    run(test)


# ---- Backpressure


def test_a_write_that_the_server_does_not_take(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        call = await client.call("NeverRead")
        payload = {"body": b"a" * 1000000}

        async def write_all() -> None:
            for _ in range(100):
                await call.write(payload, timeout=0.2)

        with pytest.raises(TimeoutError, match=r"NeverRead took no request within 0\.2 s"):
            await write_all()
        call.close()

    run(test)


def test_requests_are_taken_as_the_server_takes_them(run: Run) -> None:
    taken = 0

    def counted() -> Iterator[dict[str, bytes]]:
        nonlocal taken
        for payload in payloads():
            taken += 1
            yield payload

    async def test(client: aio.Client) -> None:
        with pytest.raises(pygrpc.RpcTimeoutError):
            await client.stream_unary("NeverRead", counted(), timeout=1)
        assert 0 < taken < 100

    run(test)


# ---- Leaving early


async def leave_by_break(call: aio.Call) -> None:
    async for _ in call:
        break


async def leave_by_with(call: aio.Call) -> None:
    async with call:
        await call.read()


async def leave_by_close(call: aio.Call) -> None:
    await call.read()
    call.close()
    call.close()


async def leave_by_cancelled_task(call: aio.Call) -> None:
    got_one = asyncio.Event()

    async def read_all() -> None:
        async for _ in call:
            got_one.set()

    task = asyncio.ensure_future(read_all())
    await got_one.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def leave_by_cancel(call: aio.Call) -> None:
    await call.read()
    call.cancel()

    async def read_all() -> None:
        async for _ in call:
            pass

    with pytest.raises(pygrpc.RpcCancelledError):
        await read_all()


LEAVE = [leave_by_break, leave_by_with, leave_by_close, leave_by_cancelled_task, leave_by_cancel]


@pytest.mark.parametrize("leave", LEAVE, ids=lambda leave: leave.__name__)
@pytest.mark.parametrize("method", ["CountForever", "CountForeverBidi"])
def test_leaving_early_cancels(
    run: Run, tag: str, leave: Callable[[aio.Call], Awaitable[None]], method: str
) -> None:
    ended = False

    async def requests() -> AsyncIterator[dict[str, str]]:
        nonlocal ended
        try:
            while True:
                yield {"interval": "0.01s"}
                await asyncio.sleep(0.01)
        finally:
            ended = True

    async def test(client: aio.Client) -> None:
        tagged = client.with_options(metadata={"x-call-tag": tag})
        if method == "CountForever":
            await leave(tagged.unary_stream(method, interval="0.01s"))
        else:
            await leave(tagged.stream_stream(method, requests()))
        assert await cancelled(client, tag) == 1
        if method == "CountForeverBidi":
            deadline = time.monotonic() + LIMIT
            while not ended and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
            assert ended

    gc.disable()  # nothing may have to wait for it
    try:
        run(test)
    finally:
        gc.enable()


def test_close_with_calls_in_flight(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        async def read() -> None:
            async for _ in client.unary_stream("CountForever", interval="60s"):
                pass

        tasks = [
            asyncio.ensure_future(client.unary_unary("NeverAnswer", {}, timeout=60)),
            asyncio.ensure_future(read()),
            asyncio.ensure_future(client.stream_unary("NeverRead", payloads())),
        ]
        await asyncio.sleep(0.3)
        client.close()
        client.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [pygrpc.ClosedError] * 3
        with pytest.raises(pygrpc.ClosedError):
            await client.unary_unary("SayHello")
        assert "closed" in repr(client)

    run(test)


# ---- The connection


def test_ready_and_health(run: Run) -> None:
    async def test(client: aio.Client) -> None:
        await client.wait_ready(timeout=LIMIT)
        assert client.state is pygrpc.ChannelState.READY
        assert await client.health() == "SERVING"
        assert await client.health("helloworld.Greeter") == "SERVING"
        with pytest.raises(pygrpc.RpcError) as caught:
            await client.health("no.Service")
        assert caught.value.code is StatusCode.NOT_FOUND
        async with client.health_watch("no.Service") as watch:
            assert await watch.read(timeout=LIMIT) == "SERVICE_UNKNOWN"
        nowhere = aio.Client("unix:/nowhere")
        with pytest.raises(TimeoutError, match="not ready within"):
            await nowhere.wait_ready(timeout=0.1)

    run(test)


def test_nothing_is_left_behind(server: Server) -> None:
    code = f"""
    import asyncio, gc, os, sys, threading, time
    from pygrpc import aio
    gc.disable()

    async def main(number):
        async with aio.Client(sys.argv[1], proto_path=[{str(PROTOS)!r}]) as client:
            await client.load("helloworld.proto")
            for _ in range(50):
                await client.unary_unary("SayHello", name="you")
            async for _ in client.unary_stream("SayHelloStreamReply", name="you"):
                break

    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    asyncio.run(main(0))
    before = descriptors()
    for number in range(10):
        asyncio.run(main(number))
        gc.collect()
    deadline = time.monotonic() + {LIMIT}
    # Connections and threads end in the background.
    while descriptors() - before >= 5 or threading.active_count() > 1:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    print(descriptors() - before < 5, threading.active_count())
    """
    assert run_python(code, server.target) == "True 1\n"
