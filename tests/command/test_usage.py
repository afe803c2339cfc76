# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line, options, profiles and the environment; how things are printed; signals."""

import base64
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from running import LIMIT, PROTOS, Runner

HELLO = ("--proto", f"{PROTOS}/helloworld.proto")


def commands(run: Runner) -> list[str]:
    listed = re.search(r"Commands:\n(.*?)\n\n", run.succeed("--help").text, re.S)
    assert listed is not None
    return [line.split()[0] for line in listed[1].splitlines()]


def test_help(run: Runner) -> None:
    names = commands(run)
    assert {"call", "list", "describe", "template", "schema", "tools"} <= set(names)
    assert {"export", "encode", "decode", "health", "options"} <= set(names)
    for name in names:
        text = run.succeed(name, "--help").text
        assert text.startswith(f"pygrpc {name}: ")
        head, examples = text.split("\nExamples:\n")
        assert len(examples.splitlines()) == 4, "two examples"
        assert f"usage: pygrpc {name} [FLAGS]" in head
        assert run.succeed(name, "-h").text == text


def test_the_version(run: Runner) -> None:
    assert re.fullmatch(r"pygrpc \d+\.\d+\.\d+\n", run.succeed("--version").text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "a command is missing"),
        (["cal"], "cal is no command"),
        (["call"], "call takes TARGET METHOD"),
        (["call", "localhost:1"], "call takes TARGET METHOD"),
        (["call", "localhost:1", "M", "--verbos"], "no flag --verbos"),
        (["call", "localhost:1", "M", "--secret=text"], "no flag --secret;"),
        (["call", "localhost:1", "M", "--timeout"], "--timeout"),
        (["list", "a:1", "b", "c"], r"list takes \[TARGET\] \[SYMBOL\]"),
        (["options", "x"], "options takes no arguments"),
        (["options", "-x"], "no flag -x;"),
        (["call", "localhost:1", "M", "-xauthorization: secret"], "no flag -x;"),
        (["call", "localhost:1", "M", "-éauthorization: secret"], "no flag -é;"),
        (["list", "localhost:1", ""], "SYMBOL is empty"),
        (["describe", "--proto", f"{PROTOS}/helloworld.proto", ""], "SYMBOL is empty"),
        (["schema", "localhost:1", ""], "TYPE is empty"),
        (["call", "localhost:1", "M", "-o", "timeout"], "KEY=VALUE"),
        (["call", "localhost:1", "M", "-o", "=1"], "KEY=VALUE"),
        (["call", "localhost:1", "M", "-H", ": x"], "'key: value'"),
        (["call", "localhost:1", "M", "-o", "tiemout=1"], 'did you mean "timeout"'),
        (["call", "localhost:1", "M", "--timeout", "soon"], "timeout"),
        (["call", "localhost:1", "M", "--color", "red"], "always, never or auto"),
        (["call", "localhost:1", "M", "--pretty", "--compact"], "contradict"),
        (["call", "bad target:", "M"], "target"),
        (["call", "", "M"], "TARGET|target"),
    ],
)
def test_wrong_usage(run: Runner, arguments: list[str], said: str) -> None:
    assert re.search(said, run.fail(2, *arguments))


@pytest.mark.parametrize(
    "flag",
    [
        *("--cacert", "--cert", "--key", "--servername", "--authority", "--timeout", "--color"),
        *("--max-messages", "--proto", "--proto-path", "--descriptor-set", "--header"),
        *("--reflect-header", "--option"),
    ],
)
def test_a_flag_is_given_something(run: Runner, flag: str) -> None:
    """What a variable of a script that is not set would otherwise leave out, as TLS."""
    call = ["call", "localhost:1", "SayHello", flag, ""]
    assert f"{flag} is given nothing" in run.fail(2, *call)


def test_variables_may_be_empty(run: Runner, target: str) -> None:
    names = ["CACERT", "CERT", "KEY", "SERVERNAME", "AUTHORITY", "TIMEOUT", "COLOR", "PROTO"]
    names += ["DESCRIPTOR_SET", "TLS", "REFLECTION", "ENV_HEADERS"]
    empty = {f"PYGRPC_{name}": "" for name in names}
    assert run.succeed("call", target, "SayHello", environment=empty).message


@pytest.mark.parametrize(
    "request_arguments",
    [
        ["name=a", "name=b"],
        ["name:=null", "name=b"],
        ["name:=null", "name.b=c"],
        ["name:=1e400"],
        ["name=a", "{}"],
        ["name:=text"],
        ["name=a", "name.b=c"],
        ["a..b=c"],
        ["name:={"],
    ],
)
def test_wrong_fields(run: Runner, target: str, request_arguments: list[str]) -> None:
    run.fail(2, "call", target, "SayHello", *request_arguments)


def test_text_that_is_not_utf8(run: Runner, target: str) -> None:
    result = run("call", target, "SayHello", os.fsdecode(b"name=\xff"))
    assert (result.status, "UTF-8" in result.errors) == (2, True)
    result = run("call", target, "SayHello", "-H", os.fsdecode(b"x-a: \xff"))
    assert (result.status, "UTF-8" in result.errors) == (2, True)


def test_arguments_may_begin_with_what_parsers_like(run: Runner, target: str) -> None:
    # CLI11 knows lists in brackets; JSON has them, too.
    types = ("--proto", f"{PROTOS}/pygrpc_test/all_types.proto")
    values = run.succeed("encode", *types, "google.protobuf.ListValue", "[1,2]", "--base64").text
    decoded = run.succeed("decode", *types, "google.protobuf.ListValue", "--base64", values.strip())
    assert decoded.message == [1, 2]
    result = run.succeed("call", target, "SayHello", "--timeout", "50s", "--", "{}")
    assert result.message == {"message": "Hello, !"}


def metadata_of(run: Runner, target: str, *flags: str, **settings: Any) -> dict[str, str]:
    reply = run.succeed("call", target, "EchoMetadata", *flags, **settings).message
    found = {entry["key"]: entry["text"] for entry in reply["metadata"] if "text" in entry}
    return {**found, "remaining": reply.get("timeRemaining", ""), "authority": reply["authority"]}


def test_options_of_the_library(run: Runner, target: str) -> None:
    found = metadata_of(
        run,
        target,
        *("-o", "metadata.x-a=1", "-o", "metadata.x.b=true", "-o", "user_agent=me", "-o"),
        *("authority=there", "-o", "channel_arguments.grpc.max_metadata_size=16384"),
        *("-o", "timeout=none", "-o", 'metadata.x-c=["2"]'),
    )
    assert (found["x-a"], found["x.b"], found["x-c"]) == ("1", "true", "2")
    assert found["user-agent"].startswith("me ")
    assert (found["authority"], found["remaining"]) == ("there", "")
    found = metadata_of(run, target, "-o", 'metadata={"x-a": "3"}', "--authority", "here")
    assert (found["x-a"], found["authority"]) == ("3", "here")
    echo = ["call", target, "Echo", "int64Value=5", "-o", "int64_numbers=true"]
    assert run.succeed(*echo).text == '{"int64Value":5}\n'


def test_options_of_loading(run: Runner, target: str, silent: str) -> None:
    symbols = ["-o", 'symbols=["helloworld.Greeter"]']
    assert run.succeed("list", target, *symbols).messages == ["helloworld.Greeter"]
    other = run.succeed("call", silent, "SayHello", "name=you", "-o", f"target={target}")
    assert other.message == {"message": "Hello, you!"}


def test_profiles(run: Runner, target: str, silent: str) -> None:
    profiles = {
        "here": {
            "target": target,
            "options": {"timeout": "60s", "metadata": {"x-a": "profile", "x-b": "profile"}},
        },
        "files": {
            "target": silent,
            "proto": "helloworld.proto",
            "proto_path": [PROTOS],
        },
    }
    path = run.home / ".config/pygrpc/config.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(profiles))
    found = metadata_of(run, "here", "-H", "x-a: flag")
    assert (found["x-a"], found["x-b"]) == ("flag", "profile")
    assert 11 < float(found["remaining"].rstrip("s")) < 61  # and not 10 s, as without a timeout
    found = metadata_of(run, "here", "--timeout", "1000s", "-o", "metadata.x-b=option")
    assert (found["x-b"], float(found["remaining"].rstrip("s")) > 61) == ("option", True)
    reply = run.succeed("call", "files", "SayHello", "name=you").message
    assert reply == {"message": "Hello, you!"}
    assert run.succeed("list", "files").messages == ["helloworld.Greeter"]
    # Elsewhere.
    other = run.home / "other"
    (other / "pygrpc").mkdir(parents=True)
    path.rename(other / "pygrpc/config.json")
    run.succeed("list", "here", environment={"XDG_CONFIG_HOME": str(other)})
    config = {"PYGRPC_CONFIG": str(other / "pygrpc/config.json")}
    run.succeed("list", "here", environment=config)
    assert run("list", "files").status == 64 + 14


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON, at byte"),
        ("[]", "no JSON object"),
        ('{"me": 1}', "me is no JSON object"),
        ('{"me": {}}', "me has no target"),
        ('{"me": {"target": "t:1", "optoins": {}}}', "me.optoins"),
        ('{"me": {"target": "t:1", "proto": 1}}', "me.proto"),
        ('{"me": {"target": "t:1", "options": {"tiemout": 1}}}', "tiemout"),
        ('{"me": {"target": "t:1", "options": {"timeout": 1e999}}}', "config: a number"),
        ('{"me": {"target": "t:1", "options": {"metadata": "x"}}}', "config: me.options.metadata"),
        ('{"me": {"target": "t:1", "options": {"tls": "x"}}}', "config: me.options.tls"),
    ],
)
def test_profiles_that_are_wrong(run: Runner, text: str, said: str) -> None:
    (run.home / "config").write_text(text)
    environment = {"PYGRPC_CONFIG": "config"}
    flags = ["-H", "a: b", "--cacert", "f"]
    assert said in run.fail(2, "list", "me", environment=environment)
    assert said in run.fail(2, "list", "me", *flags, environment=environment)


def test_profiles_that_are_a_directory(run: Runner) -> None:
    (run.home / "config").mkdir()
    said = run.fail(2, "list", "me", environment={"PYGRPC_CONFIG": "config"})
    assert "config: Is a directory" in said


def test_metadata_of_a_profile_is_overruled_in_whatever_case(run: Runner, target: str) -> None:
    profile = {"target": target, "options": {"metadata": {"X-Key": "profile", "X-B": "profile"}}}
    (run.home / "config").write_text(json.dumps({"here": profile}))
    environment = {"PYGRPC_CONFIG": "config"}
    for flags in (["-H", "x-key: flag"], ["-o", "metadata.x-kEy=flag"]):
        reply = run.succeed("call", "here", "EchoMetadata", *flags, environment=environment)
        entries = [(each["key"], each.get("text")) for each in reply.message["metadata"]]
        assert [text for key, text in entries if key == "x-key"] == ["flag"]
        assert ("x-b", "profile") in entries


def test_profiles_that_are_not_there(run: Runner) -> None:
    assert "nowhere" in run.fail(2, "list", "me", environment={"PYGRPC_CONFIG": "nowhere"})


def test_switches_of_the_environment(run: Runner, target: str) -> None:
    call = ["call", target, "GetCallCounts", *HELLO]
    assert run(*call).status == 1
    assert run(*call, environment={"PYGRPC_REFLECTION": "1"}).status == 0
    assert run(*call, environment={"PYGRPC_REFLECTION": "0"}).status == 1
    said = run.fail(2, *call, environment={"PYGRPC_REFLECTION": "maybe"})
    assert "PYGRPC_REFLECTION" in said


def test_pretty_and_color(run: Runner, target: str) -> None:
    message: dict[str, Any] = {"stringValue": 'a"\u009b,{', "int64Value": "5", "nestedValue": {}}
    message["repeatedInt32"] = [1, 2]
    call = ["call", target, "Echo", json.dumps(message)]
    compact = run.succeed(*call).text
    pretty = run.succeed(*call, "--pretty").text
    assert compact.count("\n") == 1
    assert pretty.splitlines()[:2] == ["{", '  "int64Value": "5",']
    assert json.loads(pretty) == json.loads(compact) == message
    assert '"nestedValue": {},' in pretty
    for flags in (["--color", "always"], ["--color=always", "--pretty"]):
        colored = run.succeed(*call, *flags).text
        assert "\x1b[32m" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) in (compact, pretty)
    colored = run.succeed(*call, environment={"PYGRPC_COLOR": "always"}).text
    assert "\x1b[32m" in colored
    assert run.succeed(*call, environment={"PYGRPC_COLOR": "never"}).text == compact


def test_what_servers_say_steers_no_terminal(run: Runner, target: str) -> None:
    call = ["call", target, "ReturnStatus", "code=3", "message=\x1b]0;x\x07\u009b2J\r"]
    assert re.search(r"\\x1b\]0;x\\x07\\x9b2J", run.fail(64 + 3, *call))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_call_and_says_so(
    run: Runner, target: str, number: signal.Signals
) -> None:
    tag = f"signal-{number}"
    with run.start(
        "call", target, "CountForever", "interval=0.01s", "-H", f"x-call-tag: {tag}"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"number":"1"}\n'
        process.send_signal(number)
        _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 64 + 1
    assert b"cancelled" in errors
    assert b"CANCELLED" in errors
    assert run.counts(target, tag, "waitForCancelled")["cancelled"] == "1"


def test_signals_that_come_together_are_one(run: Runner, target: str) -> None:
    """As timeout(1) sends them: to the process, and to the group that it is in."""
    with run.start("call", target, "CountForever", "interval=0.01s") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"number":"1"}\n'
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, b"CANCELLED" in errors) == (64 + 1, True)


def test_a_signal_ends_what_is_no_call(run: Runner) -> None:
    # Standard input stays open.
    with run.start("encode", *HELLO, "HelloRequest") as process:
        assert process.stdin is not None
        process.stdin.write(b"{")
        process.stdin.flush()
        wait_for_thread(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == -signal.SIGINT


def wait_for_thread(pid: int) -> None:
    """Waits until the process has a second thread: that watches for signals."""
    end = time.monotonic() + LIMIT
    while len(os.listdir(f"/proc/{pid}/task")) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_ignored_signals_stay_ignored(run: Runner, target: str) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with run.start("call", target, "EchoBidi", preexec_fn=ignore) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}")
        process.stdin.flush()
        assert process.stdout.readline() == b"{}\n"
        process.send_signal(signal.SIGINT)
        process.stdin.write(b"{}")
        process.stdin.close()
        assert process.stdout.readline() == b"{}\n"
        assert process.wait(LIMIT) == 0


@pytest.mark.parametrize("busy", [True, False])
def test_a_broken_pipe_ends_the_call_quietly(run: Runner, target: str, busy: bool) -> None:
    # Whether the server sends more, so that a write fails, or not.
    call = ["CountForever"] if busy else ["EchoBidi"]
    with run.start("call", target, *call) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"{}")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(LIMIT) == 1
        assert process.stderr.read() == b""


def test_standard_output_may_be_non_blocking(run: Runner, target: str) -> None:
    request = json.dumps({"bytesValue": base64.b64encode(bytes(1_500_000)).decode()})
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with (
        run.start("call", target, "Echo", "-", stdout=writer) as process,
        open(reader, "rb") as read,
    ):
        os.close(writer)
        assert process.stdin is not None
        process.stdin.write(request.encode())
        process.stdin.close()
        wait_until_full(reader)
        assert json.loads(read.read()) == json.loads(request)
        assert process.wait(LIMIT) == 0


def wait_until_full(reader: int) -> None:
    """Waits until no more fits into the pipe."""
    end = time.monotonic() + LIMIT
    size = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
    while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0] < size:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_full_disk_is_told(run: Runner, target: str) -> None:
    with open("/dev/full", "wb") as full:
        process = run.start("call", target, "SayHello", stdout=full)
        _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert b"cannot write to standard output" in errors


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors(run: Runner, target: str, closed: str) -> None:
    line = f'"$0" call "$1" SayHello name=you {closed}'
    result = subprocess.run(
        ["/bin/sh", "-c", line, run.command, target], capture_output=True, text=True, check=False
    )
    printed = "Hello, you!" in result.stdout
    assert (result.returncode, printed) == ((1, False) if " >" in f" {closed}" else (0, True))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["call", "TARGET", "EchoBidi"], 0),
        (["encode", *HELLO, "HelloRequest"], 2),
    ],
)
def test_standard_input_that_is_closed_is_at_its_end(
    run: Runner, target: str, arguments: list[str], status: int
) -> None:
    given = [target if argument == "TARGET" else argument for argument in arguments]
    line: list[str | Path] = ["/bin/sh", "-c", '"$0" "$@" <&-', run.command, *given]
    result = subprocess.run(line, capture_output=True, check=False, timeout=LIMIT)
    assert (result.returncode, result.stdout) == (status, b"")


def test_nothing_is_shown_without_a_terminal(run: Runner, target: str) -> None:
    # Long enough for a spinner.
    result = run.succeed("call", target, "Sleep", "delay=0.6s")
    assert list(result.message) == ["slept"]


def test_openssl_is_loaded_for_tls_only(
    run: Runner, target: str, secure: tuple[str, str], tmp_path: Path
) -> None:
    linked = subprocess.run(["ldd", run.command], capture_output=True, text=True, check=True).stdout
    if "libssl" in linked:
        pytest.skip("this build of the command links OpenSSL")
    (tmp_path / "libssl.so.3").write_text("no library")
    broken = {"LD_LIBRARY_PATH": str(tmp_path)}
    run.succeed("call", target, "SayHello", "name=you", environment=broken)
    call = ["call", secure[0], "SayHello", "name=you", "--cacert", secure[1]]
    assert "TLS needs OpenSSL" in run.fail(1, *call, environment=broken)
    run.succeed(*call)


def test_the_command_needs_only_the_header() -> None:
    folder = Path(__file__).resolve().parents[2] / "cli"
    own = {path.name for path in folder.iterdir()} | {"completion_scripts.h"}
    for path in [*folder.glob("*.cc"), *folder.glob("*.h")]:
        for included in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            assert included in own, f"{path.name} includes {included}"
