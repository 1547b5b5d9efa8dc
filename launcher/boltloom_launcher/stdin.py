# SPDX-License-Identifier: Apache-2.0
"""Our stdin, on its way to the ranks that read it: to all of them, as mlx.launch does, or to one.

Each rank has one piece under way; the next is read as soon as one rank has taken its last. What others have yet to
take meanwhile waits in a file without a name, so a rank that never reads costs no memory and holds up nobody.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable

from boltloom_launcher.terminal import OwnTerminal, in_background

_PIECE = 64 << 10
_MOST_WAITING = 256 << 20  # bytes; a rank that is farther behind than this gets no more
_BACKGROUND_S = 1.0
_STDIN = 0


class TypingIn:
    """Reads our stdin whenever a rank has room, and hands pieces to ``send(rank, data)``; b"" is the end of file."""

    def __init__(
        self, send: Callable[[int, bytes], None], say: Callable[[str], None], terminal: OwnTerminal | None = None
    ) -> None:
        """``say`` is told what a person should know; ``terminal`` is where it is typed, if one rank has all keys."""
        self._send, self._say, self._terminal = send, say, terminal
        self._spool = _Spool()
        self._places: dict[int, int] = {}  # rank -> how much of the spool it was given
        self._hungry: set[int] = set()  # ranks that have taken all there is
        self._ended = False  # our stdin has
        self._over = False
        self._watching = False

    def readers(self, ranks: Iterable[int]) -> None:
        """These ranks read from here on, each as soon as it is :meth:`ready`."""
        self._hungry.clear()
        self._places = dict.fromkeys(ranks, 0)
        self._spool.clear()

    def ready(self, rank: int) -> None:
        """The rank has taken everything that was sent to it."""
        if rank not in self._places or self._over:
            return
        piece = self._spool.read(self._places[rank])
        if piece:
            self._places[rank] += len(piece)
            self._tidy()
            self._send(rank, piece)
        elif self._ended:
            self._send(rank, b"")
        else:
            self._hungry.add(rank)
            self._watch()

    def closed(self, rank: int) -> None:
        """The rank reads no more."""
        self._places.pop(rank, None)
        self._hungry.discard(rank)
        if not self._hungry:
            self._unwatch()
        if self._terminal and not self._places:
            self._terminal.release()  # nobody is left whose keys these are: Ctrl-C is for us
        self._tidy()

    def stop(self) -> None:
        """Nobody reads any more."""
        self._over = True
        self._unwatch()
        self._spool.clear()

    def _watch(self) -> None:
        if self._over or self._watching or not self._hungry:
            return
        try:
            asyncio.get_running_loop().add_reader(_STDIN, self._read)
            self._watching = True
        except PermissionError:
            # A plain file or /dev/null: always readable, and epoll refuses to watch it.
            asyncio.get_running_loop().call_soon(self._read)
        except (OSError, ValueError):
            self._finish()

    def _read(self) -> None:
        self._unwatch()
        if self._over or not self._hungry:
            return
        if in_background():
            # Reading from the terminal would stop us until we are in the foreground again.
            asyncio.get_running_loop().call_later(_BACKGROUND_S, self._watch)
            return
        if self._terminal:
            self._terminal.claim()  # we may have come to the foreground
        try:
            data = os.read(_STDIN, _PIECE)
        except BlockingIOError:
            self._watch()
            return
        except OSError:
            data = b""
        if not data:
            self._finish()
            return
        self._pass(data)
        if self._terminal:
            self._terminal.heard(data)

    def _pass(self, data: bytes) -> None:
        if len(self._hungry) < len(self._places):
            self._keep(data)
        hungry, self._hungry = self._hungry, set()
        for rank in hungry:
            self._places[rank] = self._spool.size
            self._send(rank, data)

    def _keep(self, data: bytes) -> None:
        """Those that have not taken their last piece will find this one in the spool."""
        problem = self._spool.add(data)
        for rank in [rank for rank in self._places if rank not in self._hungry]:
            if problem or self._spool.size - self._places[rank] > _MOST_WAITING:
                why = problem or f"it has left {_MOST_WAITING >> 20} MiB unread"
                self._say(f"rank {rank} gets no more of what is typed: {why}")
                self._send(rank, b"")
                self.closed(rank)

    def _tidy(self) -> None:
        """A spool that everybody has read is emptied."""
        if self._spool.size and all(place == self._spool.size for place in self._places.values()):
            self._places = dict.fromkeys(self._places, 0)
            self._spool.clear()

    def _finish(self) -> None:
        self._ended = True
        hungry, self._hungry = self._hungry, set()
        for rank in hungry:
            self._send(rank, b"")

    def _unwatch(self) -> None:
        if self._watching:
            asyncio.get_running_loop().remove_reader(_STDIN)
            self._watching = False


class _Spool:
    """A file without a name, made when it is needed."""

    def __init__(self) -> None:
        self._file = -1
        self.size = 0

    def add(self, data: bytes) -> str:
        """Keep this too; gives the problem, "" if there was none."""
        try:
            if self._file < 0:
                import tempfile  # most runs do without

                self._file, path = tempfile.mkstemp(prefix="boltloom-stdin-")
                os.unlink(path)
            if os.pwrite(self._file, data, self.size) < len(data):
                return "there is no room for it on this computer's disk"
        except OSError as error:
            return f"it cannot be kept for it ({error.strerror})"
        self.size += len(data)
        return ""

    def read(self, place: int) -> bytes:
        """The piece that begins there."""
        return os.pread(self._file, min(_PIECE, self.size - place), place) if place < self.size else b""

    def clear(self) -> None:
        """Give the room back."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self.size = -1, 0
