# SPDX-License-Identifier: Apache-2.0
"""How ranks are ended: the signal asked for, then SIGTERM, then SIGKILL, to everybody who descends from a rank."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Callable

from boltloom_launcher.agent.processes import RankProcess, descendants, exists, forward_order, signal_all
from boltloom_launcher.agent.strays import find_strays

_AGAIN_S = 0.1  # how often the last stage is repeated while somebody is left
_GIVE_UP_S = 5.0  # a process in an uninterruptible wait cannot be killed; we do not wait for it for ever


class Timers:
    """Things to do later, in the agent's only thread."""

    def __init__(self) -> None:
        self._due: list[tuple[float, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do ``action`` once, ``seconds`` from now."""
        self._due.append((time.monotonic() + seconds, action))

    def wait(self) -> float | None:
        """How long a select may sleep; None for as long as it likes."""
        if not self._due:
            return None
        return max(0.0, min(when for when, _ in self._due) - time.monotonic())

    def fire(self) -> None:
        """Do everything that is due."""
        now = time.monotonic()
        due = [action for when, action in self._due if when <= now]
        self._due = [each for each in self._due if each[0] > now]
        for action in due:
            action()


class Ending:
    """Ends the ranks of this host, and knows whether anybody is left of them."""

    def __init__(self, ranks: dict[int, RankProcess], timers: Timers, reap: Callable[[], None]) -> None:
        """``reap`` takes note of those that have ended already."""
        self._ranks = ranks
        self._timers = timers
        self._reap = reap
        self.helpers: set[int] = set()  # they serve the ranks, and are ended after them; so are their descendants
        self._mark = ""  # NAME=VALUE in the environment of strays that nobody hands to us
        self._strays: set[int] = set()  # those that were found by it
        self._round = 0
        self._given_up = False

    def search_for(self, mark: str) -> None:
        """Descendants whose parents have ended are not handed to us: find them by this in their environment."""
        self._mark = mark

    def begin(self, number: int, grace: float) -> None:
        """Send ``number`` now and sterner signals later. A later call takes the place of an earlier one."""
        self._reap()  # who is over by now was not ended by us
        self._round += 1
        for after, step in forward_order(number, grace):
            if after <= 0:
                self._signal(step)
            else:
                self._timers.after(after, self._step(self._round, step))

    def _step(self, ending: int, number: int) -> Callable[[], None]:
        def act() -> None:
            if ending == self._round:
                self._signal(number)

        return act

    def _signal(self, number: int) -> None:
        for rank in self._ranks.values():
            if rank.alive:
                rank.told.add(number)
            if rank.alive or rank.group_lives():
                rank.signal_group(number)
        if self._anybody() or self._mark:
            self._signal_strays(number)
        if number == signal.SIGKILL and not self._given_up:
            ending, started = self._round, time.monotonic()
            self._timers.after(_AGAIN_S, lambda: self._kill_again(ending, started))

    def _signal_strays(self, number: int) -> None:
        """Those who left the rank's group (a daemon, a shell with job control) but not its family."""
        in_groups = {rank.pid for rank in self._ranks.values()}
        strays = []
        self.look_for_strays()
        spared = {pid for helper in self.helpers for pid in (helper, *descendants(helper))}
        if number == signal.SIGKILL:
            spared.clear()
        for pid in {*descendants(os.getpid()), *self._strays} - spared:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) not in in_groups:
                    strays.append(pid)
        signal_all(strays, number)

    def _kill_again(self, ending: int, started: float) -> None:
        if ending != self._round or not self.anybody_left():
            return
        if time.monotonic() - started > _GIVE_UP_S:
            self._given_up = True
            return
        for rank in self._ranks.values():
            if rank.alive or rank.group_lives():
                rank.signal_group(signal.SIGKILL)
        self._signal_strays(signal.SIGKILL)
        self._timers.after(_AGAIN_S, lambda: self._kill_again(ending, started))

    def forget(self) -> None:
        """Nobody is left of these ranks; others follow."""
        self._round += 1
        self._given_up = False
        self._ranks.clear()

    def look_for_strays(self) -> None:
        """Find those that nobody handed to us."""
        self._strays.update(find_strays(self._mark))

    def anybody_left(self) -> bool:
        """A rank or a descendant of one is still there, and we have not given up on it."""
        return not self._given_up and self._anybody()

    def _anybody(self) -> bool:
        if any(rank.alive or rank.group_lives() for rank in self._ranks.values()):
            return True
        self._strays = {pid for pid in self._strays if exists(pid)}
        if self._strays or self.helpers:
            return True
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        except AttributeError:  # macOS before Python 3.13: no waitid, and nobody is handed to us there
            return False
        return True
