# SPDX-License-Identifier: Apache-2.0
"""The turns of connections that enter by the same sshd."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence

from boltloom_launcher.pacing import AT_ONCE
from boltloom_launcher.spawn import Way

_LAST_TRY_S = 5.0


class Gate:
    """The connections that one sshd has not let in yet."""

    def __init__(self, begun: int = 0, until: float = math.inf) -> None:
        self.last_try = until - _LAST_TRY_S  # of time.monotonic(); a try that fails later still says why
        self._inside = begun
        self._most = AT_ONCE
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for one's turn."""
        while self._inside >= self._most:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._inside += 1

    def leave(self) -> None:
        """One was let in, or has ended."""
        self._inside -= 1
        while self._waiting and self._inside < self._most:
            turn = self._waiting.popleft()
            if not turn.done():  # its connection may not want it any more
                turn.set_result(None)
                return

    def crowded(self) -> None:
        """One of those inside was turned away: with the others there is no more room."""
        self._most = max(1, min(self._most, self._inside - 1))


def gates(ways: Sequence[Way], until: float) -> list[Gate]:
    """The gate of each way; those that have begun are counted. ``until`` all have to have passed."""
    begun = [way.settings.gate for way in ways if way.process is not None]
    shared = {way.settings.gate: Gate(begun.count(way.settings.gate), until) for way in ways}
    return [shared[way.settings.gate] for way in ways]
