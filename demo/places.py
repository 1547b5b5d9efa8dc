# SPDX-License-Identifier: Apache-2.0
"""Where the demo runs: a simulated fleet's control node, or this computer alone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from fleet.fleet import Fleet, fleet_up

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
FLEETS = ROOT / "tests" / "fleet" / "fleets"


class Place(Protocol):
    """What a step needs to know of where it runs."""

    hosts: tuple[str, ...]  # one per rank, in rank order

    def argv(self, typed: list[str]) -> list[str]:
        """The command that runs ``typed`` as a person at the control machine would."""
        ...

    def launch(self, *program: str) -> list[str]:
        """``boltloom launch`` of one rank per host, as a person would type it."""
        ...

    def kill(self, host: str, pid: int) -> None:
        """SIGKILL for a process of ``host``."""
        ...

    def traffic(self) -> dict[str, dict[str, int]]:
        """Bytes sent so far, by host and interface; empty where nothing can be told from it."""
        ...


def _with_bin(typed: list[str]) -> list[str]:
    """A person has the virtual environment activated; we name its programs by path."""
    program = BIN / typed[0]
    return [str(program), *typed[1:]] if program.exists() else typed


class LocalPlace:
    """Four ranks on this computer."""

    def __init__(self, ranks: int = 4) -> None:
        self.hosts = ("127.0.0.1",) * ranks

    def argv(self, typed: list[str]) -> list[str]:
        return _with_bin(typed)

    def launch(self, *program: str) -> list[str]:
        return ["boltloom", "launch", "-n", str(len(self.hosts)), "--tag-output", "--", *_with_bin(list(program))]

    def kill(self, host: str, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def traffic(self) -> dict[str, dict[str, int]]:
        return {}


class FleetPlace:
    """The control node of a simulated fleet. ``folder`` is seen under the same path by every host."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet = fleet
        self.hosts = tuple(fleet.hosts)
        self.inventory = folder / "inventory.yml"
        self.hostfile = folder / "boltloom-hostfile.json"
        self._folder = folder
        hosts = ", ".join(f"{host}: " for host in self.hosts)
        self.inventory.write_text(f"boltloom:\n  hosts: {{{hosts}}}\n")
        (folder / "ansible.cfg").write_text(
            "[defaults]\nforks = 16\ninterpreter_python = auto_silent\n[connection]\npipelining = true\n"
        )

    def argv(self, typed: list[str]) -> list[str]:
        inside = ["env", "-C", str(self._folder), *_with_bin(typed)]
        return [sys.executable, "-m", "fleet", "exec", "--name", self.fleet.name, "control", "--", *inside]

    def launch(self, *program: str) -> list[str]:
        options = ["--hostfile", self.hostfile.name, "--tag-output"]
        return ["boltloom", "launch", *options, "--", *_with_bin(list(program))]

    def kill(self, host: str, pid: int) -> None:
        self.fleet.run(host, ["kill", "-KILL", str(pid)], check=True)

    def traffic(self) -> dict[str, dict[str, int]]:
        return {host: self._sent(host) for host in self.hosts}

    def _sent(self, host: str) -> dict[str, int]:
        devices = ["en0", *self.fleet.description.hosts[host].ports.values()]
        return {device: self.fleet.counters(host, device)["tx_bytes"] for device in devices}


@contextlib.contextmanager
def fleet_place(name: str, file: Path = FLEETS / "mesh4.yml") -> Iterator[FleetPlace]:
    """Brings a fleet up for the block, and leaves nothing of it behind."""
    (ROOT / ".build").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f"{name}-", dir=ROOT / ".build") as folder,
        fleet_up(file, name=name) as fleet,
    ):
        Path(folder).chmod(0o755)  # the ranks, an ordinary user's on every Mac, work in it
        yield FleetPlace(fleet, Path(folder))
