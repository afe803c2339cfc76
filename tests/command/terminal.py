# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""A terminal with a program on it."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from pathlib import Path

LIMIT = 60  # seconds, on a machine that does a lot else


class Terminal:
    """Whose keys are send(), and whose screen is `printed`: all that was ever written there."""

    def __init__(
        self,
        command: list[str | Path],
        directory: Path,
        environment: dict[str, str],
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        self.printed = ""
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(directory)
            os.execvpe(command[0], [str(word) for word in command], environment)

    def send(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def read(self, seconds: float) -> bool:
        """Waits so long for something to be printed; False once the program has ended."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # how Linux says that nobody has the terminal any more
            return False
        self.printed += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern: str) -> float:
        """Waits until something that matches is printed; the seconds since the start."""
        while not re.search(pattern, self.printed):
            assert time.monotonic() < self.started + LIMIT, self.printed
            assert self.read(1), f"ended without {pattern}: {self.printed}"
        return time.monotonic() - self.started

    def finish(self) -> int:
        """Waits for the program's end; its exit status."""
        while self.read(1):
            assert time.monotonic() < self.started + LIMIT, self.printed
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def hang_up(self) -> None:
        os.close(self.fd)
        os.waitpid(self.pid, 0)
