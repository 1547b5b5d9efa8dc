# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Files that are replaced in one instant, and are on the disk when the function returns."""

from __future__ import annotations

import os
import tempfile
from typing import Callable, Optional, Tuple

from .commands import HostError


def replace(
    path: str,
    content: bytes,
    mode: int,
    owner: Optional[Tuple[int, int]] = None,
    just_before: Callable[[], object] = lambda: None,
) -> None:
    """The file with this content. ``just_before`` may still refuse, by an exception: then all is as it was.

    :raises OSError: the disk is full, read-only, or not ours.
    """
    folder = os.path.dirname(path) or "."
    handle, fresh = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(fresh, mode)
        if owner is not None:
            os.chown(fresh, owner[0], owner[1])
        just_before()
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise
    _sync(folder)


def remove(path: str) -> None:
    """Remove a file that may not be there. :raises HostError: the disk is read-only."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HostError("{0} cannot be removed: {1}".format(path, error.strerror or error)) from error
    _sync(os.path.dirname(path) or ".")


def _sync(folder: str) -> None:
    """A rename or removal survives a power cut only when the folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
