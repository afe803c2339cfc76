# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What runs in an event loop."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import time
from typing import Any, AsyncIterator, Awaitable, Callable

import pygrpc
import scenarios
from contract_support import (
    TARGET,
    connect,
    fast_enough,
    new_tag,
    wait_for,
    wait_until_cancelled,
    wait_until_started,
)
from pygrpc import aio

Test = Callable[[aio.Client], Awaitable[None]]


def _own_threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("pygrpc")]


def with_client(test: Test) -> Callable[[], None]:
    """Runs a test with a client, in a loop in debug mode, which finds what is left behind."""

    async def run() -> None:
        async with aio.Client(TARGET) as client:
            for each in scenarios.FILES:
                await client.load(each)
            await test(client)

    @functools.wraps(test)
    def wrapper() -> None:
        asyncio.run(run(), debug=True)
        wait_for(lambda: not _own_threads(), "the threads of the binding end")

    return wrapper


async def names(count: int) -> AsyncIterator[dict[str, str]]:
    """Requests."""
    for number in range(count):
        await asyncio.sleep(0)
        yield {"name": str(number)}


@with_client
async def async_calls(client: aio.Client) -> None:
    threads: set[int] = set()

    async def watched(count: int) -> AsyncIterator[dict[str, str]]:
        async for each in names(count):
            threads.add(threading.get_ident())
            yield each

    assert (await client.unary_unary("SayHello", name="you")).message == "Hello, you!"
    replies = [each.message async for each in client.unary_stream("SayHelloStreamReply", name="a")]
    assert replies == [f"Hello, a! ({number}/5)" for number in range(1, 6)]
    echoed = [each.message async for each in client.stream_stream("SayHelloBidiStream", watched(3))]
    assert echoed == ["Hello, 0!", "Hello, 1!", "Hello, 2!"]
    summary = await client.stream_unary("SinkPayloads", ({"body": b"abc"} for _ in range(3)))
    assert (summary.messages, summary.bytes) == (3, 9)
    assert (await client.request("SayHello", name="you")).message == "Hello, you!"
    async with client.stream_stream("SayHelloBidiStream") as call:
        for name in ("a", "b"):
            assert await call.write({"name": name})
            assert (await call.read()).message == f"Hello, {name}!"
        await call.half_close()
        assert [each async for each in call] == []
        assert call.status is pygrpc.StatusCode.OK
    assert threads == {threading.get_ident()}
    # Where the machine is too busy for 100 steps of 1 ms in half a second, in a longer call.
    for number in range(1, 11):
        ticks = 0
        answer = client.unary_unary("Sleep", {"delay": f"{number / 2}s"}, timeout=60)
        sleeping = asyncio.ensure_future(answer)
        while not sleeping.done():
            await asyncio.sleep(0.001)
            ticks += 1
        await sleeping
        if ticks >= 100:
            return
    raise AssertionError(f"only {ticks} steps")


async def _cancelled_after(task: asyncio.Future[Any], observer: pygrpc.Client, tag: str) -> float:
    """How long it takes to cancel a task that waits."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, wait_until_started, observer, tag)
    await asyncio.sleep(0.1)
    assert not task.done()
    began = time.monotonic()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return time.monotonic() - began
    raise AssertionError("the task was not cancelled")


async def _cancel_each(client: aio.Client, observer: pygrpc.Client) -> float:
    longest = 0.0

    async def read(tagged: aio.Client) -> None:
        async for _ in tagged.unary_stream("CountForever", interval="60s"):
            await asyncio.sleep(60)

    async def write(tagged: aio.Client) -> None:
        async with await tagged.call("NeverRead") as call:
            while True:
                await call.write({"body": b"a" * 1000000})

    for work in (
        lambda tagged: tagged.unary_unary("NeverAnswer", {}, timeout=300),
        read,
        write,
        lambda tagged: tagged.stream_unary("NeverRead", names_of_payloads()),
    ):
        tag = new_tag()
        tagged = client.with_options(metadata={"x-call-tag": tag})
        task = asyncio.ensure_future(work(tagged))
        longest = max(longest, await _cancelled_after(task, observer, tag))
        wait_until_cancelled(observer, tag)
    return longest


async def names_of_payloads() -> AsyncIterator[dict[str, bytes]]:
    """Requests without end."""
    while True:
        yield {"body": b"a" * 1000000}


def cancel_natively() -> None:
    observer = connect()

    async def attempt() -> float:
        async with aio.Client(TARGET) as client:
            client.load_client(observer)
            return await _cancel_each(client, observer)

    fast_enough(lambda: asyncio.run(attempt()), 0.1)


@with_client
async def ten_thousand_completions(client: aio.Client) -> None:
    answered: set[str] = set()

    async def worker(number: int) -> None:
        for round_ in range(100):
            name = f"{number}-{round_}"
            reply = await client.unary_unary("SayHello", {"name": name}, timeout=60)
            assert reply.message == f"Hello, {name}!"
            answered.add(name)

    await asyncio.gather(*(worker(number) for number in range(100)))
    assert len(answered) == 10000


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@with_client
async def _slow_async_consumer(client: aio.Client) -> None:
    binary = client.with_options(codec="binary")
    request = client.json_to_binary(
        "pygrpc.test.PayloadStreamRequest", {"messages": 10000, "size": 65536}
    )
    before = _resident()
    async with binary.unary_stream("StreamPayloads", request) as call:
        for _ in range(10):
            await call.read()
        await asyncio.sleep(1)
        grown = _resident() - before
        assert grown < 64 * 1024 * 1024, grown
        assert len(await call.read()) > 65536


def slow_consumer() -> None:
    client = connect()
    before = _resident()
    request = {"messages": 10000, "size": 65536}
    with client.unary_stream("StreamPayloads", request) as call:
        for _ in range(10):
            next(call)
        time.sleep(1)
        grown = _resident() - before
        assert grown < 64 * 1024 * 1024, grown
        assert len(next(call).body) > 65536
    with client.unary_stream("CountForever") as call:
        assert [next(call).number for _ in range(10)] == list(range(1, 11))
        time.sleep(0.5)
        assert next(call).number == 11
    _slow_async_consumer()


TESTS = [async_calls, cancel_natively, ten_thousand_completions, slow_consumer]
