# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Runs the commands and reads the files of Linux that ``_fabric`` turns into facts."""

from __future__ import annotations

import os
from typing import Dict, List, Optional

from .._fabric import facts as fabric_facts
from .commands import Run, required

DEVICES = "bus/thunderbolt/devices"
INTERFACES = "class/net"


def collect(run: Run, root: str) -> Dict[str, str]:
    """The raw outputs and files by the keys of ``_fabric.facts``. :raises HostError: a command failed."""
    raw: Dict[str, str] = {}
    for key, argv in fabric_facts.LINUX_COMMANDS.items():
        raw[key] = required(run, argv).stdout
    for key, path in fabric_facts.LINUX_FILES.items():
        content = _read(os.path.join(root, path.lstrip("/")))
        if content is not None:
            raw[key] = content
    sysfs = os.path.join(root, "sys")
    for key, value in list(_devices(sysfs).items()) + list(_interfaces(sysfs).items()):
        raw[fabric_facts.SYSFS_PREFIX + key] = value
    return raw


def _devices(sysfs: str) -> Dict[str, str]:
    """The files of every Thunderbolt device. Some exist and cannot be read (a laptop's host router has no name)."""
    found: Dict[str, str] = {}
    for entry in _entries(os.path.join(sysfs, DEVICES)):
        for name in fabric_facts.LINUX_SYSFS_FILES:
            key = "{0}/{1}/{2}".format(DEVICES, entry, name)
            content = _read(os.path.join(sysfs, key))
            if content is not None:
                found[key] = content
    return found


def _interfaces(sysfs: str) -> Dict[str, str]:
    """What each network interface hangs on."""
    found: Dict[str, str] = {}
    for entry in _entries(os.path.join(sysfs, INTERFACES)):
        for name in ("device", "master"):
            key = "{0}/{1}/{2}".format(INTERFACES, entry, name)
            path = os.path.join(sysfs, key)
            if os.path.islink(path):
                found[key] = os.readlink(path)
        wireless = "{0}/{1}/wireless".format(INTERFACES, entry)
        if os.path.isdir(os.path.join(sysfs, wireless)):
            found[wireless] = ""
    return found


def _entries(folder: str) -> List[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None
