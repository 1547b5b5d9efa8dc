# SPDX-License-Identifier: Apache-2.0
"""A file for each stream of each rank, written as the bytes come: complete also when the rank crashes."""

from __future__ import annotations

import os
from collections.abc import Callable

from boltloom_launcher.errors import UsageError

_NAMES = {1: "out", 2: "err"}


class RankLogs:
    """``rank-3.out`` and ``rank-3.err`` in a folder. What is there already is kept: a restart goes on in it."""

    def __init__(self, folder: str, ranks: int) -> None:
        """Make the folder and the files.

        :raises UsageError: they cannot be made.
        """
        self.on_problem: Callable[[str], None] = lambda words: None
        self.folder = folder
        self._files: dict[tuple[int, int], int] = {}
        self._paths: dict[tuple[int, int], str] = {}
        try:
            os.makedirs(folder, exist_ok=True)
            for rank in range(ranks):
                for stream, name in _NAMES.items():
                    path = os.path.join(folder, f"rank-{rank}.{name}")
                    self._paths[rank, stream] = path
                    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                    self._files[rank, stream] = os.open(path, flags, 0o666)
        except OSError as error:
            self.close()
            raise UsageError(
                f"--output-dir {folder} cannot be written ({error.strerror})", "give another folder"
            ) from None

    def write(self, rank: int, stream: int, data: bytes) -> None:
        """Add what a rank wrote."""
        view, fd = memoryview(data), self._files.get((rank, stream), -1)
        try:
            while view and fd >= 0:
                view = view[os.write(fd, view) :]
        except OSError as error:
            os.close(self._files.pop((rank, stream)))
            self.on_problem(f"cannot write {self._paths[rank, stream]} any more: {error.strerror}")

    def close(self) -> None:
        """All has been written."""
        for fd in self._files.values():
            os.close(fd)
        self._files.clear()
