# SPDX-License-Identifier: Apache-2.0
"""How much output each host may send: for a stream whose reader takes no more, no more than it was granted already."""

from __future__ import annotations

from collections.abc import Callable

_GRANT = 1 << 20  # less than the agents may have under way: so many bytes may wait to be granted again


class Flow:
    """Grants each host again what was taken from it, stream by stream."""

    def __init__(self, grant: Callable[[int, int, int], None]) -> None:
        """``grant(host, stream, count)`` lets a host send ``count`` bytes more."""
        self._grant = grant
        self._owed: dict[tuple[int, int], int] = {}
        self._stuck: set[int] = set()

    def took(self, host: int, stream: int, count: int) -> None:
        """So many bytes of a host's stream have arrived."""
        owed = self._owed.get((host, stream), 0) + count
        self._owed[host, stream] = owed
        if owed >= _GRANT and stream not in self._stuck:
            self._pay(host, stream)

    def hold(self, stream: int) -> None:
        """Too much of this stream waits for its reader."""
        self._stuck.add(stream)

    def go_on(self, stream: int) -> None:
        """There is room again."""
        self._stuck.discard(stream)
        for host, each in list(self._owed):
            if each == stream:
                self._pay(host, stream)

    def _pay(self, host: int, stream: int) -> None:
        count = self._owed.pop((host, stream))
        self._grant(host, stream, count)
