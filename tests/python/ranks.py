# SPDX-License-Identifier: Apache-2.0
"""Starts the ranks of a program as real processes on this computer, without the launcher.

The environment of each rank is that of `contracts/rank_env/`, with free ports and any number of ranks.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).resolve().parents[2] / "contracts/rank_env/ring_two_local_ranks.json"
DEADLINE = 60.0


def program(source: str) -> list[str]:
    """The argv of a Python program given as text."""
    return [sys.executable, "-c", textwrap.dedent(source)]


def environments(size: int, timeout: float = 30) -> list[dict[str, str]]:
    """What the launcher would add to the environment of each of `size` ranks; rank r is on host "mac<r>"."""
    contract = json.loads(CONTRACT.read_text())["ranks"][0]["env"]
    everywhere = {
        "BOLTLOOM_HOSTS": ";".join(f"mac{rank}=127.0.0.1" for rank in range(size)),
        "BOLTLOOM_COORDINATOR": f"127.0.0.1:{free_port()}",
        "BOLTLOOM_TOKEN": secrets.token_hex(16),
        "BOLTLOOM_TIMEOUT": str(timeout),
        "MASTER_PORT": str(free_port()),
    }
    return [contract | everywhere | _numbers(rank, size) for rank in range(size)]


def _numbers(rank: int, size: int) -> dict[str, str]:
    """One rank per host for our library; PyTorch's names count the ranks on this computer."""
    return {
        "BOLTLOOM_RANK": str(rank),
        "BOLTLOOM_WORLD_SIZE": str(size),
        "BOLTLOOM_LOCAL_RANK": "0",
        "BOLTLOOM_LOCAL_SIZE": "1",
        "MLX_RANK": str(rank),
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_RANK": str(rank),
        "LOCAL_WORLD_SIZE": str(size),
    }


def free_port() -> int:
    """A port that nobody has now, below those that the system gives to outgoing connections: nobody gets it by chance
    before rank 0 listens on it."""
    for port in random.sample(range(30000, 32000), 50):
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@dataclass
class Rank:
    """A running rank. Text lines come from its stdout; its stderr goes to the test's."""

    number: int
    process: subprocess.Popen[str]

    def line(self) -> str:
        """The next line that it prints, or "" at its end."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def say(self, text: str) -> None:
        """Writes a line to its stdin: how a test lets it go on."""
        assert self.process.stdin
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def kill(self, number: signal.Signals) -> float:
        """Sends a signal; the time (time.monotonic, the same clock in all processes) just before."""
        now = time.monotonic()
        self.process.send_signal(number)
        return now

    def end(self, deadline: float = DEADLINE) -> tuple[int, str]:
        """Waits for its end: the exit status, and what it printed and nobody read yet."""
        out, _ = self.process.communicate(timeout=deadline)
        return self.process.returncode, out


@contextlib.contextmanager
def started(
    argv: list[str], size: int, timeout: float = 30, stderr: int | None = None, **more: str
) -> Iterator[list[Rank]]:
    """`size` ranks of one program; whatever still runs at the end of the block is killed.

    `more` is added to their environment; `stderr` may be subprocess.STDOUT, to read both as one.
    """
    ranks: list[Rank] = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BOLTLOOM_", "MLX_", "JACCL_"))}
    try:
        for rank, added in enumerate(environments(size, timeout)):
            environment = clean | added | more
            pipe = subprocess.PIPE
            process = subprocess.Popen(argv, env=environment, stdin=pipe, stdout=pipe, stderr=stderr, text=True)
            ranks.append(Rank(rank, process))
        yield ranks
    finally:
        for rank in ranks:
            rank.process.kill()
            rank.process.communicate()


def results(source: str, size: int, timeout: float = 30, **more: str) -> list[Any]:
    """Runs a program that prints one line of JSON on each rank; what they printed. All have to end well."""
    with started(program(source), size, timeout, **more) as ranks:
        ends = [rank.end() for rank in ranks]
    assert [code for code, _ in ends] == [0] * size, ends
    return [json.loads(out) for _, out in ends]
