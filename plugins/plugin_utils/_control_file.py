# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Reads and writes a file of the control machine; a reader never sees half of one."""

from __future__ import annotations

import os
import tempfile

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError


def read_text(path: str) -> str:
    """The file's text, "" where there is none yet."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise HostfileError("{0} cannot be read: {1}".format(path, _why(error))) from error


def refuse_unwritable(path: str) -> None:
    """Say it before anything is changed, not after. :raises HostfileError: the file could not be written."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise HostfileError("{0} cannot be written: No such file or directory".format(path), "make its folder first")
    if os.path.isdir(path):
        raise HostfileError("{0} cannot be written: it is a folder".format(path), "name a file in it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HostfileError("{0} cannot be written: Permission denied".format(path), "name a file in another folder")


def read_bytes(path: str) -> bytes:
    """What is in the file, b"" where there is none yet."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise HostfileError("{0} cannot be read: {1}".format(path, _why(error))) from error


def write_text(path: str, text: str) -> None:
    """Replace the file in one instant. :raises HostfileError: it cannot be written."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str, content: bytes) -> None:
    """Replace the file in one instant. :raises HostfileError: it cannot be written."""
    fresh = ""
    try:
        handle, fresh = tempfile.mkstemp(prefix=".boltloom-", dir=os.path.dirname(path))
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(fresh, _mode(path))
        os.replace(fresh, path)
    except OSError as error:
        if fresh and os.path.exists(fresh):
            os.unlink(fresh)
        raise HostfileError("{0} cannot be written: {1}".format(path, _why(error))) from error


def _mode(path: str) -> int:
    """The file's own mode, else what the umask leaves of rw-rw-rw- (mkstemp would give 0600)."""
    if os.path.exists(path):
        return os.stat(path).st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
