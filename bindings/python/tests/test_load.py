# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

import descriptors
import pygrpc
from pygrpc._schema import descriptor_set
from support import LIMIT, PROTOS, Server, run_python


@pytest.fixture
def bare(server: Server, library: str) -> pygrpc.Client:
    """A client that has loaded nothing and finds no .proto by itself."""
    return pygrpc.Client(server.target, reflection=False)


def greets(client: pygrpc.Client) -> bool:
    response = client.unary_unary("SayHello", name="you")
    return bool(response.message == "Hello, you!")


@pytest.mark.parametrize("name", ["helloworld_pb2", "helloworld", "helloworld.proto"])
def test_names_on_the_proto_path(bare: pygrpc.Client, name: str) -> None:
    bare.load(name, proto_path=[PROTOS])
    assert greets(bare)


def test_a_proto_path_of_one(bare: pygrpc.Client) -> None:
    bare.load("helloworld", proto_path=str(PROTOS))
    assert greets(bare)


def test_the_proto_path_of_the_client(server: Server, library: str) -> None:
    client = pygrpc.Client(server.target, proto_path=[PROTOS])
    client.load("helloworld_pb2")
    assert greets(client)


def test_paths(bare: pygrpc.Client) -> None:
    bare.load(PROTOS / "helloworld.proto")
    bare.load(str(PROTOS / "helloworld.proto"))
    assert greets(bare)


def test_directories(bare: pygrpc.Client) -> None:
    bare.load(PROTOS)
    assert bare.cardinality("RecordRoute") is pygrpc.Cardinality.STREAM_UNARY
    assert bare.cardinality("Echo") is pygrpc.Cardinality.UNARY_UNARY


def test_reflection(bare: pygrpc.Client) -> None:
    bare.load("reflection", timeout=LIMIT)
    assert greets(bare)


def test_reflection_by_itself(server: Server, library: str) -> None:
    assert greets(pygrpc.Client(server.target))


def test_descriptor_sets(bare: pygrpc.Client, tmp_path: Path) -> None:
    path = tmp_path / "set.bin"
    subprocess.run(
        ["protoc", f"-I{PROTOS}", f"-o{path}", "helloworld.proto"], check=True, cwd=PROTOS
    )
    bare.load(path.read_bytes())
    assert greets(bare)
    other = pygrpc.Client(bare.target)
    other.load(path)
    assert greets(other)


def test_text(bare: pygrpc.Client) -> None:
    text = (PROTOS / "helloworld.proto").read_text()
    bare.load_proto("helloworld.proto", text)
    bare.load_proto("helloworld.proto", text.encode())
    assert greets(bare)


def test_text_before_what_it_imports(bare: pygrpc.Client) -> None:
    service = 'import "m.proto"; service S { rpc M(E) returns (E); }'
    with pytest.raises(pygrpc.SchemaError, match=r"m\.proto"):
        bare.load_proto("s.proto", f'syntax = "proto3"; {service}')
    bare.load_proto("m.proto", 'syntax = "proto3"; message E {}')
    assert bare.cardinality("M") is pygrpc.Cardinality.UNARY_UNARY


def test_another_client(bare: pygrpc.Client, schema: pygrpc.Client) -> None:
    bare.load(schema)
    assert greets(bare)
    other = pygrpc.Client(bare.target)
    other.load_client(bare)
    assert greets(other)


def test_modules_and_descriptors(bare: pygrpc.Client) -> None:
    module = types.ModuleType("helloworld_pb2")
    vars(module)["DESCRIPTOR"] = descriptors.GREETER
    bare.load(module)
    assert greets(bare)
    other = pygrpc.Client(bare.target)
    other.load(descriptors.GREETER)
    assert greets(other)


def test_a_module_is_imported_where_there_is_no_proto(
    bare: pygrpc.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "helloworld_pb2.py").write_text(descriptors.GENERATED_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "helloworld_pb2", raising=False)
    bare.load("helloworld_pb2")
    assert greets(bare)


def test_the_proto_goes_before_the_module(
    bare: pygrpc.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "helloworld_pb2.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    bare.load("helloworld_pb2", proto_path=[PROTOS])
    (tmp_path / "helloworld.proto").write_text("no proto")
    with pytest.raises(pygrpc.SchemaError) as caught:
        bare.load("helloworld_pb2", proto_path=[tmp_path])
    assert caught.value.locations[0]["line"] == 1


def test_neither_proto_nor_module(bare: pygrpc.Client) -> None:
    with pytest.raises(pygrpc.SchemaError, match="No module named 'absent_pb2'") as caught:
        bare.load("absent_pb2", proto_path=["/nowhere"])
    assert "absent.proto" in caught.value.message
    assert any("/nowhere" in place for place in caught.value.searched)
    assert isinstance(caught.value.__cause__, ImportError)


def test_protoc_s_own_module(bare: pygrpc.Client, tmp_path: Path) -> None:
    pytest.importorskip("google.protobuf", reason="the protobuf package is not installed")
    subprocess.run(
        ["protoc", f"-I{PROTOS}", f"--python_out={tmp_path}", "route_guide.proto"], check=True
    )
    run_python(
        f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import pygrpc
        client = pygrpc.Client(None)
        client.load("route_guide_pb2")
        assert client.cardinality("RouteChat") == 4
        """
    )


def test_imports_of_a_module_come_first() -> None:
    base = descriptors.file("base.proto", descriptors.message_type("Base"))
    left = descriptors.file("left.proto", dependencies=[base])
    right = descriptors.file("right.proto", dependencies=[base, left])
    top = descriptors.file("top.proto", dependencies=[right, left, base])
    expected = b"".join(
        descriptors.field(1, each.serialized_pb) for each in (base, left, right, top)
    )
    assert descriptor_set(top) == expected


def test_a_long_chain_of_imports() -> None:
    chain = descriptors.file("0.proto")
    for number in range(1, 5000):
        chain = descriptors.file(f"{number}.proto", dependencies=[chain])
    data = descriptor_set(chain)
    assert data.index(b"\x0a\x070.proto") < data.index(b"\x0a\x071.proto")
    assert data.count(b"proto3") == 5000


def test_imports_of_a_module_are_loaded(bare: pygrpc.Client) -> None:
    inner = descriptors.file(
        "inner.proto", descriptors.message_type("Inner", descriptors.string_field("text", 1))
    )
    outer = descriptors.file(
        "outer.proto",
        descriptors.message_type("Outer", descriptors.message_field("inner", 1, ".Inner")),
        dependencies=[inner],
    )
    bare.load(outer)
    data = bare.json_to_binary("Outer", {"inner": {"text": "x"}})
    assert data == b"\x0a\x03\x0a\x01x"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (types.ModuleType("x_pb2_grpc"), "cannot load x_pb2_grpc: .*; load x_pb2, which has"),
        (types.ModuleType("os"), "cannot load os: not a name, path"),
        (17, "cannot load 17"),
    ],
)
def test_what_is_no_source(bare: pygrpc.Client, source: object, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        bare.load(source)  # type: ignore[arg-type]


def test_options_of_what_takes_none(bare: pygrpc.Client) -> None:
    with pytest.raises(TypeError, match="only names and paths take options, such as proto_path"):
        bare.load(b"", proto_path=[])


def test_bad_sources(bare: pygrpc.Client, tmp_path: Path) -> None:
    broken = tmp_path / "broken.proto"
    broken.write_text('syntax = "proto3";\nmessage M { int32 a = ; }\n')
    with pytest.raises(pygrpc.SchemaError) as caught:
        bare.load(broken)
    location = caught.value.locations[0]
    assert location["file"].endswith("broken.proto")
    assert location["line"] == 2
    with pytest.raises(pygrpc.SchemaError, match="nowhere"):
        bare.load("nowhere.proto")
    with pytest.raises(pygrpc.SchemaError):
        bare.load(b"\xff\xff")
    with pytest.raises(pygrpc.ArgumentError, match="NUL"):
        bare.load("a\0b")
    with pytest.raises(pygrpc.OptionError, match="proto_pth"):
        bare.load("helloworld", proto_pth=[PROTOS])
    bare.load("helloworld", proto_path=[PROTOS])
    assert greets(bare)
