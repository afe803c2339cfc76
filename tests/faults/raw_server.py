#!/usr/bin/env -S python3 -IS
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""A server of raw HTTP/2 frames, for what no well-behaved server does.

    raw_server.py BEHAVIOUR [--tls12 CERTIFICATE KEY]

Listens on a free port of 127.0.0.1, prints the port, and treats every connection alike until its
standard input ends. With --tls12 it speaks TLS 1.2 and nothing newer.
"""

import argparse
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4
REPLY = b"\x0a\x05Hello"  # of helloworld.Greeter: {"message": "Hello"}


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream)
    return head + payload


def literals(*fields: tuple[str, str]) -> bytes:
    """A header block of literals, which needs no table."""
    block = b""
    for name, value in fields:
        block += b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
    return block


def message(payload: bytes, compressed: int = 0) -> bytes:
    return struct.pack(">BI", compressed, len(payload)) + payload


class Connection:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise ConnectionError("the client ended the connection")
            data += more
        return data

    def next_frame(self) -> tuple[int, int, int, bytes]:
        head = self.receive(9)
        size = int.from_bytes(head[:3], "big")
        return head[3], head[4], int.from_bytes(head[5:9], "big"), self.receive(size)

    def greet(self) -> None:
        self.receive(len(PREFACE))
        self.send(frame(SETTINGS, 0, 0))

    def next_call(self) -> int:
        """The stream of the next call, once its request has come whole."""
        while True:
            kind, flags, stream, payload = self.next_frame()
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
            elif kind in (DATA, HEADERS) and flags & END_STREAM:
                return stream

    def next_message(self) -> int:
        """The stream of the next frame that has a message, or a part of one."""
        while True:
            kind, flags, stream, payload = self.next_frame()
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == DATA and payload:
                return stream

    def headers(self, stream: int, *more: tuple[str, str]) -> None:
        fields = (":status", "200"), ("content-type", "application/grpc"), *more
        self.send(frame(HEADERS, END_HEADERS, stream, literals(*fields)))

    def reply(self, stream: int) -> None:
        self.send(frame(DATA, 0, stream, message(REPLY)))

    def trailers(self, stream: int, status: str = "0") -> None:
        block = literals(("grpc-status", status))
        self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))

    def reset(self) -> None:
        """Has the kernel send RST when the socket is closed."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait(self) -> None:
        while self.sock.recv(65536):
            pass


Act = Callable[[Connection, int], None]
Serve = Callable[[Connection], None]


def calls(act: Act) -> Serve:
    """Acts on each call of a connection."""

    def serve(connection: Connection) -> None:
        connection.greet()
        while True:
            act(connection, connection.next_call())

    return serve


def answers(connection: Connection, stream: int) -> None:
    connection.headers(stream)
    connection.reply(stream)
    connection.trailers(stream)


def hangs(connection: Connection, _stream: int) -> None:
    connection.wait()


def half(then: Act) -> Serve:
    """Answers a first message, and acts on a second one."""

    def serve(connection: Connection) -> None:
        connection.greet()
        stream = connection.next_message()
        connection.headers(stream)
        connection.reply(stream)
        then(connection, connection.next_message())

    return serve


def resets_connection(connection: Connection, _stream: int) -> None:
    connection.reset()
    raise ConnectionAbortedError


def closes(connection: Connection, _stream: int) -> None:
    connection.sock.shutdown(socket.SHUT_WR)
    connection.wait()
    raise ConnectionAbortedError


def goes_away(connection: Connection, stream: int) -> None:
    connection.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)))
    closes(connection, stream)


def resets_stream(code: int) -> Act:
    def act(connection: Connection, stream: int) -> None:
        connection.send(frame(RST_STREAM, 0, stream, struct.pack(">I", code)))

    return act


def refuses(connection: Connection, stream: int) -> None:
    resets_stream(7)(connection, stream)
    connection.wait()


def compresses(encoding: str) -> Act:
    def act(connection: Connection, stream: int) -> None:
        connection.headers(stream, ("grpc-encoding", encoding))
        connection.send(frame(DATA, 0, stream, message(REPLY, compressed=1)))
        connection.trailers(stream)

    return act


def refuses_compression(connection: Connection, stream: int) -> None:
    fields = (
        (":status", "200"),
        ("content-type", "application/grpc"),
        ("grpc-status", "12"),
        ("grpc-message", "Decompressor is not installed for grpc-encoding gzip"),
    )
    connection.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, literals(*fields)))


def is_no_grpc(connection: Connection, stream: int) -> None:
    connection.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, literals((":status", "404"))))


def says(text: bytes) -> Serve:
    def serve(connection: Connection) -> None:
        connection.sock.recv(4096)
        connection.sock.sendall(text)

    return serve


BEHAVIOURS: dict[str, Serve] = {
    # once a call has come
    "answer": calls(answers),
    "hang": calls(hangs),
    "close": calls(closes),
    "reset": calls(resets_connection),
    "goaway": calls(goes_away),
    "half-close": half(closes),
    "half-reset": half(resets_connection),
    "half-goaway": half(goes_away),
    "half-refuse": half(refuses),
    "rst-cancel": calls(resets_stream(8)),
    "rst-refused": calls(resets_stream(7)),
    "rst-internal": calls(resets_stream(2)),
    "rst-calm": calls(resets_stream(11)),
    "encoding-broken": calls(compresses("gzip")),
    "compression-refused": calls(refuses_compression),
    "http-404": calls(is_no_grpc),
    # at once
    "silent": lambda connection: connection.wait(),
    "close-at-once": lambda connection: None,
    "reset-at-once": lambda connection: connection.reset(),
    "http1": says(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "ssh": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "tls-alert": says(b"\x15\x03\x03\x00\x02\x02\x0a"),
}


def run(sock: socket.socket, context: "ssl.SSLContext | None", serve: Serve) -> None:
    try:
        if context is not None:
            sock = context.wrap_socket(sock, server_side=True)
        with sock:
            serve(Connection(sock))
    except OSError:  # one side or the other ended it
        pass


def accept(listener: socket.socket, context: "ssl.SSLContext | None", serve: Serve) -> None:
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=run, args=(sock, context, serve), daemon=True).start()


def main(behaviours: dict[str, Serve] = BEHAVIOURS) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("behaviour", choices=sorted(behaviours))
    parser.add_argument("--tls12", nargs=2, metavar=("CERTIFICATE", "KEY"))
    options = parser.parse_args()
    context = None
    if options.tls12:
        import ssl  # takes time, and few need it

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(*options.tls12)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    serve = behaviours[options.behaviour]
    threading.Thread(target=accept, args=(listener, context, serve), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
