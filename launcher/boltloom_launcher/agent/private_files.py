# SPDX-License-Identifier: Apache-2.0
"""Files that ranks are given by path (hostfile, device matrix), in a directory that only this user may read."""

from __future__ import annotations

import contextlib
import os
from typing import Callable


class PrivateFiles:
    """Made when the first file is written, removed at the end."""

    def __init__(self, on_made: Callable[[str], None]) -> None:
        """``on_made`` is told the directory's path."""
        self._on_made = on_made
        self._directory = ""
        self._paths: list[str] = []

    def write(self, name: str, text: str) -> str:
        """Write one file and give its path. :raises OSError: there is no place for it."""
        if not self._directory:
            parent = os.environ.get("TMPDIR") or "/tmp"
            path = os.path.join(parent, "boltloom-" + os.urandom(8).hex())
            os.mkdir(path, 0o700)
            self._on_made(path)
            self._directory = path
        path = os.path.join(self._directory, name)
        self._paths.append(path)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        return path

    def remove(self) -> None:
        """Leave nothing behind, also when a rank has taken its file away."""
        for path in self._paths:
            with contextlib.suppress(OSError):
                os.unlink(path)
        if self._directory:
            with contextlib.suppress(OSError):
                os.rmdir(self._directory)
        self._directory, self._paths = "", []
