# SPDX-License-Identifier: Apache-2.0
"""What the tests of the running launcher share: the command, free ports, looking at processes."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BOLTLOOM = [sys.executable, "-m", "boltloom_launcher"]
DEADLINE = 60.0

Launch = Callable[..., subprocess.CompletedProcess[bytes]]
Start = Callable[..., subprocess.Popen[bytes]]


def err(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The lines of stderr."""
    return done.stderr.decode().splitlines()


# Below those that boltloom itself chooses from, and others for each worker: a port that a run holds is refused to all.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
_TURN = os.getpid() % 100 * 20
_ROWS = itertools.cycle([10000 + _WORKER * 2000 + (_TURN + row) % 2000 for row in range(0, 2000, 20)])


def free_port() -> int:
    """The first of twenty ports that nobody uses now, below the range that connections take theirs from.

    Each call gives another row, so that what one test leaves lingering does not meet the next.
    """
    for _ in range(600):
        row = next(_ROWS)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(row, row + 20):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return row
    raise AssertionError("no free ports")


def read_lines(process: subprocess.Popen[bytes], count: int) -> list[str]:
    """The next ``count`` lines of a process's stdout, but no waiting for ever."""
    assert process.stdout is not None
    fd, data, end = process.stdout.fileno(), b"", time.monotonic() + DEADLINE
    while data.count(b"\n") < count:
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"only {data!r}"
        piece = os.read(fd, 1)  # not a byte more than these lines
        assert piece, f"it ended after {data!r}"
        data += piece
    return data.decode().splitlines()


def gone(pid: int, within: float = DEADLINE) -> bool:
    """The process ends (or is a zombie that nobody has looked at yet) within so many seconds."""
    end = time.monotonic() + within
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)  # a process that is not our child cannot be waited for in any other portable way
    return True


def alive(pid: int) -> bool:
    """The process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass(frozen=True)
class Sshd:
    """A private sshd on a loopback port."""

    port: int
    pid: int
    config: Path  # for ssh -F: hosts far1 and far2 are this sshd

    @property
    def options(self) -> list[str]:
        """What `boltloom launch` needs to find it."""
        return ["--ssh-arg", f"-F {self.config}"]
