# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""list, describe, template, schema, tools, export, encode, decode, health, options."""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest
from running import LIMIT, PROTOS, Runner

HELLO = ("--proto", f"{PROTOS}/helloworld.proto")
METHODS = ["SayHello", "SayHelloStreamReply", "SayHelloBidiStream"]


def test_list(run: Runner, target: str) -> None:
    assert "helloworld.Greeter" in run.succeed("list", target).messages
    methods = [f"helloworld.Greeter/{name}" for name in METHODS]
    assert run.succeed("list", target, "helloworld.Greeter").messages == methods
    assert run.succeed("list", target, "Greeter").messages == methods
    method = run.succeed("list", target, "SayHelloBidiStream").message
    assert method["cardinality"] == "stream_stream"
    assert method["request"] == "helloworld.HelloRequest"
    assert "message" in run.fail(2, "list", target, "helloworld.HelloRequest")


def test_files_need_no_target(run: Runner, target: str) -> None:
    assert run.succeed("list", *HELLO).messages == ["helloworld.Greeter"]
    assert len(run.succeed("list", *HELLO, "helloworld.Greeter").messages) == 3
    # What has a colon is a target, and then the files are what counts.
    assert run.succeed("list", *HELLO, target).messages == ["helloworld.Greeter"]
    assert len(run.succeed("list", *HELLO, target, "helloworld.Greeter").messages) == 3
    assert "no target" in run.fail(2, "list", *HELLO, "localhost", "helloworld.Greeter")
    assert "give a TARGET" in run.fail(2, "list")
    assert "give a TARGET" in run.fail(2, "list", *HELLO, "--reflection")


def test_all_of_a_directory(run: Runner) -> None:
    services = run.succeed("list", "--proto", PROTOS).messages
    assert {"helloworld.Greeter", "routeguide.RouteGuide", "pygrpc.test.Test"} <= set(services)


def test_describe(run: Runner, target: str) -> None:
    found = run.succeed("describe", *HELLO, "helloworld.HelloRequest.name").message
    assert (found["kind"], found["number"], found["type"]) == ("field", 1, "string")
    text = run.succeed("describe", *HELLO, "SayHello", "--text").text
    assert "rpc SayHello(HelloRequest) returns (HelloReply);\n" in text
    assert text.startswith("// ")  # its comment
    services = run.succeed("describe", target).messages
    assert "routeguide.RouteGuide" in [service["name"] for service in services]
    text = run.succeed("describe", target, "--text").text
    assert "service RouteGuide {" in text
    assert "contradict" in run.fail(2, "describe", target, "--text", "--json")


def field(number: int, value: bytes) -> bytes:
    """A length-delimited field of the wire format."""
    size, digits = len(value), b""
    while size > 127:
        digits += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + digits + bytes([size]) + value


def test_a_broken_service_hides_no_other(run: Runner) -> None:
    # So large that its files are looked at when they are asked for, and not when they are loaded.
    messages = b"".join(field(4, field(1, b"M%0120d" % number)) for number in range(2500))
    method = field(1, b"Call") + field(2, b".Nowhere") + field(3, b".Nowhere")
    broken = field(6, field(1, b"Broken") + field(2, method))
    files = {b"good.proto": messages + field(6, field(1, b"Good")), b"broken.proto": broken}
    descriptors = b"".join(field(1, field(1, name) + rest) for name, rest in files.items())
    (run.home / "set").write_bytes(descriptors)
    source = ("--descriptor-set", "set")
    assert run.succeed("list", *source).messages == ["Broken", "Good"]
    result = run("describe", *source)
    assert (result.status, [service["name"] for service in result.messages]) == (1, ["Good"])
    assert "Nowhere" in result.errors


def test_template(run: Runner, target: str) -> None:
    template = run.succeed("template", target, "SayHello").text
    assert json.loads(template) == {"name": "text"}
    called = run.succeed("call", target, "SayHello", "-", given=template.encode())
    assert called.message == {"message": "Hello, text!"}
    assert run.succeed("template", *HELLO, "HelloReply").message == {"message": "text"}
    assert "TYPE" in run.fail(2, "template", target)


def test_schema(run: Runner, target: str) -> None:
    schema = run.succeed("schema", target, "pygrpc.test.CrashRequest").message
    assert schema["title"] == "pygrpc.test.CrashRequest"
    assert list(schema["properties"]) == ["afterMessages"]
    # Of a method, that of its request.
    schema = run.succeed("schema", target, "Crash", "-o", "proto_names=true").message
    assert list(schema["properties"]) == ["after_messages"]


def test_tools(run: Runner, target: str) -> None:
    (tools,) = run.succeed("tools", *HELLO).messages
    assert [tool["method"] for tool in tools] == [f"helloworld.Greeter/{name}" for name in METHODS]
    (tools,) = run.succeed("tools", target, "SayHello", "GetFeature").messages
    assert [tool["name"] for tool in tools] == [
        "helloworld_Greeter_SayHello",
        "routeguide_RouteGuide_GetFeature",
    ]
    assert "no method" in run.fail(2, "tools", *HELLO, "HelloRequest")


def test_export_of_proto_files(run: Runner, target: str) -> None:
    names = run.succeed("export", target, "--proto-out", "out/put", "Test").message
    written = [path for path in (run.home / "out/put").rglob("*") if path.is_file()]
    assert sorted(names) == sorted(str(path.relative_to(run.home / "out/put")) for path in written)
    assert "pygrpc_test/test.proto" in names
    # They load, and over those that are there already.
    listed = run.succeed("list", "--proto", "out/put/pygrpc_test/test.proto", "-I", "out/put")
    assert listed.messages == ["pygrpc.test.Test"]
    run.succeed("export", target, "--proto-out", "out/put")
    assert (run.home / "out/put/helloworld.proto").exists()


def test_export_of_a_descriptor_set(run: Runner, target: str) -> None:
    names = run.succeed("export", target, "--descriptor-set-out", "all.binpb", "Greeter").message
    assert names == ["helloworld.proto"]
    assert run.succeed("list", "--descriptor-set", "all.binpb").messages == ["helloworld.Greeter"]
    bytes_ = run.succeed("export", target, "--descriptor-set-out", "-", "Greeter").output
    assert bytes_ == (run.home / "all.binpb").read_bytes()
    assert "--proto-out" in run.fail(2, "export", target)
    assert "No such" in run.fail(1, "export", target, "--descriptor-set-out", "no/such/file")


def descriptor_set(*names: str) -> bytes:
    """A google.protobuf.FileDescriptorSet of empty files with these names."""
    files = [b"\x0a" + bytes([len(name)]) + name.encode() for name in names]
    return b"".join(b"\x0a" + bytes([len(file)]) + file for file in files)


@pytest.mark.parametrize(
    "name",
    ["../out.proto", "/tmp/pygrpc-out.proto", "a/../../out.proto", "a//b.proto", "./a.proto"],
)
def test_an_export_stays_in_its_directory(run: Runner, name: str) -> None:
    (run.home / "set").write_bytes(descriptor_set("good.proto", name))
    run.fail(1, "export", "--descriptor-set", "set", "--proto-out", "deep/down")
    assert not list(run.home.rglob("*.proto"))
    assert not Path("/tmp/pygrpc-out.proto").exists()


@pytest.mark.parametrize("link", ["a", "a/b.proto"])
def test_an_export_follows_no_links(run: Runner, link: str) -> None:
    (run.home / "set").write_bytes(descriptor_set("a/b.proto"))
    (run.home / "other").mkdir()
    place = run.home / "out" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(run.home / "other" / ("" if link == "a" else "b.proto"))
    said = run.fail(1, "export", "--descriptor-set", "set", "--proto-out", "out")
    assert "symbolic link" in said
    assert not list((run.home / "other").iterdir())


def test_encode_and_decode(run: Runner, target: str) -> None:
    you = b"\x0a\x03you"
    for source in ([*HELLO], [target]):
        assert run.succeed("encode", *source, "HelloRequest", "name=you").output == you
        encoded = run.succeed("encode", *source, "HelloRequest", given=b'{"name": "you"}')
        assert encoded.output == you
        text = run.succeed("encode", *source, "HelloRequest", "name=you", "--base64").text
        assert text == base64.b64encode(you).decode() + "\n"
        decoded = run.succeed("decode", *source, "HelloRequest", given=you)
        assert decoded.text == '{"name":"you"}\n'
        (run.home / "request.bin").write_bytes(you)
        assert run.succeed("decode", *source, "HelloRequest", "@request.bin").text == decoded.text
        again = run.succeed("decode", *source, "HelloRequest", "--base64", text.strip())
        assert again.text == decoded.text


@pytest.mark.parametrize("size", range(8))
def test_base64_of_any_size(run: Runner, size: int) -> None:
    body = bytes(range(251, 251 + size)) if size < 5 else os.urandom(size)
    types = ("--proto", f"{PROTOS}/pygrpc_test/test.proto")
    value = base64.b64encode(body).decode()
    text = run.succeed("encode", *types, "Payload", f"body={value}", "--base64").text
    assert base64.b64decode(text) == b"\x0a" + bytes([size]) + body
    for form in (text, text.rstrip("\n="), text.replace("+", "-").replace("/", "_")):
        decoded = run.succeed("decode", *types, "Payload", "--base64", given=form.encode())
        assert decoded.message == ({"body": value} if size else {})


def test_what_cannot_be_decoded(run: Runner) -> None:
    assert "E_WIRE" in run.fail(1, "decode", *HELLO, "HelloRequest", given=b"\x0a\xff")
    for text in ("C", "CgN5b3U=x", "====", "Cg*"):
        said = run.fail(2, "decode", *HELLO, "HelloRequest", "--base64", text)
        assert "no base64" in said
    assert "BYTES" in run.fail(2, "decode", *HELLO, "HelloRequest", "bytes")
    assert "TYPE" in run.fail(2, "encode", *HELLO, "localhost:1")
    assert "nothing.bin" in run.fail(1, "decode", *HELLO, "HelloRequest", "@nothing.bin")


def test_health(run: Runner, target: str) -> None:
    assert run.succeed("health", target).message == {"status": "SERVING"}
    assert run.succeed("health", target, "helloworld.Greeter").message == {"status": "SERVING"}
    assert "NOT_FOUND" in run.fail(64 + 5, "health", target, "no.Such")


def test_health_that_is_watched(run: Runner, command: Path) -> None:
    server = os.environ.get("PYGRPC_TEST_SERVER") or command.parents[1] / (
        "tests/server/pygrpc-test-server"
    )
    with subprocess.Popen(
        [server, "--exit-on-stdin-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        target = f"localhost:{process.stdout.readline().strip()}"
        with run.start("health", target, "--watch", "helloworld.Greeter") as watching:
            assert watching.stdout is not None
            assert watching.stdout.readline() == b'{"status":"SERVING"}\n'
            print("not_serving helloworld.Greeter", file=process.stdin, flush=True)
            assert watching.stdout.readline() == b'{"status":"NOT_SERVING"}\n'
            result = run("health", target, "helloworld.Greeter")
            assert (result.status, result.message) == (1, {"status": "NOT_SERVING"})
            process.stdin.close()
            assert watching.wait(LIMIT) == 64 + 14


def test_options(run: Runner) -> None:
    options = run.succeed("options").message
    assert set(options) == {"client", "call", "load"}
    assert "tls.ca" in [option["name"] for option in options["client"]]


def test_what_is_not_there(run: Runner, target: str) -> None:
    for command in ("describe", "template", "schema", "list"):
        said = run.fail(1, command, target, "helloworld.HelloRequst")
        assert "E_NOT_FOUND" in said
        assert "helloworld.HelloRequest" in said  # what is near
    assert "E_AMBIGUOUS" in run.fail(1, "call", target, "Ping")
    assert "nothing listens" in run.fail(64 + 14, "list", "localhost:1")


def test_all_faults_of_a_schema_are_told(run: Runner) -> None:
    (run.home / "broken.proto").write_text(
        'syntax = "proto3";\nmessage A { Nothing a = 1; }\nmessage B { Nothing b = 1; }\n'
    )
    said = run.fail(1, "list", "--proto", "broken.proto")
    assert "broken.proto:2" in said
    assert "broken.proto:3" in said
