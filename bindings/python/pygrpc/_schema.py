# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Descriptor sets out of generated modules, without the protobuf package."""

from __future__ import annotations

from typing import Any, Sequence

from pygrpc._errors import SchemaError


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def file_descriptor(source: Any) -> Any:
    """The file descriptor that a generated module holds, or that the source is itself.

    Raises TypeError if it is neither.
    """
    file = getattr(source, "DESCRIPTOR", source)
    if isinstance(getattr(file, "serialized_pb", None), bytes) and hasattr(file, "dependencies"):
        return file
    what = getattr(source, "__name__", None) or repr(source)
    hint = ""
    if what.endswith("_pb2_grpc"):
        hint = f"; load {what[: -len('_grpc')]}, which has the messages and services"
    raise TypeError(
        f"cannot load {what}: not a name, path, descriptor set, generated module or client{hint}"
    )


def descriptor_set(file: Any) -> bytes:
    """The serialized FileDescriptorSet of a file and all it depends on, dependencies first."""
    files: dict[str, bytes] = {}
    # Chains of imports can be longer than Python's stack: no recursion.
    pending: list[Any] = [file]
    opened = set()
    while pending:
        current = pending[-1]
        dependencies: Sequence[Any] = () if current.name in opened else current.dependencies
        opened.add(current.name)
        missing = [each for each in dependencies if each.name not in opened]
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        if not current.serialized_pb:
            raise SchemaError(f"the descriptor of {current.name} has no serialized form")
        files.setdefault(current.name, current.serialized_pb)
    # Field 1 of FileDescriptorSet, once for each file.
    return b"".join(b"\x0a" + _varint(len(data)) + data for data in files.values())
