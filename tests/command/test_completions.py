# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""What bash, zsh and fish offer when they complete the command: the shells themselves are asked."""

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "cli" / "completions"
SHELLS = ("bash", "zsh", "fish")
LIMIT = 60  # seconds, on a machine that does a lot else


class Shell(Protocol):
    def complete(self, line: str) -> list[str]:
        """All that is offered for the last word of the line: what would stand in its place."""

    def close(self) -> None: ...


class Interactive:
    """A shell on a terminal, whose keys are bound so that Alt-* inserts all that is offered."""

    def __init__(self, command: list[str], set_up: str, home: Path) -> None:
        self.dumped = home / "line"
        self.printed = ""
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(home)
            os.execvp(command[0], command)
        self.pid = pid
        (home / "set_up").write_text(set_up)
        self.send(". ./set_up\r")
        self.wait_for("the shell is ready")

    def send(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def read(self, seconds: float) -> None:
        if select.select([self.terminal], [], [], seconds)[0]:
            self.printed += os.read(self.terminal, 65536).decode(errors="replace")

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + LIMIT
        while text not in self.printed:
            assert time.monotonic() < end, self.printed
            self.read(0.1)

    def line_after(self, keys: str) -> str:
        """The line that is being edited after these keys, which then is thrown away."""
        self.dumped.unlink(missing_ok=True)
        self.send(keys + "\x14")
        end = time.monotonic() + LIMIT
        while not self.dumped.exists() or not self.dumped.read_text().endswith("\n"):
            assert time.monotonic() < end, self.printed
            self.read(0.02)
        self.send("\x15")  # Ctrl-U
        return self.dumped.read_text().removesuffix("\n")

    def complete(self, line: str) -> list[str]:
        start, _, word = line.rpartition(" ")
        completed = self.line_after(line + "\x1b*")
        assert completed.startswith(start + " "), completed
        # Nothing fits: the line is as it was.
        offered = shlex.split(completed[len(start) + 1 :])
        if offered == word.split():
            return []
        return sorted(offered[:1] + [self.kept_of(word) + other for other in offered[1:]])

    def kept_of(self, word: str) -> str:
        """What is not inserted once more with each that is offered but the first."""
        return ""

    def close(self) -> None:
        os.close(self.terminal)  # which hangs up
        os.waitpid(self.pid, 0)


class Bash(Interactive):
    def kept_of(self, word: str) -> str:
        return word[: len(word) - len(re.split("[=:]|(?=@)", word)[-1])]


BASH = """\
bind -x '"\\C-t": printf "%s\\n" "$READLINE_LINE" >line'
bind '"\\e*": insert-completions'
bind 'set enable-bracketed-paste off'
source {scripts}/pygrpc.bash
echo the shell is 'ready'
"""

ZSH = """\
fpath=({scripts} $fpath)
autoload -Uz compinit && compinit -u -d ./dump
zstyle ':completion:*' completer _all_matches _complete
zstyle ':completion:*' insert yes
zstyle ':completion:*' avoid-completer _nothing
zstyle ':completion:*' menu no
setopt no_list_ambiguous no_beep
line() {{ print -r -- "$BUFFER" >line }}
zle -N line
bindkey -e
bindkey '^T' line
bindkey '^[*' complete-word
echo the shell is 'ready'
"""


class Fish:
    """Fish tells what it would offer without a terminal."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def complete(self, line: str) -> list[str]:
        result = subprocess.run(
            ["fish", "--no-config", "-c", f"source {SCRIPTS}/pygrpc.fish; complete -C $argv", line],
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        )
        assert result.stderr == ""
        return sorted(offered.split("\t")[0] for offered in result.stdout.splitlines())

    def close(self) -> None:
        pass


def start(name: str, home: Path) -> Shell:
    if name == "fish":
        return Fish(home)
    if name == "zsh":
        return Interactive(["zsh", "-f", "-i"], ZSH.format(scripts=SCRIPTS), home)
    return Bash(["bash", "--norc", "--noprofile", "-i"], BASH.format(scripts=SCRIPTS), home)


@pytest.fixture(scope="module", params=SHELLS)
def shell(
    request: pytest.FixtureRequest,
    command: Path,
    target: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shell]:
    """A shell in a home with a profile, a .proto file, and the command on its path."""
    home = tmp_path_factory.mktemp(request.param)
    shutil.copy(ROOT / "protos" / "helloworld.proto", home)
    (home / "mine@home.proto").touch()
    config = {"daily": {"target": target}, "dusty": {"target": "localhost:1"}}
    (home / "config.json").write_text(json.dumps(config))
    environment = pytest.MonkeyPatch()
    for name, value in {
        "PYGRPC_COMPLETION_SECONDS": str(LIMIT),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "PYGRPC_CONFIG": str(home / "config.json"),
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PROTO": "helloworld.proto",
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }.items():
        environment.setenv(name, value)
    shell = start(request.param, home)
    yield shell
    shell.close()
    environment.undo()


def commands_of(command: Path) -> list[str]:
    text = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    return sorted(
        re.findall(r"^  (\w+) ", text.partition("Commands:")[2].partition("\n\n")[0], re.M)
    )


GREETER = [
    "helloworld.Greeter/SayHello",
    "helloworld.Greeter/SayHelloBidiStream",
    "helloworld.Greeter/SayHelloStreamReply",
]


def test_commands(shell: Shell, command: Path) -> None:
    assert shell.complete("pygrpc ") == commands_of(command)
    assert shell.complete("pygrpc ca") == ["call"]
    assert shell.complete("pygrpc --ver") == ["--version"]
    assert shell.complete("pygrpc nothing ") == []


def test_flags(shell: Shell) -> None:
    assert shell.complete("pygrpc call --ma") == ["--max-messages"]
    assert shell.complete("pygrpc call --proto") == ["--proto", "--proto-path"]
    assert shell.complete("pygrpc list --ma") == []


def test_values_of_flags(shell: Shell) -> None:
    assert shell.complete("pygrpc call --color ") == ["always", "auto", "never"]
    assert shell.complete("pygrpc list -o tls.min_version=") == [
        "tls.min_version=1.2",
        "tls.min_version=1.3",
    ]
    assert "tls.ca=" in shell.complete("pygrpc list -o tls.c")


def test_targets_are_profiles(shell: Shell) -> None:
    assert shell.complete("pygrpc call d") == ["daily", "dusty"]
    assert shell.complete("pygrpc list da") == ["daily"]


def test_methods_from_reflection(shell: Shell, target: str) -> None:
    assert shell.complete("pygrpc call daily helloworld.") == GREETER
    # With a colon, at which bash divides words.
    assert shell.complete(f"pygrpc call {target} helloworld.") == GREETER


def test_methods_from_a_file_ask_nobody(shell: Shell) -> None:
    line = "pygrpc call --proto helloworld.proto localhost:1 "
    assert shell.complete(line) == GREETER
    assert shell.complete(line + "SayHelloS") == ["SayHelloStreamReply"]
    assert shell.complete(line + "Greeter/SayHelloS") == ["Greeter/SayHelloStreamReply"]


def test_symbols_without_a_target(shell: Shell) -> None:
    assert shell.complete("pygrpc describe --proto helloworld.proto helloworld.Hello") == [
        "helloworld.HelloReply",
        "helloworld.HelloRequest",
    ]


def test_a_server_that_is_not_there(shell: Shell) -> None:
    assert shell.complete("pygrpc call dusty ") == []


def test_quotes(shell: Shell) -> None:
    assert shell.complete("pygrpc call --proto ~/'hello'world.proto localhost:1 SayHelloB") == [
        "SayHelloBidiStream"
    ]


def test_variables(shell: Shell) -> None:
    # Fish hands them on as they are written.
    assert shell.complete('pygrpc call --proto "$HOME/$PROTO" localhost:1 SayHelloB') == (
        [] if isinstance(shell, Fish) else ["SayHelloBidiStream"]
    )


def test_colons_that_do_not_divide(
    command: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody has taken them from bash's COMP_WORDBREAKS."""
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYGRPC_COMPLETION_SECONDS", str(LIMIT))
    set_up = BASH.format(scripts=SCRIPTS) + "COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]}\n"
    shell = Interactive(["bash", "--norc", "--noprofile", "-i"], set_up, tmp_path)
    assert shell.complete(f"pygrpc call {target} helloworld.") == GREETER
    assert shell.complete("pygrpc list -o tls.min_version=") == [
        "tls.min_version=1.2",
        "tls.min_version=1.3",
    ]
    shell.close()


def test_files(shell: Shell) -> None:
    assert shell.complete("pygrpc call --proto hel") == ["helloworld.proto"]
    assert shell.complete("pygrpc call --proto=hel") == ["--proto=helloworld.proto"]
    assert shell.complete("pygrpc call daily SayHello @hel") == ["@helloworld.proto"]
    assert shell.complete("pygrpc call --proto mine@h") == ["mine@home.proto"]


def test_fields_of_the_request(shell: Shell) -> None:
    assert shell.complete("pygrpc call daily SayHello na") == ["name="]
    assert shell.complete("pygrpc call daily pygrpc.test.Test/Echo int32_v") == ["int32_value:="]
    assert shell.complete("pygrpc call daily pygrpc.test.Test/Echo nested_value.t") == [
        "nested_value.text="
    ]


def test_fields_of_a_message(shell: Shell) -> None:
    line = "pygrpc encode --proto helloworld.proto HelloRequest "
    assert shell.complete(line + "n") == ["name="]
    assert shell.complete(line + "@hel") == ["@helloworld.proto"]


@pytest.mark.parametrize("name", SHELLS)
def test_the_command_prints_the_script(command: Path, name: str) -> None:
    text = subprocess.run([command, "completion", name], capture_output=True, check=True).stdout
    assert text == (SCRIPTS / ("_pygrpc" if name == "zsh" else f"pygrpc.{name}")).read_bytes()


def test_sourced_in_zsh(command: Path, tmp_path: Path) -> None:
    """As others are: source <(pygrpc completion zsh), after compinit."""
    program = (
        "autoload -Uz compinit && compinit -u -d ./dump && "
        'source <("$0" completion zsh) && print $_comps[pygrpc]'
    )
    shell = ["zsh", "-f", "-c", program, str(command)]
    result = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout == "_pygrpc\n", result.stderr


def test_nothing_is_run_and_nothing_is_said(command: Path, tmp_path: Path) -> None:
    """Of what a line says; and errors would land in the midst of it."""
    word = f"$(touch {tmp_path}/made)`touch {tmp_path}/made`"
    result = subprocess.run(
        [command, "__complete", "bash", "call", "--proto", word, "localhost:1", ""],
        env={**os.environ, "PYGRPC_COMPLETION_SECONDS": str(LIMIT)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (result.stdout, result.stderr, result.returncode) == ("", "", 1)
    assert not (tmp_path / "made").exists()


def test_a_server_that_does_not_answer(command: Path) -> None:
    patience = {"": 2, "0": 2, "-1": 2, "1s": 2, "3": 3}  # in seconds, by what is asked for
    with socket.create_server(("localhost", 0)) as silent:
        begin = time.monotonic()
        line = [
            str(command),
            "__complete",
            "bash",
            "call",
            f"localhost:{silent.getsockname()[1]}",
            "",
        ]
        processes = {
            given: subprocess.Popen(
                line,
                env={**os.environ, "PYGRPC_COMPLETION_SECONDS": given},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for given in patience
        }
        for given, process in processes.items():
            assert process.communicate(timeout=LIMIT) == (b"", b"")
            assert time.monotonic() - begin > patience[given] - 0.1
            # The alarm has ended it, and not reflection, which gives up after 10 s.
            assert process.returncode == -signal.SIGALRM
