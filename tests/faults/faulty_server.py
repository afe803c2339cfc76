#!/usr/bin/env -S python3 -IS
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Servers that break the rules of HTTP/2 or gRPC, each in one way.

    faulty_server.py DIRECTORY

Listens on the unix socket DIRECTORY/NAME for each fault, prints "0" once all of them are there, and
serves until its standard input ends.
"""

import argparse
import itertools
import pathlib
import random
import select
import socket
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # -I leaves it out

from raw_server import (
    ACK,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PREFACE,
    REPLY,
    RST_STREAM,
    SETTINGS,
    Act,
    Connection,
    Serve,
    answers,
    calls,
    frame,
    half,
    hangs,
    literals,
    message,
    run,
    says,
)

PUSH_PROMISE, WINDOW_UPDATE, CONTINUATION = 5, 8, 9
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
GRPC = ((":status", "200"), ("content-type", "application/grpc"))
PAGE = b"<html><head><title>Error</title></head><body><h1>Sorry</h1></body></html>"


def setting(name: int, value: int) -> bytes:
    return struct.pack(">HI", name, value)


def long_literals(*fields: tuple[bytes, bytes]) -> bytes:
    """Literals of any bytes and any length."""

    def text(value: bytes) -> bytes:
        if len(value) < 127:
            return bytes([len(value)]) + value
        rest = len(value) - 127
        size = b"\x7f"
        while rest >= 128:
            size += bytes([rest % 128 + 128])
            rest //= 128
        return size + bytes([rest]) + value

    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def header_frames(stream: int, block: bytes, flags: int = 0) -> bytes:
    """A header block in as many frames as it needs."""
    parts = [block[at : at + 16384] for at in range(0, len(block), 16384)] or [b""]
    frames = b""
    for number, part in enumerate(parts):
        end = END_HEADERS if number + 1 == len(parts) else 0
        kind = HEADERS if number == 0 else CONTINUATION
        frames += frame(kind, end | (flags if number == 0 else 0), stream, part)
    return frames


def sends(*parts: tuple[int, int, bytes]) -> Serve:
    """Answers each call with these frames of its stream."""

    def act(connection: Connection, stream: int) -> None:
        connection.send(*(frame(kind, flags, stream, payload) for kind, flags, payload in parts))

    return calls(act)


def blocks(first: bytes, last: bytes = b"", body: bytes = message(REPLY)) -> Serve:
    """Answers each call with headers, a body and trailers; without trailers, with headers alone."""

    def act(connection: Connection, stream: int) -> None:
        if not last:
            connection.send(header_frames(stream, first, END_STREAM))
            return
        connection.send(header_frames(stream, first), frame(DATA, 0, stream, body))
        connection.send(header_frames(stream, last, END_STREAM))

    return calls(act)


def http(status: str) -> Serve:
    """A page of HTML with this status, as web servers and proxies send it."""

    def act(connection: Connection, stream: int) -> None:
        head = literals((":status", status), ("content-type", "text/html"))
        connection.send(frame(HEADERS, END_HEADERS, stream, head))
        connection.send(frame(DATA, END_STREAM, stream, PAGE))

    return calls(act)


def ends_with(status: bytes, text: bytes | None = None) -> Serve:
    fields = [(b"grpc-status", status)]
    if text is not None:
        fields.append((b"grpc-message", text))
    return blocks(literals(*GRPC), long_literals(*fields))


def headers_have(*fields: tuple[bytes, bytes]) -> Serve:
    return blocks(literals(*GRPC) + long_literals(*fields), literals(("grpc-status", "0")))


def trailers_have(*fields: tuple[bytes, bytes]) -> Serve:
    return blocks(literals(*GRPC), literals(("grpc-status", "0")) + long_literals(*fields))


def bodies(body: bytes) -> Serve:
    return blocks(literals(*GRPC), literals(("grpc-status", "0")), body)


def goes_away(last: int, code: int, text: bytes = b"") -> Act:
    """Says so, and leaves the connection open."""

    def act(connection: Connection, _stream: int) -> None:
        connection.send(frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + text))
        connection.wait()

    return act


def goes_away_and_answers(connection: Connection, stream: int) -> None:
    connection.send(frame(GOAWAY, 0, 0, struct.pack(">II", 2**31 - 1, 0)))
    answers(connection, stream)


def goes_away_in_turns(code: int) -> Serve:
    """Every other connection, from the first, does not take its call, and says so."""
    connections = itertools.count()

    def serve(connection: Connection) -> None:
        if next(connections) % 2 > 0:
            calls(answers)(connection)
            return
        connection.greet()
        connection.next_call()
        connection.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, code)))
        connection.sock.shutdown(socket.SHUT_WR)
        connection.wait()

    return serve


def resets_by_count(then: str) -> Serve:
    """Resets calls with the codes from 0 to 14 by turns: once they have come, amidst the answer, or
    after it."""
    codes = itertools.cycle(range(15))  # HTTP/2 knows 14 of them

    def act(connection: Connection, stream: int) -> None:
        if then != "before":
            connection.headers(stream)
            connection.reply(stream)
        if then == "after":
            connection.trailers(stream)
        connection.send(frame(RST_STREAM, 0, stream, struct.pack(">I", next(codes))))

    return calls(act)


def random_bytes(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def babbles(greets: bool) -> Serve:
    """Random bytes, others on each connection: at once, or once a call has come."""
    seeds = itertools.cycle(range(8))  # however many connections a slow machine makes

    def serve(connection: Connection) -> None:
        if greets:
            connection.greet()
            connection.next_call()
        else:
            connection.receive(len(PREFACE))
        connection.send(random_bytes(next(seeds), 4096))
        connection.wait()

    return serve


def settings(*values: bytes, then: Serve) -> Serve:
    """Greets with these settings, and serves."""

    def serve(connection: Connection) -> None:
        connection.send(frame(SETTINGS, 0, 0, b"".join(values)))
        then(connection)

    return serve


def opens_window_late(connection: Connection, size: int) -> None:
    """No byte of a body may come; after a while all may."""
    connection.receive(len(PREFACE))
    connection.send(frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 0)))
    while True:
        kind, flags, stream, _ = connection.next_frame()
        if kind == SETTINGS and not flags & ACK:
            connection.send(frame(SETTINGS, ACK, 0))
        elif kind == HEADERS:
            # That nothing more comes can only be seen by waiting.
            if select.select([connection.sock], [], [], 0.1)[0]:
                kind, flags, _, payload = connection.next_frame()
                if kind == DATA and payload:
                    raise ConnectionAbortedError  # the client does not heed the window
            connection.send(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size)))
        elif kind == DATA and flags & END_STREAM:
            answers(connection, stream)


def one_at_a_time(connection: Connection) -> None:
    """Allows one call at a time, and takes a while for each; breaks off if there are two."""
    connection.receive(len(PREFACE))
    connection.send(frame(SETTINGS, 0, 0, setting(MAX_CONCURRENT_STREAMS, 1)))
    while True:
        stream = connection.next_call()
        # What is there of the next call by then has come too early.
        while select.select([connection.sock], [], [], 0.1)[0]:
            kind, _, _, _ = connection.next_frame()
            if kind == HEADERS:
                raise ConnectionAbortedError
        answers(connection, stream)


def with_first(frames: bytes) -> Serve:
    """Frames that stand before the answer of a call."""

    def act(connection: Connection, stream: int) -> None:
        connection.send(frames.replace(b"STRM", struct.pack(">I", stream)))
        answers(connection, stream)

    return calls(act)


def padded(kind: int, flags: int, stream: bytes, payload: bytes) -> bytes:
    """A frame whose stream may be the call's own, as b"STRM"."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + stream + payload


OWN = b"STRM"
NONE = bytes(4)
BIG = b"x" * 9000

FAULTS: dict[str, Serve] = {
    "answer": calls(answers),
    "hang": calls(hangs),
    # GOAWAY
    "goaway-and-answer": calls(goes_away_and_answers),
    "goaway-not-taken": goes_away_in_turns(0),
    "goaway-not-taken-error": goes_away_in_turns(2),
    "goaway-calm": calls(goes_away(2**31 - 1, 11, b"too_many_pings")),
    "goaway-open": calls(goes_away(0, 0)),
    "goaway-protocol-error": calls(goes_away(0, 1)),
    "goaway-midway": half(goes_away(0, 0)),
    # RST_STREAM
    "reset-before": resets_by_count("before"),
    "reset-midway": resets_by_count("midway"),
    "reset-after": resets_by_count("after"),
    # no HTTP/2
    "babble": babbles(greets=False),
    "babble-later": babbles(greets=True),
    "http1-page": says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n" + PAGE),
    # no gRPC
    **{f"http-{status}": http(str(status)) for status in (200, 400, 401, 403, 404, 429)},
    **{f"http-{status}": http(str(status)) for status in (500, 502, 503, 504, 418)},
    "no-http-status": blocks(literals(GRPC[1]), literals(("grpc-status", "0"))),
    "bad-http-status": blocks(literals((":status", "twohundred")) + literals(("grpc-status", "0"))),
    "no-grpc-status": blocks(literals(*GRPC), literals(("x-other", "1"))),
    "only-no-grpc-status": blocks(literals(*GRPC)),
    "no-trailers": sends(
        (HEADERS, END_HEADERS, literals(*GRPC)), (DATA, END_STREAM, message(REPLY))
    ),
    "other-content-type": blocks(
        literals(GRPC[0], ("content-type", "application/json")), literals(("grpc-status", "0"))
    ),
    # grpc-status and grpc-message
    "status-text": ends_with(b"abc"),
    "status-empty": ends_with(b""),
    "status-negative": ends_with(b"-1"),
    "status-unknown": ends_with(b"99"),
    "status-huge": ends_with(b"4294967301"),
    "message-percent": ends_with(b"5", b"100%"),
    "message-not-hex": ends_with(b"5", b"%zz%4"),
    "message-no-utf8": ends_with(b"5", b"%ff%fe\xfd"),
    "message-lines": ends_with(b"5", b"one%0atwo%00three"),
    "message-long": ends_with(b"5", b"long " * 800),
    # metadata
    "binary-no-base64": headers_have((b"x-bin", b"***not base64***")),
    "upper-case": headers_have((b"X-Upper", b"1")),
    "empty-key": headers_have((b"", b"1")),
    "odd-key": headers_have((b"x y\x01", b"1")),
    "odd-value": headers_have((b"x-odd", b"\x80\xff")),
    "line-in-value": headers_have((b"x-line", b"a\r\nb: c")),
    "headers-8k": headers_have((b"x-big", BIG)),
    "headers-16k": headers_have((b"x-big", BIG), (b"x-big", BIG)),
    "trailers-16k": trailers_have((b"x-big", BIG), (b"x-big", BIG)),
    "trailers-many": trailers_have(*((b"x-%d" % i, b"1") for i in range(2000))),
    # bodies
    "body-flag": bodies(b"\x3c" + message(REPLY)[1:]),
    "body-short": bodies(struct.pack(">BI", 0, 100) + REPLY),
    "body-cut-prefix": bodies(b"\x00\x00"),
    "body-none": bodies(b""),
    "body-two": bodies(message(REPLY) * 2),
    "body-no-message": bodies(message(b"\xff\xff\xff")),
    # frames
    "data-no-stream": with_first(padded(DATA, 0, NONE, b"x")),
    "data-other-stream": with_first(padded(DATA, 0, b"\x00\x00\x10\x01", b"x")),
    "data-before-headers": with_first(padded(DATA, 0, OWN, message(REPLY))),
    "frame-unknown": with_first(padded(0xBB, 0xFF, OWN, b"whatever")),
    "frame-too-large": with_first(padded(DATA, 0, OWN, bytes((1 << 24) - 1))),
    "settings-odd-size": with_first(padded(SETTINGS, 0, NONE, b"12345")),
    "settings-bad-window": with_first(
        padded(SETTINGS, 0, NONE, setting(INITIAL_WINDOW_SIZE, 2**32 - 1))
    ),
    "window-zero-update": with_first(padded(WINDOW_UPDATE, 0, NONE, bytes(4))),
    "window-overflow": with_first(padded(WINDOW_UPDATE, 0, NONE, struct.pack(">I", 2**31 - 1)) * 2),
    "push-promise": with_first(
        padded(PUSH_PROMISE, END_HEADERS, OWN, struct.pack(">I", 2) + literals(*GRPC))
    ),
    "continuation-alone": with_first(padded(CONTINUATION, END_HEADERS, OWN, literals(*GRPC))),
    "headers-interrupted": with_first(
        padded(HEADERS, 0, OWN, literals(*GRPC)) + padded(DATA, 0, OWN, b"x")
    ),
    "hpack-bad-index": with_first(padded(HEADERS, END_HEADERS, OWN, b"\xff\xff\xff\x7f")),
    "hpack-cut": with_first(padded(HEADERS, END_HEADERS, OWN, b"\x00\x05ab")),
    # limits
    "no-streams": settings(setting(MAX_CONCURRENT_STREAMS, 0), then=calls(answers)),
    "one-stream": one_at_a_time,
    "no-window": settings(setting(INITIAL_WINDOW_SIZE, 0), then=calls(answers)),
    "late-window": lambda connection: opens_window_late(connection, 1 << 20),
    # that nothing comes of, until the process is killed
    "hold-headers": calls(lambda connection, stream: connection.headers(stream)),
    "hold-message": half(hangs),
}


def listen(directory: pathlib.Path, name: str, serve: Serve) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(directory / name))
    listener.listen(64)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=run, args=(sock, None, serve), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("directory", type=pathlib.Path)
    directory = parser.parse_args().directory
    for name, serve in FAULTS.items():
        listen(directory, name, serve)
    print(0, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
