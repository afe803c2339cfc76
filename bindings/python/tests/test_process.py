# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What concerns a whole process: signals, exit, fork, memory. Each test is a process of its own."""

from __future__ import annotations

import signal
import time

import pytest

from support import PROTOS, Server, run_python, start_python

PREAMBLE = f"""
import os, signal, sys, threading, time
import pygrpc

def connect():
    client = pygrpc.Client(sys.argv[1], proto_path=[{str(PROTOS)!r}])
    client.load("helloworld.proto")
    client.load("pygrpc_test/test.proto")
    return client
"""


def script(code: str) -> str:
    return PREAMBLE + code


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

# The contract of the bindings has others, and says how long it may take; without a look at signals
# between two slices, it would be a minute.
WAITS = {
    "read": ("call = client.unary_stream('CountForever', interval='60s')", "next(call)"),
    "stream_unary": (
        "",
        "client.stream_unary('NeverRead', iter(lambda: {'body': b'a' * 1000000}, None))",
    ),
    "stream_stream": (
        "gate = threading.Event()",
        "list(client.stream_stream('NeverAnswerBidi', iter(gate.wait, None)))",
    ),
    "wait_ready": ("other = pygrpc.Client('unix:/nowhere')", "other.wait_ready()"),
}


@pytest.mark.parametrize("name", WAITS)
def test_ctrl_c(server: Server, name: str) -> None:
    prepare, wait = WAITS[name]
    code = script(INTERRUPTED.format(prepare=prepare, wait=wait))
    with start_python(code, server.target) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4)  # so that it waits; where it does not yet, the signal comes before
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            output, errors = process.communicate(timeout=40)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    assert float(output) - sent < 30


def test_ctrl_c_cancels_a_call_whose_exception_is_kept(server: Server) -> None:
    code = script(
        """
client = connect()
other = connect()

def interrupt():
    started = {"tag": "kept", "wait_for_started": 1, "wait_at_most": "60s"}
    other.unary_unary("GetCallCounts", started, timeout=90)
    os.kill(os.getpid(), signal.SIGINT)

thread = threading.Thread(target=interrupt)
try:
    thread.start()
    client.unary_unary("NeverAnswer", {}, timeout=600, metadata={"x-call-tag": "kept"})
except KeyboardInterrupt as interruption:
    kept = interruption  # as interactive interpreters do
thread.join()
ended = {"tag": "kept", "wait_for_cancelled": 1, "wait_at_most": "60s"}
print(client.unary_unary("GetCallCounts", ended, timeout=90).cancelled)
"""
    )
    assert run_python(code, server.target) == "1\n"


def test_ctrl_c_abandons_what_it_waits_for(library: str) -> None:
    code = script(
        """
import weakref
from pygrpc import _client

class Result:
    pass

go = threading.Event()
made = []

def work():
    os.kill(os.getpid(), signal.SIGINT)
    go.wait()
    result = Result()
    made.append(weakref.ref(result))
    return result

try:
    _client._interruptible(work)
except KeyboardInterrupt as interruption:
    kept = interruption
go.set()
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join()
print(made[0]())
"""
    )
    assert run_python(code) == "None\n"


def test_ctrl_c_while_reflection_is_asked_for(server: Server) -> None:
    code = script(
        """
import itertools, socket
deaf = socket.create_server(("127.0.0.1", 0))
port = deaf.getsockname()[1]
client = pygrpc.Client("127.0.0.1", port, reflection_timeout=90, connect_timeout=90)
waits = (
    lambda: client.load("reflection", timeout=90),
    lambda: client.unary_unary("SayHello", {}, timeout=90),
    lambda: client.cardinality("SayHello"),
)
sends = (
    lambda: os.kill(os.getpid(), signal.SIGINT),
    # The system may give it to a thread that is not the main one, here the timer's.
    lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT),
)
for wait, send in itertools.product(waits, sends):
    start = time.monotonic()
    try:
        threading.Timer(0.3, send).start()
        wait()
    except KeyboardInterrupt:
        print(time.monotonic() - start < 30)
deaf.close()
"""
    )
    assert run_python(code, server.target) == "True\n" * 6


def test_a_signal_handler_that_raises(server: Server) -> None:
    code = script(
        """
class Alarm(Exception):
    pass

def ring(*_):
    raise Alarm

client = connect()
signal.signal(signal.SIGALRM, ring)
call = client.unary_stream("CountForever", interval="60s")
try:
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    next(call)
except Alarm:
    print("rang")
try:
    next(call)
except pygrpc.RpcCancelledError:
    print("cancelled")
"""
    )
    assert run_python(code, server.target) == "rang\ncancelled\n"


EXITS = {
    "unread stream": "call = client.unary_stream('CountForever')",
    "half-read stream": "call = client.unary_stream('CountForever'); next(call)",
    "conversation": "call = client.stream_stream('EchoPayloads'); call.write({'body': b'a'})",
    "writer that waits": """
call = client.call('NeverRead', iter(lambda: {'body': b'a' * 1000000}, None))
time.sleep(0.2)""",
    "iterable that hangs": """
gate = threading.Event()
call = client.stream_stream('NeverAnswerBidi', iter(gate.wait, None))
time.sleep(0.2)""",
    "reader in a daemon thread": """
call = client.unary_stream('CountForever', interval='60s')
threading.Thread(target=list, args=(call,), daemon=True).start()
time.sleep(0.2)""",
    "unary call in a daemon thread": """
waiting = lambda: client.unary_unary('NeverAnswer', {}, timeout=600)
threading.Thread(target=waiting, daemon=True).start()
time.sleep(0.2)""",
    "in a cycle": "call = client.unary_stream('CountForever'); cycle = [call]; cycle.append(cycle)",
    "after an exception": """
call = client.unary_stream('CountForever')
sys.excepthook = lambda *_: None
sys.last_call = call""",
}


@pytest.mark.parametrize("name", EXITS)
def test_exit_is_clean(server: Server, name: str) -> None:
    code = script("client = connect()\n" + EXITS[name] + "\nprint(time.monotonic())\n")
    end = run_python(code, server.target)
    assert time.monotonic() - float(end) < 30  # and not when the calls would end


def test_load_then_fork(server: Server) -> None:
    code = script(
        """
client = connect()
child = os.fork()
if child == 0:
    reply = client.unary_unary("SayHello", name="child")
    os._exit(0 if reply.message == "Hello, child!" else 1)
print(os.waitpid(child, 0)[1])
print(client.unary_unary("SayHello", name="parent").message)
"""
    )
    assert run_python(code, server.target) == "0\nHello, parent!\n"


def test_use_then_fork(server: Server) -> None:
    code = script(
        """
client = connect()
call = client.unary_stream("CountForever")
next(call)
child = os.fork()
if child == 0:
    signal.alarm(60)
    caught = 0
    for use in (
        lambda: client.unary_unary("SayHello", name="child"),
        lambda: pygrpc.Client(sys.argv[1]).unary_unary("/helloworld.Greeter/SayHello"),
        lambda: next(call),
    ):
        try:
            use()
        except pygrpc.ForkedError:
            caught += 1
    call.close()
    client.close()
    sys.exit(0 if caught == 3 else 1)
print(os.waitpid(child, 0)[1])
next(call)
print(client.unary_unary("SayHello", name="parent").message)
"""
    )
    assert run_python(code, server.target) == "0\nHello, parent!\n"


def test_no_thread_is_left(server: Server) -> None:
    code = script(
        """
client = connect()
client.unary_unary("SayHello", name="you")
list(client.stream_stream("SayHelloBidiStream", [{}, {}]))
deadline = time.monotonic() + 60
while threading.active_count() > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
print(threading.active_count())
"""
    )
    assert run_python(code, server.target) == "1\n"


def test_nothing_leaks_without_a_close(server: Server) -> None:
    code = script(
        """
import gc
gc.disable()  # a reference that comes back would show

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

client = connect()

def work(rounds):
    for _ in range(rounds):
        client.unary_unary("SayHello", name="x" * 1000)
        for _ in client.unary_stream("SayHelloStreamReply", name="x" * 1000):
            break
        client.call("SayHello", name="x" * 1000)
        try:
            client.unary_unary("ReturnStatus", code=5, message="x" * 1000)
        except pygrpc.RpcError:
            pass
        try:
            client.unary_unary("SayHello", nam="x" * 1000)
        except pygrpc.JsonError:
            pass
        try:
            list(client.stream_stream("NeverAnswerBidi", [{"x"}]))
        except TypeError:
            pass
        try:
            client.unary_unary("Echo", stringValue={"x"})
        except TypeError:
            pass

work(500)
growth = []
for _ in range(4):
    before = resident()
    work(500)
    growth.append(resident() - before)
print(min(growth))
"""
    )
    # What leaks does so each time; what an allocator takes in advance comes now and then.
    assert int(run_python(code, server.target)) < 1_000_000


def test_clients_come_and_go(server: Server) -> None:
    code = script(
        """
import gc
gc.disable()

def descriptors():
    return len(os.listdir("/proc/self/fd"))

schema = connect()
for number in range(60):
    client = pygrpc.Client(sys.argv[1])
    client.load(schema)
    client.unary_unary("SayHello")
    if number == 20:
        before = descriptors()
deadline = time.monotonic() + 60
while descriptors() > before + 2 and time.monotonic() < deadline:
    time.sleep(0.05)
print(descriptors() <= before + 2)
"""
    )
    assert run_python(code, server.target) == "True\n"
