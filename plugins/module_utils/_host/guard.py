# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The dead man's switch: a process on the host that takes a change back unless somebody confirms it in time.

It leaves the module's session and all its files, so the end of ssh, of the module or of the control machine
does not end it. It knows nothing but the journal: when that is gone, or is another run's, its work is done.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import Callable, List

from .._fabric.errors import BoltloomError
from . import background, journal, lock, state
from .commands import HostError
from .journal import Journal
from .state import State

PAUSE = 0.3
READY_SECONDS = 10.0  # for the guard to stand; a guard of an earlier run has gone by then
GRACE_SECONDS = 20.0  # what a module that is still at work gets, once to end and once more to undo

TakeBack = Callable[[Journal], List[str]]  # what was not brought back, in words


def start(place: State, run: str, seconds: float, take_back: TakeBack) -> None:
    """Watch over a change from now on. :raises HostError: the guard does not stand, so nothing may be changed."""
    reader, writer = os.pipe()

    def stand() -> None:
        keep = lock.take(place.guard, run)
        os.write(writer, b"+")
        os.close(writer)
        _watch(place, run, seconds, take_back)
        os.close(keep)

    background.begin(stand, [writer])
    os.close(writer)
    try:
        readable = select.select([reader], [], [], READY_SECONDS)[0]
        if not readable or os.read(reader, 1) != b"+":
            raise HostError("the process that would take the change back does not start", "nothing was changed")
    finally:
        os.close(reader)


def stands(place: State) -> bool:
    """Whether a guard is waiting for somebody to confirm."""
    return lock.is_held(place.guard)


def _watch(place: State, run: str, seconds: float, take_back: TakeBack) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _ours(place, run):
            return
        time.sleep(PAUSE)
    _end_module(place, run)
    with lock.held(place, "the host itself"):
        found = _ours(place, run)
        if found is not None:
            _take_back(place, found, seconds, take_back)


def _ours(place: State, run: str) -> "Journal | None":
    try:
        found = journal.read(place)
    except BoltloomError:
        return None
    return found if found is not None and found.run == run else None


def _end_module(place: State, run: str) -> None:
    """A module that is still at work is late. It is asked to stop, and undoes by itself; then it is ended."""
    for number in (0, signal.SIGTERM, signal.SIGKILL):
        holder = lock.holder_of(place.lock)
        if number and holder is not None and lock.is_held(place.lock) and _ours(place, run):
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder.pid, number)
        patience = time.monotonic() + GRACE_SECONDS
        while lock.is_held(place.lock) and time.monotonic() < patience:
            time.sleep(PAUSE)
        if not lock.is_held(place.lock):
            return


def _take_back(place: State, found: Journal, seconds: float, take_back: TakeBack) -> None:
    left = take_back(found)
    if not left:
        journal.close(place)
    words = "{0}, was not confirmed within {1:g} s, and the host {2}".format(
        found.describe(),
        seconds,
        "took it back by itself" if not left else "could not take it back: {0}".format("; ".join(left)),
    )
    state.write_json(place.outcome, {"run": found.run, "words": words}, 0o644)
