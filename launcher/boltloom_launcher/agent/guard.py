# SPDX-License-Identifier: Apache-2.0
"""Stands behind the agent: ends the ranks and removes their files when the agent itself is killed.

A process of its own, forked before the first rank. The agent tells it over a pipe what it has made; if that
pipe ends before the guard is dismissed, nobody else on this host knows the ranks any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from typing import BinaryIO, NoReturn, Sequence

from boltloom_launcher.agent.ports import sweep
from boltloom_launcher.agent.processes import exists, signal_all, signal_group
from boltloom_launcher.agent.strays import find_strays

_LOOK_AGAIN_S = 0.05
_OUR_DESCRIPTORS = 256  # those that the agent has open when it forks lie below


class Guard:
    """The agent's end of the pipe."""

    def __init__(self) -> None:
        """Fork. The guard is nobody's child, so that who counts the agent's children does not meet it."""
        told, self._tell = os.pipe()
        middle = os.fork()
        if middle == 0:
            if os.fork() == 0:
                _stand_behind(told)
            os._exit(0)
        os.close(told)
        os.waitpid(middle, 0)

    def grace(self, seconds: float) -> None:
        """How long ranks have from SIGTERM to SIGKILL."""
        self._say(f"grace {seconds}")

    def started(self, group: int) -> None:
        """A rank runs, in a process group of its own."""
        self._say(f"started {group}")

    def over(self, group: int) -> None:
        """Nobody is left in that group; its number may become somebody else's."""
        self._say(f"over {group}")

    def folder(self, path: str) -> None:
        """A folder was made, for the ranks' files or for the run's entry in the registry."""
        self._say(f"folder {path}")

    def ports(self, ports: Sequence[int]) -> None:
        """These are kept for the ranks."""
        self._say(" ".join(["ports", *map(str, ports)]))

    def mark(self, text: str) -> None:
        """What stands in the environment of everybody who descends from a rank."""
        self._say(f"mark {text}")

    def dismiss(self) -> None:
        """Everything has been ended and removed."""
        self._say("dismissed")

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # somebody killed the guard; the agent goes on without one
            os.write(self._tell, os.fsencode(line) + b"\n")


class _Charge:
    """What the guard has been told."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._folders: list[str] = []
        self._mark = ""
        self._ports: list[int] = []
        self._strays: set[int] = set()
        self._grace = 10.0

    def hear(self, lines: BinaryIO) -> None:
        """Listen until the pipe ends."""
        for line in lines:
            word, _, value = os.fsdecode(line.rstrip(b"\n")).partition(" ")
            if word == "grace":
                self._grace = float(value)
            elif word == "started":
                self._groups.add(int(value))
            elif word == "over":
                self._groups.discard(int(value))
            elif word == "folder":
                self._folders.append(value)
            elif word == "ports":
                self._ports = [int(port) for port in value.split()]
            elif word == "mark":
                self._mark = value
            elif word == "dismissed":
                self._groups.clear()
                self._mark = ""
                self._folders, self._ports = [], []

    def end(self) -> None:
        """Do what the agent would have done."""
        deadline = time.monotonic() + self._grace
        self._find()
        self._signal(signal.SIGTERM)
        while (self._groups or self._strays) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_S)
            self._signal(0)
        self._find()
        self._signal(signal.SIGKILL)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        sweep(self._ports)

    def _signal(self, number: int) -> None:
        """Signal every group and everybody who left one, and forget those that are gone."""
        self._groups = {group for group in self._groups if signal_group(group, number)}
        self._strays = {pid for pid in self._strays if exists(pid)}
        if number:
            signal_all(sorted(self._strays), number)

    def _find(self) -> None:
        self._strays.update(find_strays(self._mark))


def _stand_behind(told: int) -> NoReturn:
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)  # the agent's
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        # The connection above all: the launcher and sshd wait for the last one who holds it.
        os.closerange(0, told)
        os.closerange(told + 1, _OUR_DESCRIPTORS)
        charge = _Charge()
        with os.fdopen(told, "rb") as lines:
            charge.hear(lines)
        charge.end()
    finally:
        os._exit(0)
