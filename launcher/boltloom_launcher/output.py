# SPDX-License-Identifier: Apache-2.0
"""The ranks' output on our own stdout and stderr: whole lines, whose rank is told, bytes unharmed."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from boltloom_launcher import colours
from boltloom_launcher.agent.named_tuple import NamedTuple

_LINE_LIMIT = 1 << 20  # a line longer than this is passed on in pieces
_HIGH = 8 << 20  # with more than this waiting for its reader, no more of a stream is asked for
_LOW = 2 << 20
_BATCH = 1 << 20


class Style(NamedTuple):
    """How the ranks' output is shown."""

    tag: bool = False  # "[rank] " before each line
    stamps: bool = False  # the time of day before each line
    raw: bool = False  # bytes as they come, whole lines or not
    shown: frozenset[int] | None = None  # the ranks whose output is shown; None: all
    hosts: bool | None = None  # the tag names the host, too; None: where there are several
    coloured: frozenset[int] = frozenset()  # the streams whose tags have colours
    keyed: frozenset[int] = frozenset()  # ranks that have our keyboard: their bytes as they come, the screen is theirs
    newline: bytes = b"\n"  # of our own lines


class Lines:
    """Holds back what is not yet a whole line, so that two ranks never share one.

    With a single rank, or one that is shown, nothing can be mixed, and everything passes at once. With several, half
    a line is shown after a moment in which no other rank wrote (:meth:`look`): a prompt, or text that comes word by
    word.
    """

    def __init__(self, write: Callable[[int, bytes], None], hosts: Sequence[str], style: Style) -> None:
        """``hosts`` names the host of each rank."""
        self._write = write
        self._tags = {
            (rank, stream): _tag(rank, stream, hosts, style) for rank in range(len(hosts)) for stream in (1, 2)
        }
        self._style = style
        seen = len(hosts) if style.shown is None else len(style.shown)
        self._direct = style.raw or seen == 1 and not style.tag and not style.stamps
        self._held: dict[tuple[int, int], bytes] = {}
        self._ripe: set[tuple[int, int]] = set()  # held since the look before, and nobody else wrote since
        self._wrote: dict[int, set[int]] = {1: set(), 2: set()}  # stream -> the ranks that wrote since the last look
        self._inside: dict[int, int] = {}  # stream -> rank whose line was passed on without its end

    @property
    def holds(self) -> bool:
        """Something waits for the rest of its line."""
        return bool(self._held)

    def look(self) -> None:
        """Pass on half lines that have waited since the last look while no other rank wrote."""
        alone = {key for key in self._held if self._wrote[key[1]] <= {key[0]}}
        quiet = {key for key in alone if key in self._ripe or not self._wrote[key[1]]}
        for rank, stream in sorted(quiet):
            self._pass(rank, stream, self._held.pop((rank, stream)))
        self._ripe = alone - quiet
        for ranks in self._wrote.values():
            ranks.clear()

    def feed(self, rank: int, stream: int, data: bytes) -> None:
        """Take what a rank wrote and pass on the lines that are complete."""
        if self._style.shown is not None and rank not in self._style.shown:
            return
        if self._direct or rank in self._style.keyed:
            self._inside.pop(stream, None)
            if not data.endswith(b"\n"):
                self._inside[stream] = rank
            self._write(stream, data)
            return
        key = (rank, stream)
        self._wrote[stream].add(rank)
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

    def say(self, line: str) -> None:
        """A line of our own on stdout."""
        self._write(1, line.encode(errors="replace") + self._style.newline)

    def note(self, line: str) -> None:
        """A line of our own on stderr; it does not continue a line that a rank left open."""
        newline = self._style.newline
        start = newline if self._inside.pop(2, None) is not None else b""
        text = line.encode(errors="replace")
        self._write(2, start + (colours.ours(text) if 2 in self._style.coloured else text) + newline)

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
        tag = self._tags[rank, stream]
        if self._style.stamps:
            tag = _time_of_day() + b" " + tag
        inside = self._inside.pop(stream, None)
        if inside is not None and inside != rank:
            self._write(stream, self._style.newline)
            inside = None
        ends = data.endswith(b"\n")
        if tag:
            body = data[:-1] if ends else data
            data = (b"" if inside == rank else tag) + body.replace(b"\n", b"\n" + tag) + (b"\n" if ends else b"")
        self._write(stream, data)
        if not ends:
            self._inside[stream] = rank


def _tag(rank: int, stream: int, hosts: Sequence[str], style: Style) -> bytes:
    if not style.tag:
        return b""
    host = len(set(hosts)) > 1 if style.hosts is None else style.hosts
    tag = f"[{rank} {hosts[rank]}]" if host else f"[{rank}]"
    return (colours.of_rank(rank, tag.encode()) if stream in style.coloured else tag.encode()) + b" "


def _time_of_day() -> bytes:
    now = time.time()
    return time.strftime(f"%Y-%m-%d %H:%M:%S.{int(now * 1000) % 1000:03}", time.localtime(now)).encode()


class Readers(NamedTuple):
    """Whom to call about those who read our output; the calls come from any thread."""

    full: Callable[[int], None]  # too much of this stream waits
    room: Callable[[int], None]  # there is room again
    closed: Callable[[], None]  # nobody reads our stdout any more
    failed: Callable[[str], None]  # stdout cannot be written, in the system's words


class Screen:
    """Our stdout and stderr, each written in a thread of its own: a terminal or a pager that takes nothing stops
    neither the event loop nor the other stream."""

    def __init__(self, stdout: int = 1, stderr: int = 2) -> None:
        self._sinks = {1: _Sink(1, stdout), 2: _Sink(2, stderr)}

    def tell(self, readers: Readers) -> None:
        """Say whom to call."""
        for sink in self._sinks.values():
            sink.readers = readers

    @property
    def problem(self) -> OSError | None:
        """Why stdout can no longer be written."""
        return self._sinks[1].problem

    def write(self, stream: int, data: bytes) -> None:
        """Queue bytes for stdout (1) or stderr (2)."""
        self._sinks[stream].write(data)

    def close(self, patience: float | None = None) -> bool:
        """Write what is left. False: that was not possible in ``patience`` seconds."""
        end = None if patience is None else time.monotonic() + patience
        for sink in self._sinks.values():
            sink.close()
        return all(
            [sink.join(None if end is None else max(0.0, end - time.monotonic())) for sink in self._sinks.values()]
        )


class _Sink:
    """A file descriptor, what waits for it, and the thread that writes."""

    def __init__(self, stream: int, fd: int) -> None:
        self.readers: Readers | None = None
        self._stream, self._fd = stream, fd
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._full = self._closing = False
        self.problem: OSError | None = None
        self._changed = threading.Condition()
        # A daemon: a terminal that never takes our output must not keep us from exiting.
        self._thread = threading.Thread(target=self._run, name=f"output {stream}", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        with self._changed:
            self._waiting.append(data)
            self._bytes += len(data)
            became_full = not self._full and self._bytes > _HIGH
            self._full = self._full or became_full
            self._changed.notify()
        if became_full and self.readers:
            self.readers.full(self._stream)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()

    def join(self, patience: float | None) -> bool:
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                data = self._next_batch()
            self._write_out(data)
            with self._changed:
                self._bytes -= len(data)
                has_room = self._full and self._bytes < _LOW
                self._full = self._full and not has_room
            if has_room and self.readers:
                self.readers.room(self._stream)

    def _next_batch(self) -> bytes:
        """As much as waits, in one piece: one write is cheaper than many."""
        pieces = [self._waiting.popleft()]
        size = len(pieces[0])
        while self._waiting and size < _BATCH:
            pieces.append(self._waiting.popleft())
            size += len(pieces[-1])
        return b"".join(pieces) if len(pieces) > 1 else pieces[0]

    def _write_out(self, data: bytes) -> None:
        view = memoryview(data)
        while view and self.problem is None:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                select.select([], [self._fd], [])  # another program on our terminal made it non-blocking
            except OSError as error:
                self.problem = error
                self._say(error)

    def _say(self, error: OSError) -> None:
        if self._stream != 1 or not self.readers:
            return
        if error.errno == errno.EPIPE:
            self.readers.closed()
        else:
            self.readers.failed(error.strerror or str(error))
