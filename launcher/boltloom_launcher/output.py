# SPDX-License-Identifier: Apache-2.0
"""The ranks' output on our own stdout and stderr: whole lines, whose rank is told, bytes unharmed."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable

_LINE_LIMIT = 1 << 20  # a line longer than this is passed on in pieces
_HIGH = 8 << 20  # with more than this waiting for the terminal, the agents are no longer read
_LOW = 2 << 20
_BATCH = 1 << 20


class Lines:
    """Holds back what is not yet a whole line, so that two ranks never share one.

    With a single rank nothing can be mixed, and everything passes at once (prompts too).
    """

    def __init__(self, write: Callable[[int, bytes], None], ranks: int, tag: bool) -> None:
        self._write = write
        self._tags = {r: b"[%d] " % r if tag else b"" for r in range(ranks)}
        self._direct = ranks == 1 and not tag
        self._held: dict[tuple[int, int], bytes] = {}
        self._inside: dict[int, int] = {}  # stream -> rank whose line was passed on without its end

    def feed(self, rank: int, stream: int, data: bytes) -> None:
        """Take what a rank wrote and pass on the lines that are complete."""
        if self._direct:
            self._inside.pop(stream, None)
            if not data.endswith(b"\n"):
                self._inside[stream] = rank
            self._write(stream, data)
            return
        key = (rank, stream)
        held = self._held.pop(key, b"")
        data = held + data if held else data
        newline = data.rfind(b"\n")
        # A progress bar ends its steps with a carriage return; that may go out, one step late (it could be "\r\n").
        cut = max(newline + 1, data.rfind(b"\r", newline + 1))
        if cut > 0:
            self._pass(rank, stream, data[:cut])
        rest = data[cut:] if cut > 0 else data
        if len(rest) > _LINE_LIMIT:
            self._pass(rank, stream, rest)
        elif rest:
            self._held[key] = rest

    def note(self, line: str) -> None:
        """A line of our own on stderr; it does not continue a line that a rank left open."""
        start = b"\n" if self._inside.pop(2, None) is not None else b""
        self._write(2, start + line.encode(errors="replace") + b"\n")

    def close(self, rank: int) -> None:
        """The rank is over: what it left without a newline is passed on too."""
        for stream in (1, 2):
            rest = self._held.pop((rank, stream), b"")
            if rest:
                self._pass(rank, stream, rest)

    def finish(self) -> None:
        """Everything is over; whatever was held back is passed on."""
        for rank in {rank for rank, _ in self._held}:
            self.close(rank)

    def _pass(self, rank: int, stream: int, data: bytes) -> None:
        tag = self._tags[rank]
        inside = self._inside.pop(stream, None)
        if inside is not None and inside != rank:
            self._write(stream, b"\n")
            inside = None
        ends = data.endswith(b"\n")
        if tag:
            body = data[:-1] if ends else data
            data = (b"" if inside == rank else tag) + body.replace(b"\n", b"\n" + tag) + (b"\n" if ends else b"")
        self._write(stream, data)
        if not ends:
            self._inside[stream] = rank


def _nobody() -> None:
    pass


class Screen:
    """Writes to our stdout and stderr in a thread of its own, so that a slow terminal never stops the event loop.

    :meth:`tell` says whom to call when too much waits, when there is room again, and when nobody reads
    our stdout any more; the calls come from either thread.
    """

    def __init__(self, stdout: int = 1, stderr: int = 2) -> None:
        self._fds = {1: stdout, 2: stderr}
        self._on_full = self._on_room = self._on_closed = _nobody
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._full = False
        self._closing = False
        self._changed = threading.Condition()
        self._dead: set[int] = set()
        # A daemon: a terminal that never takes our output must not keep us from exiting.
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def tell(self, on_full: Callable[[], None], on_room: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """Say whom to call."""
        self._on_full, self._on_room, self._on_closed = on_full, on_room, on_closed

    def write(self, stream: int, data: bytes) -> None:
        """Queue bytes for stdout (1) or stderr (2)."""
        with self._changed:
            self._waiting.append((stream, data))
            self._bytes += len(data)
            became_full = not self._full and self._bytes > _HIGH
            self._full = self._full or became_full
            self._changed.notify()
        if became_full:
            self._on_full()

    def close(self) -> None:
        """Write what is left."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                stream, data = self._next_batch()
            self._write_out(stream, data)
            with self._changed:
                self._bytes -= len(data)
                has_room = self._full and self._bytes < _LOW
                self._full = self._full and not has_room
            if has_room:
                self._on_room()

    def _next_batch(self) -> tuple[int, bytes]:
        """As much as waits for one stream, in one piece: one write is cheaper than many."""
        stream, data = self._waiting.popleft()
        pieces, size = [data], len(data)
        while self._waiting and self._waiting[0][0] == stream and size < _BATCH:
            data = self._waiting.popleft()[1]
            pieces.append(data)
            size += len(data)
        return stream, b"".join(pieces) if len(pieces) > 1 else pieces[0]

    def _write_out(self, stream: int, data: bytes) -> None:
        view, fd = memoryview(data), self._fds[stream]
        while view and stream not in self._dead:
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                select.select([], [fd], [])  # another program on our terminal made it non-blocking
            except OSError:
                self._dead.add(stream)
                if stream == 1:
                    self._on_closed()
