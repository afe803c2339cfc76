# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""The command on a terminal: colours, the spinner, Ctrl-C, the pager."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from running import PROTOS, Runner, clean_environment
from terminal import LIMIT, Terminal

COLOR = re.compile(r"\x1b\[[0-9;]*m")
FRAME = r"\r[|/\\-] (asking|waiting)"
CLEARED = "\r\x1b[K"

Start = Callable[..., Terminal]


@pytest.fixture
def start(command: Path, tmp_path: Path) -> Start:
    """Starts the command on a terminal; `redirected` is added to its line as a shell reads it."""

    def start(
        *arguments: str,
        redirected: str = "",
        environment: dict[str, str] | None = None,
        rows: int = 24,
    ) -> Terminal:
        line: list[str | Path] = ["/bin/sh", "-c", f'exec "$0" "$@" {redirected}', command]
        variables = {"TERM": "xterm", **(environment or {})}
        return Terminal(
            [*line, *arguments], tmp_path, clean_environment(tmp_path, **variables), rows
        )

    return start


def shown(terminal: Terminal) -> str:
    """What stays on the screen: without the spinner, and lines as programs write them."""
    text = terminal.printed.replace("\r\n", "\n")
    return re.sub(r"\r[^\n\x1b]*\x1b\[K", "", text)


def test_json_is_pretty_and_colored(start: Start, target: str) -> None:
    terminal = start("call", target, "SayHello", "name=you")
    assert terminal.finish() == 0
    assert COLOR.search(terminal.printed)
    assert COLOR.sub("", shown(terminal)) == '{\n  "message": "Hello, you!"\n}\n'


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color(start: Start, target: str, variables: dict[str, str]) -> None:
    terminal = start("call", target, "SayHello", "name=you", environment=variables)
    assert terminal.finish() == 0
    assert shown(terminal) == '{\n  "message": "Hello, you!"\n}\n'


def test_in_a_pipe_json_is_compact(start: Start, target: str, tmp_path: Path) -> None:
    """Also if standard error is still the terminal."""
    terminal = start("call", target, "SayHello", "name=you", redirected="| cat >printed")
    assert terminal.finish() == 0
    assert (tmp_path / "printed").read_text() == '{"message":"Hello, you!"}\n'
    assert shown(terminal) == ""


def test_the_spinner_comes_late_and_goes(start: Start, target: str, tmp_path: Path) -> None:
    # The server answers what comes through the pipe: nothing, until it has turned.
    pipe = tmp_path / "requests"
    os.mkfifo(pipe)
    requests = os.open(pipe, os.O_RDWR)  # waits for no reader
    terminal = start("call", target, "EchoBidi", redirected="<requests")
    assert terminal.wait_for(FRAME) >= 0.3
    terminal.wait_for(f"(?s)({FRAME}.*){{4}}")
    os.write(requests, b'{"stringValue": "answered"}')
    os.close(requests)
    assert terminal.finish() == 0
    printed, _, after = terminal.printed.rpartition(CLEARED)
    assert "answered" not in printed
    assert "answered" in COLOR.sub("", after)


def test_a_call_that_is_quick_has_no_spinner(start: Start, target: str) -> None:
    # On a machine that does a lot else, none may be quick; those are what the test above is for.
    for _ in range(5):
        terminal = start("call", target, "SayHello")
        seconds = terminal.wait_for("Hello")
        assert terminal.finish() == 0
        assert seconds >= 0.3 or "\r" not in terminal.printed.replace("\r\n", "\n")


@pytest.mark.parametrize("elsewhere", ["2>errors", "2>&1 | cat >errors"])
def test_the_spinner_is_for_a_terminal_only(
    start: Start, target: str, tmp_path: Path, elsewhere: str
) -> None:
    terminal = start("call", target, "Sleep", "delay=0.6s", redirected=elsewhere)
    assert terminal.finish() == 0
    assert not re.search(FRAME, terminal.printed)
    assert "\r" not in (tmp_path / "errors").read_text()


def test_a_dumb_terminal_has_no_spinner(start: Start, target: str) -> None:
    terminal = start("call", target, "Sleep", "delay=0.6s", environment={"TERM": "dumb"})
    assert terminal.finish() == 0
    assert "\x1b" not in terminal.printed
    assert not re.search(FRAME, terminal.printed)


def was_cancelled(run: Runner, target: str, tag: str) -> bool:
    return bool(run.counts(target, tag, "waitForCancelled")["cancelled"] == "1")


def test_ctrl_c_cancels_a_stream_and_says_so(start: Start, run: Runner, target: str) -> None:
    tag = "ctrl-c-stream"
    flags = ["-H", f"x-call-tag: {tag}"]
    terminal = start("call", target, "CountForever", "interval=0.01s", *flags)
    terminal.wait_for("number")
    terminal.send("\x03")
    assert terminal.finish() == 64 + 1
    assert "pygrpc: interrupted, the call is being cancelled" in terminal.printed
    assert ": CANCELLED" in terminal.printed
    assert was_cancelled(run, target, tag)


def test_ctrl_c_while_the_spinner_turns(start: Start, run: Runner, target: str) -> None:
    tag = "ctrl-c-unary"
    flags = ["--timeout", "none", "-H", f"x-call-tag: {tag}"]
    terminal = start("call", target, "pygrpc.test.Test/NeverAnswer", *flags)
    terminal.wait_for(r"\r[|/\\-] waiting")
    # What is cancelled before it has begun is not sent.
    assert run.counts(target, tag, "waitForStarted")["started"] == "1"
    terminal.send("\x03")
    assert terminal.finish() == 64 + 1
    # On a line of its own, that of the spinner, save for what the terminal echoes.
    assert re.search(r"(^|\n)(\^C)?pygrpc: interrupted", shown(terminal)), terminal.printed
    assert was_cancelled(run, target, tag)


def test_requests_are_typed(start: Start, target: str) -> None:
    terminal = start("call", target, "EchoBidi", "--compact", "--color=never")
    terminal.wait_for("Ctrl-D ends them\r\n")
    asked = len(terminal.printed)  # until then the server was, for its schema
    for text in ("first", "second"):
        terminal.send(json.dumps({"stringValue": text}) + "\n")
        terminal.wait_for(f'{{"stringValue":"{text}"}}\r\n')
    terminal.send("\x04")
    assert terminal.finish() == 0
    assert not re.search(FRAME, terminal.printed[asked:])


ALL_TYPES = ["describe", "--proto", f"{PROTOS}/pygrpc_test/all_types.proto", "AllTypes"]


def test_long_text_goes_through_the_pager(start: Start, tmp_path: Path) -> None:
    terminal = start(*ALL_TYPES, environment={"PAGER": "cat >paged"})
    assert terminal.finish() == 0
    assert shown(terminal) == ""
    paged = (tmp_path / "paged").read_text()
    assert paged.startswith("message AllTypes {\n") or "\nmessage AllTypes {\n" in paged
    assert paged.count("\n") > 24


def test_text_that_fits_is_printed(start: Start, tmp_path: Path) -> None:
    terminal = start(*ALL_TYPES, environment={"PAGER": "cat >paged"}, rows=1000)
    assert terminal.finish() == 0
    assert "message AllTypes {\n" in shown(terminal)
    assert not (tmp_path / "paged").exists()


def test_a_pager_may_be_left(start: Start) -> None:
    terminal = start(*ALL_TYPES, environment={"PAGER": "head -n 1"})
    assert terminal.finish() == 0
    assert shown(terminal).count("\n") == 1


# Like less, these go on after Ctrl-C. What they have of their text they leave unread.
WAITS = 'trap "" INT; head -n 1; until test -e go; do sleep 0.1; done; '


def test_ctrl_c_is_the_pagers(start: Start, tmp_path: Path) -> None:
    terminal = start(*ALL_TYPES, environment={"PAGER": WAITS + "cat >rest; echo over"})
    terminal.wait_for("\n")
    terminal.send("\x03")
    terminal.wait_for(r"\^C")
    (tmp_path / "go").touch()
    assert terminal.finish() == 0
    assert "over" in terminal.printed


def test_ctrl_c_that_ends_the_pager_ends_the_command(start: Start) -> None:
    terminal = start(*ALL_TYPES, environment={"PAGER": "echo started; exec sleep 1000"})
    terminal.wait_for("started")
    terminal.send("\x03")
    assert terminal.finish() == -signal.SIGINT


def test_sigterm_waits_for_the_pager(start: Start, tmp_path: Path) -> None:
    # Field 4 is who has it now: somebody else once the one who started it has gone.
    kept = "read -r _ _ _ now _ </proc/$$/stat; test $now = $PPID && echo kept"
    terminal = start(*ALL_TYPES, environment={"PAGER": WAITS + kept})
    terminal.wait_for("\n")
    os.kill(terminal.pid, signal.SIGTERM)
    wait_for_none_pending(terminal.pid)
    (tmp_path / "go").touch()
    assert terminal.finish() == -signal.SIGTERM
    assert "kept" in terminal.printed


def wait_for_none_pending(pid: int) -> None:
    """Waits until the process has taken all signals that were sent to it."""
    end = time.monotonic() + LIMIT
    while "ShdPnd:\t0000000000000000" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("pager", ["no-such-pager", "cat"])
def test_without_a_pager_text_is_printed(start: Start, pager: str) -> None:
    """cat stands for none, as with other programs."""
    terminal = start(*ALL_TYPES, environment={"PAGER": pager})
    assert terminal.finish() == 0
    assert "message AllTypes {\n" in shown(terminal)


def test_long_json_goes_through_the_pager(start: Start, tmp_path: Path) -> None:
    environment = {"PAGER": "cat >paged"}
    terminal = start("schema", *ALL_TYPES[1:], "--color=never", environment=environment)
    assert terminal.finish() == 0
    assert (
        "properties"
        in json.loads((tmp_path / "paged").read_text())["$defs"]["pygrpc.test.AllTypes"]
    )


def test_in_a_pipe_descriptions_are_json(start: Start, tmp_path: Path) -> None:
    terminal = start(*ALL_TYPES, redirected=">printed")
    assert terminal.finish() == 0
    assert json.loads((tmp_path / "printed").read_text())["name"] == "pygrpc.test.AllTypes"


def test_secrets_stay_off_the_screen(start: Start, target: str, tmp_path: Path) -> None:
    """Whatever goes wrong with the call that they are for, and with themselves."""
    (tmp_path / "key.pem").write_text("s3cret")
    secret = ["-H", "authorization: Bearer s3cret"]
    keys = ["--tls", "--cert", "key.pem", "--key", "key.pem", "-o", "tls.key_password=s3cret"]
    for arguments in (
        [target, "ReturnStatus", "code=7", *secret],
        [target, "NeverAnswer", "--timeout", "400ms", *secret],
        ["localhost:1", "SayHello", *secret],
        [target, "SayHello", *keys],
        [target, "SayHello", "-H", "s3cret"],
        [target, "SayHello", "-H", "authorization\x01: s3cret"],
        [target, "SayHello", "-H", "authorization: s3cret\x01"],
    ):
        terminal = start("call", *arguments, environment={"PYGRPC_LOG": "debug"})
        assert terminal.finish() != 0
        assert "s3cret" not in terminal.printed, arguments
