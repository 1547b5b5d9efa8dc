# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``/sys/class/infiniband``: RDMA devices, and the network interface that each lies on.

The table of a port says for each of its addresses which interface it came from. A driver for Thunderbolt that
fills no such table is found by its place: its device and the interface are services of the same host at the
other end of the cable (``0-1.1`` beside ``0-1.0``).
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Tuple

from ..macos.rdma import parse_gid
from ..model import Gid, RdmaDevice

DEVICES = "class/infiniband/"
NETWORKS = "class/net/"

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,64}\Z")  # it goes into hostfiles and onto screens
_STATE = re.compile(r"^\s*[0-9]{1,2}:\s*([A-Z]{1,32})\s*$")
_XDOMAIN = re.compile(r"(?:^|/)([0-9]{1,4}-[0-9a-f]{1,16})(?:\.[0-9]{1,4})?(?:/|$)")
_GUID = re.compile(r"^[0-9a-f]{16}\Z")
_NUMBER = re.compile(r"^[0-9]{1,6}$")


def parse_infiniband_sysfs(tree: Mapping[str, str]) -> Tuple[RdmaDevice, ...]:
    """``tree`` maps paths below /sys to the content of files and the targets of links.

    Every device with its first active port, or with its first port when none is active.
    """
    files: Dict[str, Dict[str, str]] = {}
    for path, content in tree.items():
        if path.startswith(DEVICES):
            name, _slash, rest = path[len(DEVICES) :].partition("/")
            if not _NAME.match(name):
                continue
            files.setdefault(name, {})[rest] = content.strip()
    places = _interfaces_by_xdomain(tree)
    return tuple(_device(name, files[name], places) for name in sorted(files))


def _interfaces_by_xdomain(tree: Mapping[str, str]) -> Dict[str, str]:
    """The host at the other end ("0-1") -> the network interface that leads to it."""
    found: Dict[str, str] = {}
    for path in sorted(tree):
        parts = path.split("/")
        if path.startswith(NETWORKS) and len(parts) == 4 and parts[3] == "device":
            places = _XDOMAIN.findall(tree[path].strip())
            if places and _NAME.match(parts[2]):
                found.setdefault(places[-1], parts[2])
    return found


def _device(name: str, files: Mapping[str, str], places: Mapping[str, str]) -> RdmaDevice:
    numbers = sorted(
        {int(path.split("/")[1]) for path in files if path.startswith("ports/") and _NUMBER.match(path.split("/")[1])}
    )
    guid = _guid(files.get("node_guid", ""))
    ports = [_port(name, number, files, guid, places) for number in numbers]
    if not ports:
        return RdmaDevice(name, 0, False, device=_by_place(files, places), guid=guid)
    return next((port for port in ports if port.active), ports[0])


def _guid(text: str) -> str:
    digits = text.replace(":", "").lower()
    return digits if _GUID.match(digits) else ""


def _port(name: str, number: int, files: Mapping[str, str], guid: str, places: Mapping[str, str]) -> RdmaDevice:
    prefix = "ports/{0}/".format(number)
    match = _STATE.match(files.get(prefix + "state", ""))
    word = "PORT_" + match.group(1) if match else ""
    gids: List[Gid] = []
    interfaces: List[str] = []
    for path, content in files.items():
        folder, _slash, index = path[len(prefix) :].rpartition("/")
        if not path.startswith(prefix) or not _NUMBER.match(index):
            continue
        address = parse_gid(content) if folder == "gids" else None
        if address is not None:
            gids.append(Gid(int(index), address))
        if folder == "gid_attrs/ndevs" and _NAME.match(content):
            interfaces.append(content)
    interface = min(interfaces) if interfaces else _by_place(files, places)
    in_order = tuple(sorted(gids, key=lambda gid: gid.index))
    return RdmaDevice(name, number, word == "PORT_ACTIVE", in_order, word, interface, guid)


def _by_place(files: Mapping[str, str], places: Mapping[str, str]) -> str:
    found = _XDOMAIN.findall(files.get("device", ""))
    return places.get(found[-1], "") if found else ""
