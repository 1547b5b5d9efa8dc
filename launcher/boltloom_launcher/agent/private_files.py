# SPDX-License-Identifier: Apache-2.0
"""Files that ranks are given by path (hostfile, device matrix), in a directory that only this user may read."""

from __future__ import annotations

import errno
import os
import shutil
from typing import Callable

_ENOUGH = 256 << 10  # bytes; what ranks are given is smaller
PREFIX = "boltloom-"  # of the directory's name


class PrivateFiles:
    """Made when the first file is written, removed at the end."""

    def __init__(self, on_made: Callable[[str], None], parent: str = "") -> None:
        """``on_made`` is told the directory's path; without ``parent`` it is where temporary files are."""
        self._on_made = on_made
        self._parent = parent
        self._directory = ""

    def place(self, env: dict[str, str]) -> None:
        """They are to be where this environment wants temporary files."""
        self._parent = env.get("TMPDIR") or "/tmp"

    def problem(self) -> str | None:
        """Why there is no place for files, as the end of a sentence; None if there is one."""
        trial = ""
        try:
            trial = self.write("trial", "")
            with open(trial, "wb", buffering=0) as file:
                size = file.write(bytes(_ENOUGH))
            if size < _ENOUGH:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            remedy = "make room for the ranks' files there, or name another place with --env TMPDIR=DIR"
            return f"cannot write to {self._parent} ({error.strerror}): {remedy}"
        finally:
            if trial:
                os.unlink(trial)
        return None

    def directory(self) -> str:
        """Where they are, and where others may put theirs. :raises OSError: there is no place for it."""
        if not self._directory:
            parent = self._parent or os.environ.get("TMPDIR") or "/tmp"
            path = os.path.join(parent, PREFIX + os.urandom(8).hex())
            os.mkdir(path, 0o700)
            self._on_made(path)
            self._directory = path
        return self._directory

    def write(self, name: str, text: str, mode: int = 0o600) -> str:
        """Write one file and give its path. :raises OSError: there is no place for it."""
        path = self.path(name)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
        return path

    def path(self, name: str) -> str:
        """Where somebody else may write a file of that name. :raises OSError: there is no place for it."""
        return os.path.join(self.directory(), name)

    def remove(self) -> None:
        """Leave nothing behind, also when a rank has taken its file away."""
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
        self._directory = ""
