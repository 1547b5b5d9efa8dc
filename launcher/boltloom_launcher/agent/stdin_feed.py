# SPDX-License-Identifier: Apache-2.0
"""What the launcher's user types, on its way into the ranks that read it.

The launcher sends a piece for a rank, we say when the rank has taken it, and then comes the
next: so a rank that does not read holds back itself, not our memory.
"""

from __future__ import annotations

import contextlib
import os
import selectors
from typing import Callable

from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.messages import StdinClosed, StdinReady
from boltloom_launcher.agent.processes import RankProcess

_SOONEST_S, _LATEST_S = 0.02, 1.0  # when it is seen whether a terminal's reader has taken the end of file


class StdinFeed:
    """Feeds the ranks of this host."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        channel: Channel,
        after: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """``after(seconds, action)`` does something later."""
        self._selector = selector
        self._channel = channel
        self._after = after
        self._readers: dict[int, _Reader] = {}

    def attach(self, rank: RankProcess) -> None:
        """This rank reads from now on."""
        self._readers[rank.rank] = _Reader(rank)
        self._channel.send(StdinReady(rank.rank))

    def give(self, rank: int, data: bytes) -> None:
        """Take a piece for a rank; b"" is the end of file."""
        reader = self._readers.get(rank)
        if reader is None:
            return
        if not data:
            reader.over = True
            if not reader.waiting:
                self._close(reader)
            return
        if not reader.waiting:
            self._selector.register(reader.process.stdin, selectors.EVENT_WRITE, lambda: self._write(reader))
        reader.waiting += data

    def forget(self, rank: RankProcess) -> None:
        """The rank has ended; it reads no more."""
        reader = self._readers.get(rank.rank)
        if reader is not None:
            self._close(reader)
        rank.close_stdin()  # a terminal's is open beyond the end of file

    def _write(self, reader: _Reader) -> None:
        if self._readers.get(reader.process.rank) is not reader:
            return  # it has ended in the same round of the selector
        try:
            reader.waiting = reader.waiting[os.write(reader.process.stdin, reader.waiting) :]
        except BlockingIOError:
            return
        except OSError:
            self._close(reader)
            return
        if reader.waiting:
            return
        self._selector.unregister(reader.process.stdin)
        if reader.over:
            self._close(reader)
        else:
            self._channel.send(StdinReady(reader.process.rank))

    def _close(self, reader: _Reader) -> None:
        if reader.process.stdin in self._selector.get_map():
            self._selector.unregister(reader.process.stdin)
        if reader.process.terminal and reader.over:
            self._stay_at_end(reader.process, _SOONEST_S)
        else:
            reader.process.close_stdin()
        del self._readers[reader.process.rank]
        self._channel.send(StdinClosed(reader.process.rank))

    def _stay_at_end(self, rank: RankProcess, wait: float) -> None:
        """An end of file that is typed on a terminal is read once, or gets lost when its reader changes the modes.

        Ours stands behind what was typed before, and stays: as often as somebody has read it, there is another.
        """
        if rank.stdin < 0 or not rank.alive or rank.terminal is None:
            return
        if not rank.terminal.unread():
            with contextlib.suppress(OSError):
                os.write(rank.stdin, rank.terminal.end_of_file())
        self._after(wait, lambda: self._stay_at_end(rank, min(2 * wait, _LATEST_S)))


class _Reader:
    """A rank that reads, and what it has not taken yet."""

    def __init__(self, process: RankProcess) -> None:
        self.process = process
        self.waiting = b""
        self.over = False  # end of file comes behind what is waiting
