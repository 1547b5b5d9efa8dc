# SPDX-License-Identifier: Apache-2.0
"""What the ranks write, on its way to the launcher: as much of each stream as it has said that it can take.

A terminal that takes no more stdout holds back the ranks' stdout, and nothing else: neither their stderr nor the
news that one of them has ended.
"""

from __future__ import annotations

import os
import selectors
from typing import Callable

from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.messages import Output
from boltloom_launcher.agent.processes import READ_BYTES, RankProcess

_CREDIT = 4 << 20  # bytes of a stream that may be under way or wait at the launcher
_DRAIN_BYTES = 5 << 18  # a pipe holds 1 MiB at most, a terminal less: so much empties what a rank wrote before it ended


class OutputFeed:
    """Reads the ranks' outputs while there is room for them."""

    def __init__(self, selector: selectors.BaseSelector, channel: Channel, keep: Callable[[int, bytes], None]) -> None:
        """``keep(rank, data)`` is given everything that was read, too."""
        self._selector = selector
        self._channel = channel
        self._keep = keep
        self._ranks: dict[int, RankProcess] = {}  # by the file descriptor of an output
        self._credit = {1: _CREDIT, 2: _CREDIT}

    def attach(self, rank: RankProcess) -> None:
        """Read what this rank writes."""
        self._ranks.update(dict.fromkeys(rank.outputs, rank))
        self.go_on()

    def credit(self, stream: int, count: int) -> None:
        """The launcher takes so many bytes more of this stream."""
        self._credit[stream] += count
        self.go_on()

    def go_on(self) -> None:
        """Watch everything that there is room for."""
        watched = self._selector.get_map()
        for fd, rank in self._ranks.items():
            if fd not in watched and self._has_room(rank.outputs[fd]):
                self._selector.register(fd, selectors.EVENT_READ, lambda r=rank, f=fd: self._on_output(r, f))

    def drain(self, rank: RankProcess) -> None:
        """The rank has ended: what it left in its pipes comes before the news of its end, room or not."""
        for fd in list(rank.outputs):
            left, got = _DRAIN_BYTES, 1
            while got and left > 0:
                got = self._read(rank, fd, READ_BYTES)
                left -= got

    def _has_room(self, stream: int) -> bool:
        return self._credit[stream] > 0 and not self._channel.full

    def _on_output(self, rank: RankProcess, fd: int) -> None:
        stream = rank.outputs.get(fd)
        if stream is None:
            return  # drained meanwhile
        if self._has_room(stream):
            self._read(rank, fd, min(READ_BYTES, self._credit[stream]))
        if not self._has_room(stream):
            self._pause()

    def _pause(self) -> None:
        watched = self._selector.get_map()
        for fd, rank in self._ranks.items():
            if fd in watched and not self._has_room(rank.outputs[fd]):
                self._selector.unregister(fd)

    def _read(self, rank: RankProcess, fd: int, count: int) -> int:
        """How many bytes there were; 0 also at the end."""
        try:
            data = os.read(fd, count)
        except BlockingIOError:
            return 0
        except OSError:  # of a terminal, the end
            data = b""
        if data and rank.muted:
            return len(data)
        if data:
            stream = rank.outputs[fd]
            self._credit[stream] -= len(data)
            self._channel.send(Output(rank.rank, stream, rank.own, data))
            if rank.own:
                self._keep(rank.rank, data)
            return len(data)
        if fd in self._selector.get_map():
            self._selector.unregister(fd)
        del self._ranks[fd]
        rank.close_output(fd)
        return 0
