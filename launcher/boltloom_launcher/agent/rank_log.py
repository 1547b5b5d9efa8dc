# SPDX-License-Identifier: Apache-2.0
"""The end of what a rank wrote, in a file of bounded size on its own host, for `boltloom logs`.

The file holds how many bytes there were in all, and behind that the last ones, written in a circle.
"""

from __future__ import annotations

import os
import struct

ROOM = 1 << 20
_TOTAL = struct.Struct(">Q")


class RankLog:
    """Written as the bytes come."""

    def __init__(self, path: str) -> None:
        """:raises OSError: it cannot be made."""
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._total = 0

    def add(self, data: bytes) -> None:
        """The rank has written this. On a full disk nothing more is kept."""
        if self._fd < 0:
            return
        kept = memoryview(data)[-ROOM:]
        place = (self._total + len(data) - len(kept)) % ROOM
        first = min(len(kept), ROOM - place)
        try:
            os.pwrite(self._fd, kept[:first], _TOTAL.size + place)
            if first < len(kept):
                os.pwrite(self._fd, kept[first:], _TOTAL.size)
            self._total += len(data)
            os.pwrite(self._fd, _TOTAL.pack(self._total), 0)
        except OSError:
            self.close()

    def close(self) -> None:
        """Nothing more is written."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


def read_log(path: str, start: int) -> tuple[int, bytes]:
    """What was written from byte ``start`` on, as far as it is still there: where that begins, and the bytes."""
    with open(path, "rb", buffering=0) as file:
        total = _total(file.fileno())
        start = max(start, total - ROOM)
        if start >= total:
            return total, b""
        place, count = start % ROOM, total - start
        data = os.pread(file.fileno(), min(count, ROOM - place), _TOTAL.size + place)
        data += os.pread(file.fileno(), count - len(data), _TOTAL.size)
        lost = max(0, _total(file.fileno()) - ROOM - start)  # written over while we read
        return start + lost, data[lost:]


def _total(fd: int) -> int:
    head = os.pread(fd, _TOTAL.size, 0)
    return int(_TOTAL.unpack(head)[0]) if len(head) == _TOTAL.size else 0
