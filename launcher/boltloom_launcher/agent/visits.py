# SPDX-License-Identifier: Apache-2.0
"""What an agent answers that runs nothing itself: about the runs of other agents of this user, on this host."""

from __future__ import annotations

import os
import signal
from typing import Any, Callable

from boltloom_launcher.agent.messages import EndRun, ListRuns, Log, LogEnd, News, ReadLog, RunEnding, RunEntry, Runs
from boltloom_launcher.agent.processes import signal_all
from boltloom_launcher.agent.rank_log import read_log
from boltloom_launcher.agent.registry import Request, entries, leave_request, lives, remove_left
from boltloom_launcher.agent.strays import find_strays


class Visits:
    """The answers. What is found to be over is removed on the way."""

    def __init__(self, answer: Callable[[News], None], after: Callable[[float, Callable[[], None]], None]) -> None:
        """``after(seconds, action)`` does something later."""
        self._answer, self._after = answer, after

    def obey(self, order: ListRuns | EndRun | ReadLog) -> None:
        """Answer it."""
        if isinstance(order, EndRun):
            self.end(order)
        elif isinstance(order, ReadLog):
            self.read(order)
        else:
            self.runs()

    def runs(self) -> None:
        """All of them."""
        self._answer(Runs([_entry(path, content) for path, content in entries().items()]))

    def end(self, order: EndRun) -> None:
        """Have a run's agent end it, or do that ourselves where it is gone."""
        path, content = _find(order.key)
        if not content:
            self._answer(RunEnding("has ended"))
        elif not lives(content):
            self._end_what_is_left(content, order.signal)
            self._answer(RunEnding(""))
        else:
            problem = ""
            try:
                leave_request(path, Request(order.signal, order.by))
                os.kill(content["agent"], signal.SIGTERM)
            except OSError as error:
                problem = f"cannot be reached ({error.strerror})"
            self._answer(RunEnding(problem))

    def _end_what_is_left(self, content: dict[str, Any], number: int) -> None:
        signal_all(find_strays(content["mark"]), number)
        self._after(content["grace"], lambda: signal_all(find_strays(content["mark"]), signal.SIGKILL))

    def read(self, order: ReadLog) -> None:
        """A rank's output, from a place on."""
        _, content = _find(order.key)
        try:
            start, data = read_log(os.path.join(content["kept"], f"rank-{order.rank}.log"), order.start)
        except (OSError, KeyError):
            self._answer(LogEnd(order.rank))  # the run is over, or the host has no room
        else:
            self._answer(Log(order.rank, start, data))


def _find(key: str) -> tuple[str, dict[str, Any]]:
    found = {os.path.basename(path): (path, content) for path, content in entries().items()}
    return found.get(key, ("", {}))


def _entry(path: str, content: dict[str, Any]) -> RunEntry:
    return RunEntry(
        key=os.path.basename(path),
        name=content["name"],
        user=content["user"],
        host=content["host"],
        pid=content["pid"],
        command=content["command"],
        logs=content["logs"],
        since=content["since"],
        grace=content["grace"],
        ranks=sorted([rank, pid] for rank, pid in content["ranks"].items()),
        hosts=content["hosts"],
        state=content["state"] if lives(content) else _state_without_agent(path, content),
    )


def _state_without_agent(path: str, content: dict[str, Any]) -> str:
    if find_strays(content["mark"]):
        return "agent gone"  # its guard ends the ranks, if that has not been killed as well
    remove_left(path, content)
    return "over"
