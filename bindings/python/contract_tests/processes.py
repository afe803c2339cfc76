# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What concerns a whole process: signals, exit, fork, memory, other packages."""

from __future__ import annotations

import signal
import time

from contract_support import fast_enough, run_python, start_python

INTERRUPTED = """
client = connect()
{prepare}
try:
    print("ready", flush=True)
    {wait}
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
assert client.unary_unary("SayHello", name="you").message == "Hello, you!"
"""

WAITS = {
    "unary": ("", "client.unary_unary('NeverAnswer', {}, timeout=300)"),
    "read": (
        "call = client.unary_stream('CountForever', interval='60s')",
        "next(call); next(call)",
    ),
    "headers": ("call = client.call('NeverAnswer', {}, timeout=300)", "call.headers()"),
    "write": (
        "call = client.call('NeverRead')",
        "while True: call.write({'body': b'a' * 1000000})",
    ),
    "health": (
        """
import atexit, socket
deaf = socket.create_server(('127.0.0.1', 0))
atexit.register(deaf.close)
other = pygrpc.Client('127.0.0.1', deaf.getsockname()[1])""",
        "other.health(timeout=60)",
    ),
    "asyncio": (
        "import asyncio; from pygrpc import aio",
        """
    async def main():
        async with aio.Client(client.target) as other:
            other.load_client(client)
            await other.unary_unary('NeverAnswer', {}, timeout=300)
    asyncio.run(main())""",
    ),
}


def _interrupt(name: str) -> float:
    prepare, wait = WAITS[name]
    with start_python(INTERRUPTED.format(prepare=prepare, wait=wait.strip())) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, ""), errors
    return float(output) - sent


def interrupt() -> None:
    for name in WAITS:
        fast_enough(lambda name=name: _interrupt(name), 0.2)  # type: ignore[misc]


def no_leak() -> None:
    code = """
    import gc
    gc.disable()  # a reference that comes back would show
    client = connect()

    def work(rounds):
        for number in range(rounds):
            client.unary_unary("SayHello", name="x" * 1000)
            if number % 10 == 0:
                for _ in client.unary_stream("SayHelloStreamReply", name="x" * 1000):
                    break

    work(2000)
    before, fds = resident(), len(os.listdir("/proc/self/fd"))
    work(8000)
    print(resident() - before, len(os.listdir("/proc/self/fd")) - fds)
    """
    grown, descriptors = map(int, run_python(code, seconds=300).split())
    assert grown < 20 * 1024 * 1024, grown
    assert descriptors < 10, descriptors


EXITS = {
    "open stream": "call = client.unary_stream('CountForever'); next(call)",
    "read in a thread": """
call = client.unary_stream('CountForever', interval='60s')
threading.Thread(target=list, args=(call,), daemon=True).start()
time.sleep(0.2)""",
    "write held up": """
call = client.call('NeverRead', iter(lambda: {'body': b'a' * 1000000}, None))
time.sleep(0.2)""",
    "asyncio": """
import asyncio
from pygrpc import aio
async def main():
    global call
    other = aio.Client(client.target)
    other.load_client(client)
    call = other.unary_stream('CountForever')
    async for each in call:
        if each.number == 3:
            break
asyncio.run(main())""",
}


def exit_with_open_stream() -> None:
    for code in EXITS.values():

        def attempt(code: str = code) -> float:
            program = f"client = connect()\n{code}\nprint(time.monotonic())\n"
            output = run_python(program)
            return time.monotonic() - float(output)

        fast_enough(attempt, 2)


def load_then_fork() -> None:
    code = """
    client = connect()
    child = os.fork()
    if child == 0:
        reply = client.unary_unary("SayHello", name="child")
        os._exit(0 if reply.message == "Hello, child!" else 1)
    print(os.waitpid(child, 0)[1], client.unary_unary("SayHello", name="parent").message)
    """
    assert run_python(code) == "0 Hello, parent!\n"


def use_then_fork() -> None:
    code = """
    client = connect()
    client.unary_unary("SayHello", name="parent")
    call = client.unary_stream("CountForever")
    next(call)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        began = time.monotonic()
        caught = 0
        for use in (
            lambda: client.unary_unary("SayHello", name="child"),
            lambda: pygrpc.Client(client.target).unary_unary("/helloworld.Greeter/SayHello"),
            lambda: next(call),
        ):
            try:
                use()
            except pygrpc.ForkedError:
                caught += 1
        sys.exit(0 if caught == 3 and time.monotonic() - began < 8 else 1)
    print(os.waitpid(child, 0)[1], client.unary_unary("SayHello", name="parent").message)
    """
    assert run_python(code) == "0 Hello, parent!\n"


THEIRS = """
import grpc
from google.protobuf import empty_pb2, wrappers_pb2, descriptor_pool

def theirs():
    with grpc.insecure_channel(os.environ["PYGRPC_TEST_TARGET"]) as channel:
        call = channel.unary_unary(
            "/pygrpc.test.Test/Ping",
            request_serializer=empty_pb2.Empty.SerializeToString,
            response_deserializer=empty_pb2.Empty.FromString,
        )
        assert call(empty_pb2.Empty(), timeout=60) == empty_pb2.Empty()
"""

OURS = """
import pygrpc

def ours():
    client = pygrpc.Client(os.environ["PYGRPC_TEST_TARGET"])
    client.load("helloworld.proto")
    client.load(wrappers_pb2)
    print(client.unary_unary("SayHello", name="you").message)
"""


def coexist_theirs_first() -> None:
    code = THEIRS + "theirs()\n" + OURS + "ours()\ntheirs()\nours()\n"
    assert run_python(code, preamble="import os\n") == "Hello, you!\n" * 2


def coexist_ours_first() -> None:
    first = OURS.replace("    client.load(wrappers_pb2)\n", "")
    code = first + "ours()\n" + THEIRS + "theirs()\n" + OURS + "ours()\ntheirs()\n"
    assert run_python(code, preamble="import os\n") == "Hello, you!\n" * 2


TESTS = [
    interrupt,
    no_leak,
    exit_with_open_stream,
    load_then_fork,
    use_then_fork,
    coexist_theirs_first,
    coexist_ours_first,
]
