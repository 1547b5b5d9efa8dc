# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Changes the bridges in the preferences of macOS, so that the next boot does not bring them back.

No command of macOS can do this (networksetup has no verb for bridges), so the file is
changed as System Settings would leave it: a backup first, then one atomic replacement.
The running system keeps its own copy and is changed by other steps.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import tempfile
import time
from typing import Any, Dict, Sequence

from .commands import HostError


def forget_bridge(path: str, bridge: str) -> str:
    """Drop a bridge. Returns the path of the backup."""
    document = _load(path)
    _bridges(document, path).pop(bridge, None)
    return _replace(path, document)


def set_members(path: str, bridge: str, members: Sequence[str]) -> str:
    """Make a bridge list exactly these members. Returns the path of the backup."""
    document = _load(path)
    bridges = _bridges(document, path)
    if bridge not in bridges:
        raise HostError("{0}: there is no bridge {1} any more".format(path, bridge), "run again")
    bridges[bridge]["Interfaces"] = list(members)
    return _replace(path, document)


def restore(path: str, backup: str) -> None:
    """Put the file back as it was when the backup was made."""
    try:
        with open(backup, "rb") as file:
            _write(path, file.read())
    except OSError as error:
        raise HostError(
            "{0} cannot be put back: {1}".format(path, error), "its backup is {0}".format(backup)
        ) from error


def _load(path: str) -> Dict[str, Any]:
    try:
        with open(path, "rb") as file:
            document: Dict[str, Any] = plistlib.load(file)
            return document
    except (OSError, plistlib.InvalidFileException, ValueError) as error:
        raise HostError("{0} cannot be read: {1}".format(path, error)) from error


def _bridges(document: Dict[str, Any], path: str) -> Dict[str, Any]:
    bridges = document.get("VirtualNetworkInterfaces", {}).get("Bridge")
    if not isinstance(bridges, dict):
        raise HostError("{0}: there are no bridges in it any more".format(path), "run again")
    return bridges


def _replace(path: str, document: Dict[str, Any]) -> str:
    try:
        backup = _back_up(path)
        with open(path, "rb") as file:
            binary = file.read(6) == b"bplist"
        _write(path, plistlib.dumps(document, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML))
    except OSError as error:
        hint = "sshd may need Full Disk Access (System Settings > Privacy & Security)"
        raise HostError("{0} cannot be changed: {1}".format(path, error), hint) from error
    return backup


def _back_up(path: str) -> str:
    """A copy beside the file, under a name that no earlier backup has."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    prefix = "{0}.boltloom-{1}-".format(os.path.basename(path), stamp)
    handle, backup = tempfile.mkstemp(prefix=prefix, dir=_folder(path))
    os.close(handle)
    shutil.copy2(path, backup)
    return backup


def _write(path: str, content: bytes) -> None:
    """Replace the file in one instant, with the owner and mode that it has."""
    before = os.stat(path)
    handle, fresh = tempfile.mkstemp(dir=_folder(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(fresh, before.st_mode & 0o7777)
        os.chown(fresh, before.st_uid, before.st_gid)
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise


def _folder(path: str) -> str:
    return os.path.dirname(path) or "."
