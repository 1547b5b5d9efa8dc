# SPDX-License-Identifier: Apache-2.0
"""A run on other hosts in the registry of this computer, where `boltloom ps` and `kill` learn which hosts those are."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

from boltloom_launcher.agent.messages import Run
from boltloom_launcher.job import Request
from boltloom_launcher.policy.events import Stopped

if TYPE_CHECKING:
    from boltloom_launcher.agent.registry import Entry


class OwnEntry:
    """The launcher's. Agents on this computer make their own."""

    def __init__(self) -> None:
        self._entry: Entry | None = None

    def enter(self, request: Request, run: Run) -> None:
        """The ranks are about to start."""
        reaches = request.roster.reaches
        if all(reach.local for reach in reaches):
            return
        from boltloom_launcher.agent.registry import Entry  # runs on this computer alone do without

        self._entry = self._entry or Entry(lambda path: None, "")
        hosts = [[each.name, each.target, each.options, each.pythons] for each in reaches if not each.local]
        with contextlib.suppress(OSError):
            self._entry.enter(run, "", request.grace, hosts)

    def stopped(self, number: int) -> Stopped:
        """What a signal means: `boltloom kill` leaves word, and sends SIGTERM."""
        request = self._entry.request() if self._entry and number == signal.SIGTERM else None
        return Stopped("killed", request.signal, request.by) if request else Stopped("interrupted", number)

    def remove(self) -> None:
        """The run is over."""
        if self._entry:
            self._entry.remove()
