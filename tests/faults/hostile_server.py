#!/usr/bin/env -S python3 -IS
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""A server that attacks its clients, and otherwise serves them well.

    hostile_server.py ATTACK

Listens on a free port of 127.0.0.1, prints the port, and serves until its standard input ends. The
second call that it gets is attacked, all others are answered: so one client can be seen before,
during and after. An attack goes on until the client ends the call, a flood for a second.
"""

import collections
import itertools
import pathlib
import select
import socket
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # -I leaves it out

import raw_server
from raw_server import (
    ACK,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    REPLY,
    RST_STREAM,
    SETTINGS,
    Connection,
    frame,
    literals,
    message,
)

PRIORITY, WINDOW_UPDATE, CONTINUATION = 2, 8, 9
MEBIBYTE = 1 << 20
FRAME_SIZE = 16384  # the most that a frame may have unless the peer allows more
RESPONSE = literals((":status", "200"), ("content-type", "application/grpc"))


class CallEndedError(Exception):
    """The client has ended the call that was attacked."""


class Attacker(Connection):
    """Keeps within the windows that the client gives: more would end the connection."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = 0  # of the call that is attacked
        self.first_window = 65535
        self.windows = collections.Counter({0: 65535})  # by stream, without the first; 0 for all
        self.closing = False

    def next_frame(self) -> tuple[int, int, int, bytes]:
        kind, flags, stream, payload = super().next_frame()
        if kind == WINDOW_UPDATE:
            self.windows[stream] += int.from_bytes(payload, "big")
        elif kind == SETTINGS and not flags & ACK:
            initial_window = 4
            for name, value in struct.iter_unpack(">HI", payload):
                if name == initial_window:
                    self.first_window = value
        return kind, flags, stream, payload

    def take(self, *, block: bool) -> None:
        """Takes the frames that have come; waits for one if `block`."""
        while block or select.select([self.sock], [], [], 0)[0]:
            block = False
            kind, flags, stream, payload = self.next_frame()
            if kind == RST_STREAM and stream == self.stream:
                raise CallEndedError
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))

    def window(self) -> int:
        """How many bytes of DATA may be sent."""
        return min(self.windows[0], self.first_window + self.windows[self.stream])

    def room(self) -> int:
        """The same, once it is not 0."""
        self.take(block=False)
        while self.window() <= 0:
            self.take(block=True)
        return self.window()

    def send_data(self, frames: bytes, size: int) -> None:
        self.send(frames)
        self.windows[0] -= size
        self.windows[self.stream] -= size

    def data(self, payload: bytes) -> None:
        """Sends all of it, as the windows allow."""
        at = 0
        while at < len(payload):
            size = min(FRAME_SIZE, self.room(), len(payload) - at)
            self.send_data(frame(DATA, 0, self.stream, payload[at : at + size]), size)
            at += size

    def flood(self, chunk: bytes) -> None:
        """Sends the same bytes again and again, and looks at what comes only to see the end."""
        end = time.monotonic() + 1  # for it may take long to see that among so much
        while time.monotonic() < end:
            self.take(block=False)
            self.send(chunk)
        self.closing = True

    def begin(self, *more: tuple[str, str]) -> None:
        self.headers(self.stream, *more)

    def begin_block(self, block: bytes = RESPONSE, flags: int = 0) -> None:
        """Headers that go on in CONTINUATION frames; nothing else may be sent until they end."""
        self.closing = True
        self.send(frame(HEADERS, flags, self.stream, block))

    def answer(self, stream: int) -> None:
        """A good answer, once there is room for it."""
        self.stream = stream
        self.begin()
        self.data(message(REPLY))
        self.trailers(stream)


Attack = Callable[[Attacker], None]


def zeros(size: int) -> bytes:
    """A block of deflate that becomes so many zero bytes, and may be repeated."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(bytes(size)) + compressor.flush(zlib.Z_FULL_FLUSH)


GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
DEFLATE_HEAD = b"\x78\xda"
LAST_BLOCK = b"\x03\x00"


def gzip(payload: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return compressor.compress(payload) + compressor.flush()


def bomb(head: bytes) -> bytes:
    """About a mebibyte that becomes a gibibyte."""
    return head + zeros(MEBIBYTE) * 1024 + LAST_BLOCK + bytes(8)


def sends(make: Callable[[], bytes], encoding: str = "", *, good_first: bool = False) -> Attack:
    """One message with the flag of compression, and a good end."""

    def attack(client: Attacker) -> None:
        client.begin(*([("grpc-encoding", encoding)] if encoding else []))
        if good_first:
            client.data(message(REPLY))
        client.data(message(make(), compressed=1))
        client.trailers(client.stream)

    return attack


def huge(client: Attacker) -> None:
    client.begin()
    size = 512 * MEBIBYTE
    client.data(struct.pack(">BI", 0, size))
    for _ in range(size // MEBIBYTE):
        client.data(bytes(MEBIBYTE))
    client.trailers(client.stream)


def tiny_frames(client: Attacker) -> None:
    """A message that comes byte by byte, each in a frame."""
    client.begin()
    left = 4 * MEBIBYTE
    client.data(struct.pack(">BI", 0, left))
    while left > 0:
        count = min(1000, left, client.room())
        client.send_data(frame(DATA, 0, client.stream, b"x") * count, count)
        left -= count
    client.trailers(client.stream)


def empty_messages(client: Attacker) -> None:
    client.begin()
    while True:
        client.data(message(b"") * 10000)


def endless_string(client: Attacker) -> None:
    """A header's value that never ends, in one CONTINUATION after the other."""
    length = b"\x7f" + b"\xff\xff\xff\xff\x07"  # two gibibytes or so
    block = RESPONSE + b"\x00" + b"\x01x" + length
    client.begin_block(block)
    client.flood(frame(CONTINUATION, 0, client.stream, b"x" * FRAME_SIZE))


def fields(count: int) -> bytes:
    return literals(*((f"x-{number % 10}", "y" * 100) for number in range(count)))


def endless_fields(client: Attacker) -> None:
    """Fields without end, in one CONTINUATION after the other."""
    client.begin_block()
    client.flood(frame(CONTINUATION, 0, client.stream, fields(100)))


def endless_table(client: Attacker) -> None:
    """The same with names that are all different, for the table of the compression of headers."""
    client.begin_block()
    for number in itertools.count():
        client.take(block=False)
        block = literals(*((f"x-{number}-{field}", "y" * 100) for field in range(100)))
        indexed = block.replace(b"\x00", b"\x40")  # no name or value has a zero byte
        client.send(frame(CONTINUATION, 0, client.stream, indexed))


def empty_continuations(client: Attacker) -> None:
    client.begin_block()
    client.flood(frame(CONTINUATION, 0, client.stream) * 1000)


def large_headers(client: Attacker) -> None:
    client.begin_block()
    for _ in range(64):
        client.send(frame(CONTINUATION, 0, client.stream, fields(100)))
    client.send(frame(CONTINUATION, END_HEADERS, client.stream))
    client.closing = False
    client.data(message(REPLY))
    client.trailers(client.stream)


def endless_trailers(client: Attacker) -> None:
    client.begin()
    client.data(message(REPLY))
    client.begin_block(literals(("grpc-status", "0")), END_STREAM)
    client.flood(frame(CONTINUATION, 0, client.stream, fields(100)))


def floods(make: Callable[[int], bytes]) -> Attack:
    def attack(client: Attacker) -> None:
        client.begin()
        client.flood(make(client.stream))

    return attack


def broken() -> bytes:
    return gzip(bytes(MEBIBYTE))[:-200]


def many_members() -> bytes:
    return gzip(REPLY) + gzip(b"") * 50000


ATTACKS: dict[str, Attack] = {
    "gzip-bomb": sends(lambda: bomb(GZIP_HEAD), "gzip"),
    "deflate-bomb": sends(lambda: bomb(DEFLATE_HEAD), "deflate"),
    "gzip-bomb-later": sends(lambda: bomb(GZIP_HEAD), "gzip", good_first=True),
    "gzip-members": sends(many_members, "gzip"),
    "gzip-truncated": sends(broken, "gzip"),
    "gzip-garbage": sends(lambda: bytes(range(256)) * 4096, "gzip"),
    "gzip-empty": sends(lambda: b"", "gzip"),
    "gzip-reply": sends(lambda: gzip(REPLY), "gzip"),
    "no-encoding": sends(lambda: gzip(REPLY)),
    "unknown-encoding": sends(lambda: gzip(REPLY), "br"),
    "huge-message": huge,
    "tiny-frames": tiny_frames,
    "empty-messages": empty_messages,
    "endless-string": endless_string,
    "endless-fields": endless_fields,
    "endless-table": endless_table,
    "empty-continuations": empty_continuations,
    "large-headers": large_headers,
    "endless-trailers": endless_trailers,
    "settings-flood": floods(lambda _: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)) * 1000),
    "ping-flood": floods(lambda _: frame(PING, 0, 0, bytes(8)) * 1000),
    "empty-data-flood": floods(lambda stream: frame(DATA, 0, stream) * 1000),
    "priority-flood": floods(lambda stream: frame(PRIORITY, 0, stream, bytes(5)) * 1000),
    "window-flood": floods(lambda _: frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * 1000),
    "unknown-flood": floods(lambda stream: frame(200, 0, stream, bytes(1000)) * 16),
}


def serve(attack: Attack, calls: Iterator[int], connection: Connection) -> None:
    attacked = 1
    client = Attacker(connection.sock)
    client.greet()
    while not client.closing:
        client.stream = client.next_call()
        try:
            if next(calls) == attacked:
                attack(client)
            else:
                client.answer(client.stream)
        except CallEndedError:
            pass


def main() -> None:
    calls = itertools.count()

    def serves(attack: Attack) -> raw_server.Serve:
        return lambda connection: serve(attack, calls, connection)

    raw_server.main({name: serves(attack) for name, attack in ATTACKS.items()})


if __name__ == "__main__":
    main()
