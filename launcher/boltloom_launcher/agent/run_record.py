# SPDX-License-Identifier: Apache-2.0
"""What is kept of our own run for other commands of this user: its entry in the registry, the end of each output."""

from __future__ import annotations

import contextlib

from boltloom_launcher.agent.guard import Guard
from boltloom_launcher.agent.messages import Run
from boltloom_launcher.agent.private_files import PrivateFiles
from boltloom_launcher.agent.processes import RankProcess
from boltloom_launcher.agent.rank_log import RankLog
from boltloom_launcher.agent.registry import Entry, Request


class RunRecord:
    """Nothing is kept before the launcher has named the run; what cannot be kept costs no run."""

    def __init__(self, files: PrivateFiles, guard: Guard, mark: str) -> None:
        self._files = files
        self._entry = Entry(guard.folder, mark)
        self._named = False
        self._logs: dict[int, RankLog | None] = {}  # None: there is no room for it

    def enter(self, run: Run, grace: float) -> None:
        """Its ranks are about to start."""
        with contextlib.suppress(OSError):
            self._entry.enter(run, self._files.directory(), grace)
            self._named = True

    def started(self, ranks: dict[int, RankProcess]) -> None:
        """These run."""
        if self._named:
            self._entry.ranks({rank: process.pid for rank, process in ranks.items()})

    def keep(self, rank: int, data: bytes) -> None:
        """A rank has written this."""
        if not self._named:
            return
        if rank not in self._logs:
            self._logs[rank] = None
            with contextlib.suppress(OSError):
                self._logs[rank] = RankLog(self._files.path(f"rank-{rank}.log"))
        log = self._logs[rank]
        if log:
            log.add(data)

    def state(self, state: str) -> None:
        """What is happening to the run on this host."""
        self._entry.state(state)

    def request(self) -> Request | None:
        """How somebody wants the run to end."""
        return self._entry.request()

    def forget(self) -> None:
        """The ranks are over, others may follow."""
        self._entry.remove()
        self._named = False
        for log in self._logs.values():
            if log:
                log.close()
        self._logs.clear()
