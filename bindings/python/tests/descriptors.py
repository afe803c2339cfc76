# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Serialized descriptors and generated modules, made without protoc and the protobuf package."""

from __future__ import annotations

from types import SimpleNamespace


def field(number: int, value: bytes | str | int) -> bytes:
    """One field in wire format; all of these are shorter than 128 bytes, or numbers below 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    length = [len(data)] if len(data) < 128 else [len(data) & 127 | 128, len(data) >> 7]
    return bytes([number << 3 | 2, *length]) + data


def message_type(name: str, *fields: bytes) -> bytes:
    """A DescriptorProto, in a file."""
    return field(4, field(1, name) + b"".join(field(2, each) for each in fields))


def string_field(name: str, number: int) -> bytes:
    """A FieldDescriptorProto: optional string."""
    return field(1, name) + field(3, number) + field(4, 1) + field(5, 9)


def message_field(name: str, number: int, type_name: str) -> bytes:
    """A FieldDescriptorProto: optional message."""
    return field(1, name) + field(3, number) + field(4, 1) + field(5, 11) + field(6, type_name)


def method(name: str, request: str, response: str) -> bytes:
    """A MethodDescriptorProto, in a service."""
    return field(2, field(1, name) + field(2, request) + field(3, response))


def file(
    name: str, *parts: bytes, dependencies: list[SimpleNamespace] | None = None
) -> SimpleNamespace:
    """What a generated module has as DESCRIPTOR."""
    imports = b"".join(field(3, each.name) for each in dependencies or [])
    data = field(1, name) + imports + b"".join(parts) + field(12, "proto3")
    return SimpleNamespace(name=name, serialized_pb=data, dependencies=dependencies or [])


GREETER = file(
    "helloworld.proto",
    field(2, "helloworld"),
    message_type("HelloRequest", string_field("name", 1)),
    message_type("HelloReply", string_field("message", 1)),
    field(
        6,
        field(1, "Greeter")
        + method("SayHello", ".helloworld.HelloRequest", ".helloworld.HelloReply"),
    ),
)

# A stand-in for what protoc generates.
GENERATED_MODULE = f"""
from types import SimpleNamespace
DESCRIPTOR = SimpleNamespace(
    name={GREETER.name!r}, serialized_pb={GREETER.serialized_pb!r}, dependencies=[]
)
"""
