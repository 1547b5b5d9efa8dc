# SPDX-License-Identifier: Apache-2.0
"""How long the launcher may say nothing, and whether it is lost then.

A launcher may be stopped for a while (Ctrl-Z, a debugger); its computer still answers for it.
"""

from __future__ import annotations

import os
import time
from typing import Callable

_UNASKED_S = 60.0  # a launcher far away that says no more for so long, before it had us prepare anything, is lost
_FAR_END_S = 2.0  # a computer that is there acknowledges sooner, also one far away
_FAR_END_ASKS = 5


class Silence:
    """Watches over it."""

    def __init__(
        self,
        after: Callable[[float, Callable[[], None]], None],
        knock: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """``after(seconds, action)`` does something later, ``knock`` sends something, ``lost(why)`` ends us."""
        self._after, self._knock, self._lost = after, knock, lost
        self._heard = time.monotonic()
        self._limit = 0.0
        self._connection = os.environ.get("SSH_CONNECTION", "")
        if self._connection:
            self.allow(_UNASKED_S)

    def broken(self) -> None:
        """Something was heard."""
        self._heard = time.monotonic()

    def allow(self, limit: float) -> None:
        """So many seconds from now on; 0: for ever, as our parent's end is the end of our stdin."""
        if limit != self._limit:
            self._limit = limit
            self._look(limit)

    def _quiet(self) -> float:
        return time.monotonic() - self._heard

    def _look(self, limit: float) -> None:
        if limit != self._limit or not limit:
            return  # another one holds by now
        quiet = self._quiet()
        if quiet >= limit:
            self._ask_far_end(limit, _FAR_END_ASKS)
        else:
            self._after(limit - quiet, lambda: self._look(limit))

    def _ask_far_end(self, limit: float, asks: int) -> None:
        from boltloom_launcher.agent import far_end  # seldom needed

        quiet = self._quiet()
        if quiet < limit or limit != self._limit:
            self._look(limit)
            return
        waiting = far_end.unacknowledged(self._connection)
        if waiting == 0 and asks < _FAR_END_ASKS:
            self._after(limit / 2, lambda: self._ask_far_end(limit, _FAR_END_ASKS))
        elif waiting is not None and asks > 0:
            if asks == _FAR_END_ASKS:
                self._knock()  # something to acknowledge
            self._after(_FAR_END_S, lambda: self._ask_far_end(limit, asks - 1))
        else:
            self._lost(f"heard nothing from the launcher for {quiet:.0f} s")
