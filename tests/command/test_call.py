# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""pygrpc call: all cardinalities, requests in each form, metadata, the end of calls."""

import base64
import json
import os
import signal
import time

import pytest
from running import LIMIT, PROTOS, Runner

YOU = {"message": "Hello, you!"}


@pytest.mark.parametrize(
    "request_arguments",
    [
        ["name=you"],
        ['{"name": "you"}'],
        ["-"],
        ["@request.json"],
        ['name:="you"'],
    ],
)
def test_a_request_has_several_forms(
    run: Runner, target: str, request_arguments: list[str]
) -> None:
    (run.home / "request.json").write_text('{"name":\n"you"}\n')
    result = run.succeed("call", target, "SayHello", *request_arguments, given=b'{"name": "you"}')
    assert result.text == '{"message":"Hello, you!"}\n'


def test_without_a_request_it_is_empty(run: Runner, target: str) -> None:
    assert run.succeed("call", target, "SayHello").message == {"message": "Hello, !"}


@pytest.mark.parametrize(
    "name",
    [
        "SayHello",
        "Greeter/SayHello",
        "Greeter.SayHello",
        "helloworld.Greeter/SayHello",
        "helloworld.Greeter.SayHello",
        "/helloworld.Greeter/SayHello",
    ],
)
def test_a_method_has_several_names(run: Runner, target: str, name: str) -> None:
    assert run.succeed("call", target, name, "name=you").message == YOU


def test_fields_make_a_message(run: Runner, target: str) -> None:
    fields = [
        "stringValue=3",
        "int64Value=3",
        "int32Value:=4",
        "boolValue:=true",
        'repeatedString:=["a", "b"]',
        "nestedValue.text=inner",
        "nestedValue.depth=DEEP",
        "bytesValue=YQ==",
    ]
    assert run.succeed("call", target, "Echo", *fields).message == {
        "stringValue": "3",
        "int64Value": "3",
        "int32Value": 4,
        "boolValue": True,
        "repeatedString": ["a", "b"],
        "nestedValue": {"text": "inner", "depth": "DEEP"},
        "bytesValue": "YQ==",
    }


def test_a_stream_of_responses(run: Runner, target: str) -> None:
    result = run.succeed("call", target, "SayHelloStreamReply", "name=you")
    assert [message["message"] for message in result.messages] == [
        f"Hello, you! ({number}/5)" for number in range(1, 6)
    ]


def test_a_stream_of_requests(run: Runner, target: str) -> None:
    given = b'{"int32Value": 1}{"int32Value": 2}\n\n  {"int32Value":\n3}'
    result = run.succeed("call", target, "EchoClientStream", given=given)
    assert result.message == {"messages": [{"int32Value": number} for number in (1, 2, 3)]}


def test_a_byte_order_mark_is_skipped(run: Runner, target: str) -> None:
    mark = b"\xef\xbb\xbf"
    (run.home / "you.json").write_bytes(mark + b'{"name": "you"}')
    assert run.succeed("call", target, "SayHello", "@you.json").message == YOU
    (run.home / "one.json").write_bytes(mark + b'{"int32Value": 1}')
    given = mark + b'{"int32Value": 2}'
    result = run.succeed("call", target, "EchoBidi", "@one.json", "-", "@one.json", given=given)
    assert [message["int32Value"] for message in result.messages] == [1, 2, 1]
    # It is one at the beginning only, and whole.
    for wrong in (b"{}" + mark + b"{}", mark[:2] + b"{}", mark[:1]):
        assert "E_JSON" in run.fail(1, "call", target, "EchoBidi", given=wrong)


def test_what_is_no_json_is_not_counted(run: Runner, target: str) -> None:
    utf16 = '{"name": "you"}'.encode("utf-16")
    for given in (utf16, b"name: you"):
        assert "E_JSON" in run.fail(1, "call", target, "SayHello", "-", given=given)


def test_requests_of_several_sources_are_sent_in_order(run: Runner, target: str) -> None:
    (run.home / "two.json").write_text('{"int32Value": 2} {"int32Value": 3}')
    arguments = ['{"int32Value": 1}', "@two.json", "-", '{"int32Value": 5}']
    result = run.succeed("call", target, "EchoBidi", *arguments, given=b'{"int32Value": 4}')
    assert [message["int32Value"] for message in result.messages] == [1, 2, 3, 4, 5]


def test_no_request_at_all_is_a_stream_too(run: Runner, target: str) -> None:
    assert run.succeed("call", target, "EchoClientStream").message == {}


def test_requests_are_sent_and_responses_printed_as_they_come(run: Runner, target: str) -> None:
    # Each request comes in two pieces, without a line feed, and waits for the answer before it.
    with run.start("call", target, "EchoBidi") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(1, 4):
            process.stdin.write(b'{"int32')
            process.stdin.flush()
            process.stdin.write(b'Value": %d}' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"int32Value": number}
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait(LIMIT) == 0


def test_a_server_may_end_a_call_while_requests_could_come(run: Runner, target: str) -> None:
    with run.start("call", target, "ReturnStatusBidi") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"code": 5, "afterMessages": 1}')
        process.stdin.flush()
        # Standard input stays open.
        assert process.stdout.read() == b'{"number":"1"}\n'
        assert process.wait(LIMIT) == 64 + 5


@pytest.mark.parametrize(
    ("method", "given", "flags", "status"),
    [
        ("ReturnStatusBidi", b'{"code": 7, "afterMessages": 1} {"co', [], 7),
        ("ReturnStatusBidi", b'{"code": 7, "afterMessages": 1} nul', [], 7),
        ("NeverAnswerBidi", b'{} {"stri', ["--timeout", "0.3"], 4),
    ],
)
def test_half_a_request_does_not_hide_how_the_call_ended(
    run: Runner, target: str, method: str, given: bytes, flags: list[str], status: int
) -> None:
    for _ in range(4):  # the one who reads requests and the one who reads responses race
        with run.start("call", target, method, *flags) as process:
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.flush()
            # Standard input stays open.
            assert process.wait(LIMIT) == 64 + status
            assert process.stderr is not None
            assert b"E_JSON" not in process.stderr.read()


def test_keep_open_leaves_the_call_to_the_server(run: Runner, target: str) -> None:
    given = b'{"afterMessages": 2}'
    ended = run("call", target, "ReturnStatusBidi", given=given)
    assert (ended.status, len(ended.messages)) == (0, 1)
    # With it, the end of the requests does not end the call: only who interrupts it does.
    with run.start("call", target, "ReturnStatusBidi", "--keep-open") as kept:
        assert kept.stdin is not None
        assert kept.stdout is not None
        kept.stdin.write(given)
        kept.stdin.close()
        assert kept.stdout.readline() == b'{"number":"1"}\n'
        time.sleep(1)
        kept.send_signal(signal.SIGINT)
        assert kept.wait(LIMIT) == 64 + 1
        assert kept.stdout.read() == b""


def test_keep_open_is_for_streams_of_requests(run: Runner, target: str) -> None:
    assert "--keep-open" in run.fail(2, "call", target, "SayHello", "--keep-open")


@pytest.mark.parametrize("method", ["CountForever", "CountForeverBidi"])
def test_max_messages_ends_the_call(run: Runner, target: str, method: str) -> None:
    tag = f"x-call-tag: max-{method}"
    result = run.succeed("call", target, method, "{}", "--max-messages", "3", "-H", tag)
    assert [message["number"] for message in result.messages] == ["1", "2", "3"]
    assert run.counts(target, f"max-{method}", "waitForCancelled")["cancelled"] == "1"


def test_max_messages_may_be_more_than_there_are(run: Runner, target: str) -> None:
    result = run.succeed("call", target, "SayHelloStreamReply", "name=you", "--max-messages", "9")
    assert len(result.messages) == 5


@pytest.mark.parametrize("number", ["0", "-1", "x", "1x", ""])
def test_max_messages_is_a_number(run: Runner, target: str, number: str) -> None:
    said = run.fail(2, "call", target, "SayHello", f"--max-messages={number}")
    assert "--max-messages" in said


def test_the_timeout(run: Runner, target: str) -> None:
    said = run.fail(64 + 4, "call", target, "Sleep", "delay=30s", "--timeout", "100ms")
    assert "DEADLINE_EXCEEDED" in said
    said = run.fail(64 + 4, "call", target, "NeverAnswer", environment={"PYGRPC_TIMEOUT": "0.1"})
    assert "DEADLINE_EXCEEDED" in said


def test_headers(run: Runner, target: str) -> None:
    echoed = "echoAsHeaders:=" + json.dumps(["x-a", "x-b-bin", "x-c"])
    flags = ["-H", "X-A: one", "-H", "x-a:two", "--header=x-b-bin: AQID", "-H", "x-c:"]
    result = run.succeed("call", target, "EchoMetadata", echoed, *flags, "--envelope")
    assert result.message["headers"] == {"x-a": ["one", "two"], "x-b-bin": ["AQID"], "x-c": [""]}


def test_the_environment_in_headers(run: Runner, target: str) -> None:
    arguments = ["call", target, "EchoMetadata", 'echoAsHeaders:=["x-a"]', "--envelope"]
    header = ["-H", "x-a: <${WORD}> ${WORD}${EMPTY} $WORD ${"]
    environment = {"WORD": "text", "EMPTY": ""}
    plain = run.succeed(*arguments, *header, environment=environment)
    assert plain.message["headers"]["x-a"] == ["<${WORD}> ${WORD}${EMPTY} $WORD ${"]
    expanded = run.succeed(*arguments, *header, "--env-headers", environment=environment)
    assert expanded.message["headers"]["x-a"] == ["<text> text $WORD ${"]
    assert "no WORD" in run.fail(2, *arguments, *header, "--env-headers")


def test_headers_of_reflection_alone(run: Runner, guarded: str) -> None:
    call = ["call", guarded, "EchoMetadata"]
    assert "UNAUTHENTICATED" in run.fail(64 + 16, *call)
    result = run.succeed(*call, "--reflect-header", "x-key: right")
    assert "x-key" not in [entry["key"] for entry in result.message["metadata"]]
    result = run.succeed(*call, "-H", "x-key: right")
    assert "x-key" in [entry["key"] for entry in result.message["metadata"]]
    # Both go to reflection.
    run.succeed(*call, "-H", "x-key: right", "--reflect-header", "x-other: 1")
    run.succeed(*call, "-o", "metadata.x-key=right", "--reflect-header", "x-other: 1")
    # What -o says of reflection counts more.
    wrong = [*call, "--reflect-header", "x-key: right", "-o", "reflection_metadata=false"]
    assert "UNAUTHENTICATED" in run.fail(64 + 16, *wrong)


def test_the_envelope_of_a_call_that_went_well(run: Runner, target: str) -> None:
    envelope = run.succeed("call", target, "SayHelloStreamReply", "name=you", "--envelope").message
    assert envelope["method"] == "/helloworld.Greeter/SayHelloStreamReply"
    assert envelope["target"] == target
    assert envelope["messages"][4] == {"message": "Hello, you! (5/5)"}
    assert (envelope["status"], envelope["statusName"]) == (0, "OK")
    assert (envelope["messagesSent"], envelope["messagesReceived"]) == (1, 5)
    assert envelope["headers"] == envelope["trailers"] == {}
    assert envelope["timing"]["total"] > 0


def test_the_envelope_of_a_call_that_failed(run: Runner, target: str) -> None:
    request = {
        "code": 8,
        "message": "no more",
        "afterMessages": 2,
        "standardDetails": ["RETRY_INFO"],
        "trailers": [{"key": "x-t", "text": "1"}],
    }
    result = run("call", target, "ReturnStatusServerStream", json.dumps(request), "--envelope")
    assert result.status == 64 + 8
    assert "no more" in result.errors
    envelope = result.message
    assert envelope["messages"] == [{"number": "1"}, {"number": "2"}]
    assert (envelope["statusName"], envelope["message"]) == ("RESOURCE_EXHAUSTED", "no more")
    assert envelope["details"][0]["@type"].endswith("RetryInfo")
    assert envelope["trailers"]["x-t"] == ["1"]


def test_the_envelope_of_a_call_that_max_messages_ended(run: Runner, target: str) -> None:
    envelope = run.succeed(
        "call", target, "CountForever", "--max-messages", "1", "--envelope"
    ).message
    assert envelope["messages"] == [{"number": "1"}]
    assert envelope["ended"] is False
    assert "status" not in envelope


def test_a_response_that_is_no_message(run: Runner, target: str) -> None:
    broken = base64.b64encode(b"\x0a\xff").decode()
    said = run.fail(1, "call", target, "SendWire", json.dumps(broken))
    assert "E_WIRE" in said
    result = run("call", target, "SendWire", json.dumps(broken), "--envelope")
    assert result.status == 1
    assert result.message["messages"] == []
    assert result.message["errors"][0]["name"] == "E_WIRE"


def test_bytes_are_base64_in_json(run: Runner, target: str) -> None:
    you = base64.b64encode(b"\x0a\x03you").decode()
    reply = base64.b64encode(b"\x0a\x0bHello, you!").decode()
    binary = ["-o", "codec=binary"]
    # A full path needs no schema, and a name asks for it.
    for method in ("/helloworld.Greeter/SayHello", "SayHello"):
        result = run.succeed("call", target, method, json.dumps(you), *binary)
        assert result.message == reply
    empty = base64.b64encode(b"\x0a\x08Hello, !").decode()
    assert run.succeed("call", target, "SayHello", *binary).message == empty
    for request in ('"x"', '{"name": "you"}', '"CgN5b3U"x'):
        assert run("call", target, "SayHello", request, *binary).status == 2


@pytest.mark.parametrize("status", range(1, 17))
def test_the_exit_status_has_the_status_of_the_call(run: Runner, target: str, status: int) -> None:
    said = run.fail(64 + status, "call", target, "ReturnStatus", f"code:={status}", "message=why")
    assert "/pygrpc.test.Test/ReturnStatus" in said
    assert ": why" in said


def test_details_of_a_status_are_printed(run: Runner, target: str) -> None:
    arguments = ["code=9", 'standardDetails:=["ERROR_INFO", "UNKNOWN_TYPE"]']
    first, *details = run.fail(64 + 9, "call", target, "ReturnStatus", *arguments).splitlines()
    assert "FAILED_PRECONDITION" in first
    assert [json.loads(line)["@type"].split(".")[-1] for line in details] == [
        "ErrorInfo",
        "Unpublished",
    ]


def test_a_request_that_does_not_fit_is_told_by_number_and_place(run: Runner, target: str) -> None:
    given = b'{"int32Value": 1} {"int32Value": "x"} {"int32Value": 3}'
    result = run("call", target, "EchoBidi", given=given)
    assert result.status == 1
    assert "E_JSON: request 2: $.int32Value" in result.errors


@pytest.mark.parametrize("cut", ['{"name": "you"', '{"name": "yo', "[", '"', "tru", "}", ","])
def test_requests_that_are_no_json(run: Runner, target: str, cut: str) -> None:
    assert "E_JSON" in run.fail(1, "call", target, "SayHello", "-", given=cut.encode())
    assert "E_JSON" in run.fail(1, "call", target, "SayHelloBidiStream", given=cut.encode())


def test_one_request_is_one(run: Runner, target: str) -> None:
    assert "more were given" in run.fail(2, "call", target, "SayHello", "{}", "{}")
    assert "more were given" in run.fail(2, "call", target, "SayHello", "-", given=b"{}{}")
    assert "no JSON" in run.fail(2, "call", target, "SayHello", "-")


def test_a_large_request_and_response(run: Runner, target: str) -> None:
    body = base64.b64encode(os.urandom(3_000_000)).decode()
    request = json.dumps({"bytesValue": body}).encode()
    result = run.succeed("call", target, "Echo", "-", given=request)
    assert result.message == {"bytesValue": body}


def test_many_messages(run: Runner, target: str) -> None:
    given = b"".join(b'{"int32Value": %d}\n' % number for number in range(1, 5001))
    result = run.succeed("call", target, "EchoBidi", given=given)
    assert [message["int32Value"] for message in result.messages] == list(range(1, 5001))


def test_files_in_place_of_reflection(run: Runner, silent: str) -> None:
    call = ["call", silent, "helloworld.Greeter/SayHello", "name=you"]
    assert "E_SCHEMA" in run.fail(1, *call)
    assert run.succeed(*call, "--proto", f"{PROTOS}/helloworld.proto").message == YOU
    found = ["--proto", "helloworld.proto", "--proto-path", PROTOS]
    assert run.succeed(*call, *found).message == YOU
    environment = {"PYGRPC_PROTO": "helloworld.proto", "PYGRPC_PROTO_PATH": PROTOS}
    assert run.succeed(*call, environment=environment).message == YOU
    run.succeed("export", "--descriptor-set-out", "set", *found)
    assert run.succeed(*call, "--descriptor-set", "set").message == YOU
    environment = {"PYGRPC_DESCRIPTOR_SET": "set"}
    assert run.succeed(*call, environment=environment).message == YOU


def test_files_and_reflection_together(run: Runner, target: str, silent: str) -> None:
    proto = ["--proto", f"{PROTOS}/helloworld.proto"]
    ask = ["call", target, "GetCallCounts"]
    assert "E_NOT_FOUND" in run.fail(1, *ask, *proto)
    run.succeed(*ask, *proto, "--reflection")
    assert "E_SCHEMA" in run.fail(1, "call", silent, "SayHello", *proto, "--reflection")


def test_tls(run: Runner, secure: tuple[str, str]) -> None:
    target, certificate = secure
    call = ["call", target, "SayHello", "name=you"]
    assert run.succeed(*call, "--cacert", certificate).message == YOU
    assert run.succeed(*call, environment={"PYGRPC_CACERT": certificate}).message == YOU
    assert run.succeed(*call, "--insecure").message == YOU
    assert run.succeed(*call, "-o", "transport=tls", "-o", f"tls.ca={certificate}").message == YOU
    assert "certificate" in run.fail(64 + 14, *call, "--tls")
    other = ["--cacert", certificate, "--servername", "other.example"]
    assert "other.example" in run.fail(64 + 14, *call, *other)
    assert "plaintext" in run.fail(2, *call, "--plaintext", "--cacert", certificate)
    # A flag overrules the environment.
    run.fail(64 + 14, *call, "--plaintext", environment={"PYGRPC_CACERT": certificate})


def test_secrets_are_not_shown(run: Runner, target: str) -> None:
    call = ["call", target, "SayHello"]
    for status, flags in [
        (2, ["-H", "no-colon-secret"]),
        (2, ["-o", "secret"]),
        (2, ["-o", "token=secret"]),
        (2, ["-o", "tokn=secret"]),
        (2, ["-o", 'basic_auth={"username": "u", "passwrd": "secret"}']),
        (64 + 5, ["-H", "x-key: secret", "-o", "metadata.authorization=secret"]),
    ]:
        call[2] = "ReturnStatus" if status > 64 else "SayHello"
        said = run.fail(status, *call, *flags, *(["code=5"] if status > 64 else []))
        assert "secret" not in said.replace("send a secret", "")
