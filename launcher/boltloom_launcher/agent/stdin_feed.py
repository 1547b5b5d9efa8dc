# SPDX-License-Identifier: Apache-2.0
"""What the launcher's user types, on its way into the one rank that reads it.

The launcher sends a piece, we say when the rank has taken it, and then comes the
next: so a rank that does not read holds back the user, not our memory.
"""

from __future__ import annotations

import os
import selectors

from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.processes import RankProcess


class StdinFeed:
    """Feeds at most one rank of this host."""

    def __init__(self, selector: selectors.BaseSelector, channel: Channel) -> None:
        self._selector = selector
        self._channel = channel
        self._rank: RankProcess | None = None
        self._waiting = b""
        self._over = False  # end of file comes behind what is waiting

    def attach(self, rank: RankProcess) -> None:
        """This rank reads from now on."""
        self._rank = rank
        self._channel.send({"is": "stdin_ready"})

    def give(self, data: bytes) -> None:
        """Take a piece; b"" is the end of file."""
        if self._rank is None:
            return
        if not data:
            self._over = True
            if not self._waiting:
                self._close()
            return
        if not self._waiting:
            self._selector.register(self._rank.stdin, selectors.EVENT_WRITE, self._write)
        self._waiting += data

    def forget(self, rank: RankProcess) -> None:
        """The rank has ended; nobody reads any more, if it was this one."""
        if self._rank is rank:
            self._close()

    def _write(self) -> None:
        if self._rank is None:
            return
        try:
            self._waiting = self._waiting[os.write(self._rank.stdin, self._waiting) :]
        except BlockingIOError:
            return
        except OSError:
            self._close()
            return
        if self._waiting:
            return
        self._selector.unregister(self._rank.stdin)
        if self._over:
            self._close()
        else:
            self._channel.send({"is": "stdin_ready"})

    def _close(self) -> None:
        rank, self._rank, self._waiting = self._rank, None, b""
        if rank is None:
            return
        if rank.stdin in self._selector.get_map():
            self._selector.unregister(rank.stdin)
        rank.close_stdin()
        self._channel.send({"is": "stdin_closed"})
