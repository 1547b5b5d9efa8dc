# SPDX-License-Identifier: Apache-2.0
"""A folder for one run, with the sockets of the connections to hosts. It is gone afterwards, and they with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CLOSE_TIMEOUT_S = 5
_SOCKETS = "s"


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user can read. Its path is short: a socket's may have 104 letters on a Mac."""
    short = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="boltloom-", dir=short))
    try:
        sockets(folder).mkdir(mode=0o700)
        yield folder
    finally:
        _close(sockets(folder))
        shutil.rmtree(folder, ignore_errors=True)


def sockets(folder: Path) -> Path:
    """Where in it the sockets are."""
    return folder / _SOCKETS


def _close(folder: Path) -> None:
    """End the ssh behind each socket; it would wait a minute for the next task."""
    with contextlib.suppress(FileNotFoundError):  # no ssh, so no sockets either
        for process in [_asked_to_end(path) for path in folder.iterdir()]:
            try:
                process.wait(_CLOSE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _asked_to_end(socket: Path) -> subprocess.Popen[bytes]:
    argv = ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "--", "x"]  # it asks for a name, and does not use it
    nothing = subprocess.DEVNULL
    return subprocess.Popen(argv, stdin=nothing, stdout=nothing, stderr=nothing)
