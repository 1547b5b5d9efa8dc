# SPDX-License-Identifier: Apache-2.0
"""Files that a rank is given by path, where nobody is left to remove them: they end with the process.

On Linux they have no name on any disk. Elsewhere (macOS) they lie in the user's own temporary directory, and the next
rank that starts there removes those of ranks that have ended.
"""

from __future__ import annotations

import contextlib
import os
import tempfile

from boltloom_launcher.agent.processes import exists
from boltloom_launcher.errors import UnfitError


def write(name: str, text: str) -> str:
    """The path of a file with this content, for this process after exec and for those that it starts."""
    try:
        return _in_memory(name, text) if hasattr(os, "memfd_create") else _on_disk(name, text)
    except OSError as error:
        raise UnfitError([f"there is no place for {name} ({error.strerror}): correct that, or set TMPDIR"]) from None


def _in_memory(name: str, text: str) -> str:
    file = os.memfd_create(name, 0)  # stays open over exec
    os.write(file, text.encode())
    return f"/proc/{os.getpid()}/fd/{file}"


def _on_disk(name: str, text: str) -> str:
    folder = os.path.join(tempfile.gettempdir(), f"boltloom-exec-{os.geteuid()}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    status = os.lstat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise UnfitError([f"others may write into {folder}: remove it"])
    _remove_old(folder)
    path = os.path.join(folder, f"{os.getpid()}-{name}")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(text)
    return path


def _remove_old(folder: str) -> None:
    """What ranks have left that have ended."""
    for left in os.listdir(folder):
        pid = left.partition("-")[0]
        if pid.isdigit() and not exists(int(pid)):
            with contextlib.suppress(FileNotFoundError):  # another rank was first
                os.unlink(os.path.join(folder, left))
