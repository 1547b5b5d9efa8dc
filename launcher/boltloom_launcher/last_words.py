# SPDX-License-Identifier: Apache-2.0
"""What each rank wrote last: for the report, and to tell who only names another rank as the trouble."""

from __future__ import annotations

import re

_KEPT = 4096  # bytes of each stream
_MOST_LINES = 5
_MOST_CHARACTERS = 300  # of a line
_NAMED_RANK = re.compile(rb"\brank ?(\d{1,6})\b")
# What MLX's ring, gloo, NCCL and JACCL say when a neighbour is no longer there.
_PEER_LOST = re.compile(
    r"(closed|reset|lost|aborted) by (the )?(remote )?peer|connection to a peer|remote process exited"
    r"|\[ring\] Too many send/recv errors|\[jaccl\] (Send|Recv) failed|Broken pipe",
    re.IGNORECASE,
)
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")  # colours, titles


class LastWords:
    """The end of what each of so many ranks has written."""

    def __init__(self, ranks: int, hidden: frozenset[int] = frozenset()) -> None:
        """Of a rank whose output is ``hidden``, what it wrote on its stdout counts if it wrote nothing else."""
        self._ranks, self._hidden = ranks, hidden
        self._ends: dict[tuple[int, int], bytes] = {}  # (rank, stream)

    def begin(self) -> None:
        """The ranks are started again."""
        self._ends.clear()

    def add(self, rank: int, stream: int, data: bytes) -> None:
        """Take what a rank wrote on its stdout (1) or stderr (2)."""
        if stream == 1 and rank not in self._hidden:
            return
        if len(data) < _KEPT:
            data = self._ends.get((rank, stream), b"") + data
        self._ends[rank, stream] = data[-_KEPT:]

    def blamed_by(self, rank: int) -> int | None:
        """The other rank that this rank's last words name."""
        named = [int(number) for number in _NAMED_RANK.findall(self._ends.get((rank, 2), b""))]
        return next((other for other in reversed(named) if other != rank and other < self._ranks), None)

    def misses_peer(self, rank: int) -> bool:
        """Its last line says that it has lost the connection to another rank."""
        return any(_PEER_LOST.search(line) for line in self.lines(rank)[-1:])

    def lines(self, rank: int) -> tuple[str, ...]:
        """The last lines that it wrote, so that they can be shown in any place."""
        for stream in (2, 1):
            end = self._ends.get((rank, stream), b"")
            found = _readable(end, cut=len(end) == _KEPT)
            if found:
                return tuple(found)
        return ()


def _readable(end: bytes, cut: bool) -> list[str]:
    lines: list[str] = []
    pieces = end.split(b"\n")
    while pieces and len(lines) < _MOST_LINES:
        text = _shown(pieces.pop())
        if cut and not pieces:  # the beginning of this line is not known
            text = "..." + text[-_MOST_CHARACTERS:]
        elif len(text) > _MOST_CHARACTERS:
            text = text[:_MOST_CHARACTERS] + "..."
        if text:
            lines.insert(0, text)
    return lines


def _shown(line: bytes) -> str:
    """What is left of a line on a terminal, where a progress bar writes over itself; nothing that moves a cursor."""
    text = _TERMINAL.sub("", line.decode(errors="backslashreplace")).rstrip()
    text = text.rpartition("\r")[2].replace("\t", "    ")
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
