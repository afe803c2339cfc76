# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""A Python client, measured as bench/bindings/README.md says."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TARGET = os.environ["PYGRPC_TEST_TARGET"]
PROTOS = Path(os.environ["PYGRPC_PROTO_PATH"])
GENERATED = Path(os.environ["PYGRPC_BUILD"]) / "generated"
IN_FLIGHT = 64
SIZE = 10
GREETING = "Hello, you!"

Cases = dict[str, Callable[[int], None]]


def expect(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"expected {expected!r}, got {found!r}")


def in_threads(call: Callable[[], None], count: int, pool: ThreadPoolExecutor) -> None:
    """Does it so many times, by as many threads as calls are to be in flight."""

    def work(times: int) -> None:
        for _ in range(times):
            call()

    shares = [count // IN_FLIGHT + (number < count % IN_FLIGHT) for number in range(IN_FLIGHT)]
    list(pool.map(work, shares))


def with_pygrpc() -> Cases:
    import pygrpc

    client = pygrpc.Client(TARGET)
    client.load("helloworld.proto")
    client.load("pygrpc_test/test.proto")
    pool = ThreadPoolExecutor(IN_FLIGHT)

    def call() -> None:
        expect(client.unary_unary("SayHello", name="you").message, GREETING)

    def unary_1(count: int) -> None:
        for _ in range(count):
            call()

    def unary_64(count: int) -> None:
        in_threads(call, count, pool)

    def stream(count: int, gathered: bool) -> None:
        received = 0
        request = {"messages": count, "size": SIZE, "buffer_hint": gathered}
        for payload in client.unary_stream("StreamPayloads", request):
            received += 1 if payload.body else 0
        expect(received, count)

    return {"unary_1": unary_1, "unary_64": unary_64, **streams(stream)}


def streams(stream: Callable[[int, bool], None]) -> Cases:
    return {
        "stream": lambda count: stream(count, False),
        "burst": lambda count: stream(count, True),
    }


def in_loop(loop: asyncio.AbstractEventLoop, work: Callable[[int], Any]) -> Callable[[int], None]:
    return lambda count: loop.run_until_complete(work(count))


async def in_tasks(call: Callable[[], Any], count: int) -> None:
    async def work(times: int) -> None:
        for _ in range(times):
            await call()

    shares = [count // IN_FLIGHT + (number < count % IN_FLIGHT) for number in range(IN_FLIGHT)]
    await asyncio.gather(*map(work, shares))


def with_pygrpc_aio() -> Cases:
    from pygrpc import aio

    loop = asyncio.new_event_loop()
    client = aio.Client(TARGET)
    loop.run_until_complete(client.load("helloworld.proto"))
    loop.run_until_complete(client.load("pygrpc_test/test.proto"))

    async def call() -> None:
        expect((await client.unary_unary("SayHello", name="you")).message, GREETING)

    async def unary_1(count: int) -> None:
        for _ in range(count):
            await call()

    async def stream(count: int, gathered: bool) -> None:
        received = 0
        request = {"messages": count, "size": SIZE, "buffer_hint": gathered}
        async for payload in client.unary_stream("StreamPayloads", request):
            received += 1 if payload.body else 0
        expect(received, count)

    return {
        "unary_1": in_loop(loop, unary_1),
        "unary_64": in_loop(loop, lambda count: in_tasks(call, count)),
        **streams(lambda *arguments: loop.run_until_complete(stream(*arguments))),
    }


def generate() -> None:
    """The modules that protoc and grpcio make of the .proto files."""
    import grpc_tools
    from grpc_tools import protoc

    GENERATED.mkdir(exist_ok=True)
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    files = ["helloworld.proto", "pygrpc_test/test.proto", "pygrpc_test/all_types.proto"]
    out = [f"--python_out={GENERATED}", f"--grpc_python_out={GENERATED}"]
    if protoc.main(["protoc", f"-I{PROTOS}", f"-I{well_known}", *out, *files]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, str(GENERATED))


def with_grpcio() -> Cases:
    import grpc

    generate()
    import helloworld_pb2
    import helloworld_pb2_grpc
    from pygrpc_test import test_pb2, test_pb2_grpc

    channel = grpc.insecure_channel(TARGET)
    greeter = helloworld_pb2_grpc.GreeterStub(channel)
    test = test_pb2_grpc.TestStub(channel)

    def unary_1(count: int) -> None:
        for _ in range(count):
            expect(greeter.SayHello(helloworld_pb2.HelloRequest(name="you")).message, GREETING)

    def unary_64(count: int) -> None:
        # Futures: it needs no thread for each call.
        room = threading.Semaphore(IN_FLIGHT)
        futures = []
        for _ in range(count):
            room.acquire()
            future = greeter.SayHello.future(helloworld_pb2.HelloRequest(name="you"))
            future.add_done_callback(lambda _: room.release())
            futures.append(future)
        for future in futures:
            expect(future.result().message, GREETING)

    def stream(count: int, gathered: bool) -> None:
        received = 0
        request = test_pb2.PayloadStreamRequest(messages=count, size=SIZE, buffer_hint=gathered)
        for payload in test.StreamPayloads(request):
            received += 1 if payload.body else 0
        expect(received, count)

    return {"unary_1": unary_1, "unary_64": unary_64, **streams(stream)}


def with_grpc_aio() -> Cases:
    import grpc.aio

    generate()
    import helloworld_pb2
    import helloworld_pb2_grpc
    from pygrpc_test import test_pb2, test_pb2_grpc

    loop = asyncio.new_event_loop()

    async def connect() -> Any:
        return grpc.aio.insecure_channel(TARGET)

    channel = loop.run_until_complete(connect())
    greeter = helloworld_pb2_grpc.GreeterStub(channel)
    test = test_pb2_grpc.TestStub(channel)

    async def call() -> None:
        reply = await greeter.SayHello(helloworld_pb2.HelloRequest(name="you"))
        expect(reply.message, GREETING)

    async def unary_1(count: int) -> None:
        for _ in range(count):
            await call()

    async def stream(count: int, gathered: bool) -> None:
        received = 0
        request = test_pb2.PayloadStreamRequest(messages=count, size=SIZE, buffer_hint=gathered)
        async for payload in test.StreamPayloads(request):
            received += 1 if payload.body else 0
        expect(received, count)

    return {
        "unary_1": in_loop(loop, unary_1),
        "unary_64": in_loop(loop, lambda count: in_tasks(call, count)),
        **streams(lambda *arguments: loop.run_until_complete(stream(*arguments))),
    }


def with_grpc_requests() -> Cases:
    from grpc_requests import Client

    client = Client.get_by_endpoint(TARGET)

    def unary_1(count: int) -> None:
        for _ in range(count):
            reply = client.request("helloworld.Greeter", "SayHello", {"name": "you"})
            expect(reply["message"], GREETING)

    def stream(count: int, gathered: bool) -> None:
        received = 0
        request = {"messages": count, "size": SIZE, "buffer_hint": gathered}
        for payload in client.request("pygrpc.test.Test", "StreamPayloads", request):
            received += 1 if payload["body"] else 0
        expect(received, count)

    return {"unary_1": unary_1, **streams(stream)}


CLIENTS: dict[str, Callable[[], Cases]] = {
    "pygrpc": with_pygrpc,
    "pygrpc.aio": with_pygrpc_aio,
    "grpcio": with_grpcio,
    "grpc.aio": with_grpc_aio,
    "grpc_requests": with_grpc_requests,
}


def main() -> None:
    try:
        cases = CLIENTS[sys.argv[1]]()
    except ModuleNotFoundError as error:
        print(f"missing {error}", flush=True)
        return
    print("ready", flush=True)
    for line in sys.stdin:
        case, count = line.split()
        if case not in cases:
            print("none", flush=True)
            continue
        began = time.perf_counter()
        cases[case](int(count))
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
