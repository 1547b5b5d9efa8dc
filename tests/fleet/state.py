# SPDX-License-Identifier: Apache-2.0
"""The run directory of a fleet: all that `up` leaves for the commands after it, and all that `down` has to remove."""

import contextlib
import json
import os
import re
import select
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .disk import write_json
from .errors import FleetError

RUN = Path("/run/boltloom-fleet")


def folder_of(name: str) -> Path:
    """The run directory of a fleet. :raises FleetError: no proper name (it becomes a path, and paths get removed)."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}", name):
        raise FleetError(f"{name!r} is no name for a fleet: 1 to 24 letters, digits, dots, - and _", 2)
    return RUN / name


def started(pid: int) -> str:
    """When a process began ("" if there is none), which tells it from a later one of the same number."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]  # a zombie has ended; its parent has not looked yet


def alive(process: dict[str, Any] | None) -> bool:
    """Whether a recorded process is still that process."""
    return process is not None and started(process["pid"]) == process["started"] != ""


def kill(process: dict[str, Any] | None, seconds: float = 10) -> None:
    """End a recorded process with all that lives in its PID namespace, and wait until it is gone."""
    if process is None or not alive(process):
        return
    pidfd = os.pidfd_open(process["pid"])
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        ended, _, _ = select.select([pidfd], [], [], seconds)
    finally:
        os.close(pidfd)
    if not ended:
        raise FleetError(f"process {process['pid']} of the fleet did not end within {seconds:g} s: see `dmesg`")


@dataclass
class State:
    """What is running, as written to state.json."""

    folder: Path
    processes: dict[str, dict[str, Any]] = field(default_factory=dict)  # "fleet", "control", every Mac
    boots: dict[str, str] = field(default_factory=dict)  # Mac -> identity of its present boot
    plugged: list[bool] = field(default_factory=list)
    rdma: dict[str, bool] = field(default_factory=dict)  # Macs that have been in Recovery since they came up
    complete: bool = False

    @classmethod
    def load(cls, folder: Path) -> "State":
        """Read a fleet's state. :raises FleetError: there is no such fleet."""
        try:
            raw = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise FleetError(f"no fleet {folder.name!r} is up: bring one up with `python -m fleet up FILE`") from None
        return cls(folder, raw["processes"], raw["boots"], raw["plugged"], raw["rdma"], raw["complete"])

    def save(self) -> None:
        write_json(
            self.folder / "state.json",
            {
                "processes": self.processes,
                "boots": self.boots,
                "plugged": self.plugged,
                "rdma": self.rdma,
                "complete": self.complete,
            },
        )

    def record(self, name: str, pid: int) -> None:
        """Remember a process."""
        self.processes[name] = {"pid": pid, "started": started(pid)}
        self.save()


def _is_dead(folder: Path) -> bool:
    """Whoever brought it up was killed, and its processes with it."""
    try:
        processes = State.load(folder).processes
    except (FleetError, ValueError, KeyError):
        return False  # just begun, we cannot know
    return not alive(processes.get("fleet")) and not alive(processes.get("owner"))


def clear_leftovers(folder: Path) -> bool:
    """Make the run directory of a new fleet, and remove those of dead ones. False: one is up, or coming up."""
    for other in RUN.iterdir() if RUN.exists() else []:
        if _is_dead(other):
            take_down(other)
    folder.parent.mkdir(mode=0o755, exist_ok=True)
    try:
        folder.mkdir(mode=0o755)
    except FileExistsError:
        return False
    return True


def take_down(folder: Path) -> None:
    """End a fleet in whatever condition it is, and remove what it left. Nothing to do is fine."""
    try:
        processes = State.load(folder).processes
    except (FleetError, ValueError, KeyError):
        processes = {}  # `up` died before it had started anything, or while it wrote
    kill(processes.get("fleet"))  # its PID namespace holds all the others
    doomed = folder.with_name(f".{os.getpid()}-{folder.name}")  # out of the way in one step: others clear up as well
    with contextlib.suppress(FileNotFoundError):
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
    if doomed.exists():
        raise FleetError(f"{doomed} cannot be removed: is something mounted in it?")
    with contextlib.suppress(OSError):  # other fleets are up
        RUN.rmdir()
