# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Runs the commands and reads the files of Linux that ``_fabric`` turns into facts."""

from __future__ import annotations

import contextlib
import os
from typing import Dict, List, Optional

from .._fabric import facts as fabric_facts
from .commands import HostError, Run, required

DEVICES = "bus/thunderbolt/devices"
INTERFACES = "class/net"
CALL_SECONDS = 3.0
IFUPDOWN = ("etc/network/interfaces", "etc/network/interfaces.d")


def collect(run: Run, root: str) -> Dict[str, str]:
    """The raw outputs and files by the keys of ``_fabric.facts``. :raises HostError: a command failed."""
    raw: Dict[str, str] = {}
    for key, argv in fabric_facts.LINUX_COMMANDS.items():
        raw[key] = required(run, argv).stdout
    raw.update(_networkmanager(run))
    for key, path in fabric_facts.LINUX_FILES.items():
        content = _read(os.path.join(root, path.lstrip("/")))
        if content is not None:
            raw[key] = content
    sysfs = os.path.join(root, "sys")
    for key, value in list(_devices(sysfs).items()) + list(_interfaces(sysfs).items()):
        raw[fabric_facts.SYSFS_PREFIX + key] = value
    raw.update(_neighbours(run, raw))
    raw.update(_networkd(root))
    raw.update(_own_files(root))
    raw["processes"] = "".join(name + "\n" for name in _processes(os.path.join(root, "proc")))
    raw["interfaces"] = "".join(_read_all(root, IFUPDOWN))
    return raw


def _networkmanager(run: Run) -> Dict[str, str]:
    """What NetworkManager has, and its view of connections of ours. Where it does not run, nothing."""
    raw: Dict[str, str] = {}
    for key, argv in fabric_facts.LINUX_OPTIONAL_COMMANDS.items():
        output = run(argv)
        if output.rc != 0:
            return {}
        raw[key] = output.stdout
    own = fabric_facts.own_connections(raw["nm_connections"])
    if own:
        raw["nm_properties"] = required(run, fabric_facts.NM_PROPERTIES + own).stdout
    return raw


def _neighbours(run: Run, raw: Dict[str, str]) -> Dict[str, str]:
    """Who is heard on the interfaces. Where only that tells two cables apart, everybody there is called first."""
    prefix = fabric_facts.SYSFS_PREFIX
    tree = {key[len(prefix) :]: value for key, value in raw.items() if key.startswith(prefix)}
    for device in fabric_facts.interfaces_to_ask(tree):
        with contextlib.suppress(HostError):
            run(("ping", "-6", "-c", "1", "-w", "1", "ff02::1%" + device), CALL_SECONDS)
    output = run(fabric_facts.LINUX_NEIGHBOURS)
    return {"ip_neigh": output.stdout} if output.rc == 0 else {}


def _networkd(root: str) -> Dict[str, str]:
    """What networkd has, by the index of the interface."""
    folder = os.path.join(root, fabric_facts.LINUX_NETIF_FOLDER.lstrip("/"))
    read = {index: _read(os.path.join(folder, index)) for index in _entries(folder)}
    return {fabric_facts.NETIF_PREFIX + index: text for index, text in read.items() if text is not None}


def _own_files(root: str) -> Dict[str, str]:
    """The files of our own that anybody may read."""
    found: Dict[str, str] = {}
    for folder in fabric_facts.LINUX_OWN_FOLDERS:
        for name in _entries(os.path.join(root, folder.lstrip("/"))):
            path = "{0}/{1}".format(folder, name)
            content = _read(os.path.join(root, path.lstrip("/"))) if fabric_facts.is_own(path) else None
            if content is not None:
                found[fabric_facts.CONFIG_PREFIX + path] = content
    return found


def _processes(proc: str) -> List[str]:
    """Those of LINUX_PROCESSES that run."""
    names = {(_read(os.path.join(proc, entry, "comm")) or "").strip() for entry in _entries(proc) if entry.isdigit()}
    return sorted(names.intersection(fabric_facts.LINUX_PROCESSES))


def _devices(sysfs: str) -> Dict[str, str]:
    """The files of every Thunderbolt device. Some exist and cannot be read (a laptop's host router has no name)."""
    found: Dict[str, str] = {}
    for entry in _entries(os.path.join(sysfs, DEVICES)):
        place = "{0}/{1}".format(DEVICES, entry)
        if entry.startswith("domain") and os.path.islink(os.path.join(sysfs, place)):
            found[place] = os.readlink(os.path.join(sysfs, place))
        for name in fabric_facts.LINUX_SYSFS_FILES:
            key = "{0}/{1}".format(place, name)
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
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _read_all(root: str, paths: "tuple[str, ...]") -> List[str]:
    """The files, and those in folders among them."""
    texts: List[str] = []
    for path in paths:
        full = os.path.join(root, path)
        names = [os.path.join(full, name) for name in _entries(full)] or [full]
        texts.extend((_read(name) or "") + "\n" for name in names if os.path.isfile(name))
    return texts


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None
