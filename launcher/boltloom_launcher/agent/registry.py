# SPDX-License-Identifier: Apache-2.0
"""Which runs have ranks on this host: a folder of this user's with an entry for each, for as long as its agent lives.

In the home rather than in /tmp: nobody else writes there. A home may be shared, so each host has a part of its own, and
an entry says which computer (or container) it is for.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from functools import lru_cache
from typing import Any, Callable, Sequence

from boltloom_launcher.agent.machine import machine
from boltloom_launcher.agent.messages import Run
from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.agent.private_files import PREFIX
from boltloom_launcher.agent.processes import exists, stat_fields

_FOLDER = "~/.local/state/boltloom"
_CONTENT, _REQUEST = "run.json", "end.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_ASK_PS_S = 5.0
_TRIES = 5
_FORGOTTEN_S = 7 * 24 * 3600.0
_KEYS = {*Run._fields, "kept", "grace", "since", "hosts", "agent", "born", "mark", "ranks", "state", "machine"}


class Request(NamedTuple):
    """Somebody wants the run to end."""

    signal: int
    by: str


class Entry:
    """That of our own run. A host without a place for it has to do without."""

    def __init__(self, on_made: Callable[[str], None], mark: str) -> None:
        """``on_made`` is told the entry's path; ``mark`` stands in the environment of all ranks."""
        self._on_made = on_made
        self._mark = mark
        self._path = ""
        self._content: dict[str, Any] = {}

    def enter(self, run: Run, logs: str, grace: float, hosts: Sequence[Sequence[Any]] = ()) -> None:
        """Our ranks are about to start. ``logs`` is the folder of :class:`RankLog`; ``hosts`` is as in RunEntry.

        :raises OSError: there is no place for an entry.
        """
        self.remove()
        self._content = {**run._asdict(), "kept": logs, "grace": grace, "since": time.time(), "hosts": hosts}
        self._content["machine"] = _here()
        self._content.update(agent=os.getpid(), born=born(os.getpid()), mark=self._mark, ranks={}, state="running")
        path = _made(f"{_UNSAFE.sub('_', run.name)}.{os.getpid()}")
        self._on_made(path)
        self._path = path
        self._write()

    def ranks(self, pids: dict[int, int]) -> None:
        """These have been started."""
        self._content["ranks"] = pids
        self._write()

    def state(self, state: str) -> None:
        """What is happening to the run here."""
        if self._path and self._content["state"] != state:
            self._content["state"] = state
            self._write()

    def request(self) -> Request | None:
        """What somebody has left in the entry."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            if self._path:
                with open(os.path.join(self._path, _REQUEST)) as file:
                    return Request(*json.load(file))
        return None

    def remove(self) -> None:
        """The run is over."""
        if self._path:
            remove(self._path)
        self._path = ""

    def _write(self) -> None:
        if self._path:
            with contextlib.suppress(OSError):
                _write_whole(os.path.join(self._path, _CONTENT), self._content)


def entries() -> dict[str, dict[str, Any]]:
    """All of this user's on this host: the path of each, and what stands in it."""
    found = {}
    with contextlib.suppress(OSError):
        folder = _folder(make=False)
        for name in sorted(os.listdir(folder)):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                path = os.path.join(folder, name)
                with open(os.path.join(path, _CONTENT)) as file:
                    content = json.load(file)
                if not set(content) >= _KEYS:
                    continue  # of another version of ours
                if content["machine"] != _here():  # that has our name and our home, or was ours before it booted
                    if time.time() - content["since"] > _FORGOTTEN_S:
                        remove(path)
                    continue
                content["ranks"] = {int(rank): int(pid) for rank, pid in content["ranks"].items()}
                found[path] = content
    return found


@lru_cache(maxsize=None)
def _here() -> str:
    return machine()


def lives(content: dict[str, Any]) -> bool:
    """The agent that made the entry is there; its number has not become somebody else's."""
    now = born(content["agent"])
    if not sys.platform.startswith("linux") and not (now and content["born"]):
        return exists(content["agent"])  # its ps did not answer: not known is not gone
    return bool(content["born"]) and now == content["born"]


def leave_request(path: str, wanted: Request) -> None:
    """For the agent that made the entry. :raises OSError: it is gone."""
    _write_whole(os.path.join(path, _REQUEST), list(wanted))


def _write_whole(path: str, content: Any) -> None:
    """A reader finds the old content or the new one."""
    made = f"{path}.{os.getpid()}"
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    os.rename(made, path)


def _made(name: str) -> str:
    """The folder of a new entry. Others may just be removing what is empty above it."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            path = os.path.join(_folder(make=True), name)
            os.mkdir(path, 0o700)
            return path
    raise FileNotFoundError("no folder for runs can be made")


def remove_left(path: str, content: dict[str, Any]) -> None:
    """Take away what an agent and its guard have left that were both killed."""
    if os.path.basename(content["kept"]).startswith(PREFIX):
        shutil.rmtree(content["kept"], ignore_errors=True)
    remove(path)


def remove(path: str) -> None:
    """Take an entry away, and the folders above it that have nothing else in them."""
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        for _ in range(3):
            path = os.path.dirname(path)
            os.rmdir(path)


def _folder(make: bool) -> str:
    """The one for this host. :raises OSError: there is none that only this user may read and write."""
    top = os.path.expanduser(_FOLDER)
    if not os.path.isabs(top):
        raise FileNotFoundError("this user has no home")
    if make:
        os.makedirs(os.path.dirname(top), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(top, 0o700)
    found = os.lstat(top)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{top} is somebody else's")
    if found.st_mode & 0o077:
        os.chmod(top, 0o700)
    path = os.path.join(top, "runs", _UNSAFE.sub("_", socket.gethostname()))
    if make:
        os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def born(pid: int) -> str:
    """When a process was started: other words for another process with the same number, "" for none."""
    with contextlib.suppress(OSError, ValueError, IndexError, subprocess.SubprocessError):
        return _born_linux(pid) if sys.platform.startswith("linux") else _born_macos(pid)
    return ""


def _born_linux(pid: int) -> str:
    fields = stat_fields(pid)
    return "" if fields[0] == b"Z" else fields[19].decode()


def _born_macos(pid: int) -> str:
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    argv = ["ps", "-o", "lstart=", "-p", str(pid)]
    env = {**os.environ, "LC_ALL": "C", "TZ": "UTC0"}  # the same words for whoever asks
    answer = subprocess.run(argv, env=env, stdin=null, stdout=subprocess.PIPE, stderr=null, timeout=_ASK_PS_S)
    return answer.stdout.decode(errors="replace").strip()
