# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""One run at a time on a host: a lock that goes with its process, and the words of who has it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from dataclasses import dataclass
from typing import Iterator, Optional

from .._fabric.errors import BoltloomError
from .._fabric.reading import json_value, printable
from .commands import HostError
from .state import State


class Busy(HostError):
    """Another run is at work on this host."""

    def __init__(self, message: str, hint: str, owner: str) -> None:
        super().__init__(message, hint)
        self.details = {"busy_owner": owner}  # for the action, which may know that this one is dead


@dataclass(frozen=True)
class Holder:
    """Who has the lock."""

    owner: str
    pid: int
    since: int  # seconds since 1970, by the host's clock

    def describe(self) -> str:
        """In words, with its age."""
        when = time.strftime("%H:%M:%S", time.localtime(self.since))
        return "{0} (process {1} here), since {2}, {3} s ago".format(
            self.owner or "somebody", self.pid, when, max(0, int(time.time()) - self.since)
        )


@contextlib.contextmanager
def held(place: State, owner: str) -> Iterator[None]:
    """Be the only one who changes this host. :raises Busy: somebody else is."""
    handle = _open(place.lock)
    try:
        if not _try(handle):
            holder = holder_of(place.lock)
            raise Busy(
                "another run is at work on this host: {0}".format(holder.describe() if holder else "it just began"),
                "wait until it has ended, then run again",
                holder.owner if holder else "",
            )
        note(handle, owner)
        yield
    finally:
        os.close(handle)  # and with it the lock; the file stays, and says who was the last


def take(path: str, owner: str) -> int:
    """Wait for a lock file and keep it until this process ends."""
    handle = _open(path)
    fcntl.flock(handle, fcntl.LOCK_EX)
    note(handle, owner)
    return handle


def is_held(path: str) -> bool:
    """Whether a living process has that lock file."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try(handle)
    finally:
        os.close(handle)


def holder_of(path: str) -> Optional[Holder]:
    """Who wrote himself into a lock file last."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            data = json_value(file.read(), path)
        holder = Holder(printable(str(data["owner"])), int(data["pid"]), int(data["since"]))
    except (OSError, BoltloomError, ValueError, LookupError, TypeError):
        return None
    return holder if 0 < holder.pid < 1 << 31 and 0 <= holder.since < 1 << 36 else None


def note(handle: int, owner: str) -> None:
    """Write ourselves into a lock file."""
    text = json.dumps({"owner": owner, "pid": os.getpid(), "since": int(time.time())})
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode("utf-8"), 0)


def _open(path: str) -> int:
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise HostError("{0} cannot be made: {1}".format(path, error.strerror)) from error


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
