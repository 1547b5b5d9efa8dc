# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``/sys/bus/thunderbolt/devices``: controllers, and the hosts at their ports.

An entry ``D-R`` stands for whatever is at route R of domain D. Route 0 is the controller; the
lowest byte of R is the adapter of the controller, each further byte one hub deeper. A host at the
other end has services (``D-R.S``) and, unlike a device, no file ``authorized``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Tuple

from ..model import Peer

DEVICES = "bus/thunderbolt/devices/"
NETWORKS = "class/net/"
RDMA_PROTOCOL = 64087

_ROUTER = re.compile(r"^(\d+)-([0-9a-f]+)$")
_SPEED = re.compile(r"^(\d+(?:\.\d+)?) Gb/s$")
_ADAPTERS_PER_RECEPTACLE = 2  # each receptacle has two lanes, and each lane is an adapter


@dataclass(frozen=True)
class Receptacle:
    """One receptacle with something in it; Linux does not list the empty ones."""

    number: int
    uid: str
    domain_uuid: str
    speed_gbps: int
    peers: Tuple[Peer, ...]
    device: str  # network interface towards the first host, "" while thunderbolt-net is not loaded


def parse_thunderbolt_sysfs(tree: Mapping[str, str]) -> Tuple[Receptacle, ...]:
    """``tree`` maps paths below /sys to the content of files and the targets of links."""
    entries = _entries(tree)
    interfaces = _interfaces(tree)
    below: Dict[Tuple[int, int], List[Tuple[int, str]]] = {}  # (domain, receptacle of it) -> (route, entry)
    for name in entries:
        match = _ROUTER.match(name)
        if match and int(match.group(2), 16) != 0:
            route = int(match.group(2), 16)
            receptacle = ((route & 0xFF) + 1) // _ADAPTERS_PER_RECEPTACLE
            below.setdefault((int(match.group(1)), receptacle), []).append((route, name))
    return tuple(
        _receptacle(domain, local, [name for _route, name in sorted(found)], entries, interfaces)
        for (domain, local), found in sorted(below.items())
    )


def _entries(tree: Mapping[str, str]) -> Dict[str, Dict[str, str]]:
    """Entry -> its files."""
    entries: Dict[str, Dict[str, str]] = {}
    for path, content in tree.items():
        if path.startswith(DEVICES):
            name, _slash, file = path[len(DEVICES) :].partition("/")
            entries.setdefault(name, {})[file] = content.strip()
    return entries


def _interfaces(tree: Mapping[str, str]) -> Dict[str, str]:
    """Service entry -> the network interface that its driver made."""
    found = {}
    for path, target in tree.items():
        parts = path.split("/")
        if path.startswith(NETWORKS) and len(parts) == 4 and parts[3] == "device":
            found[target.strip().rstrip("/").rsplit("/", 1)[-1]] = parts[2]
    return found


def _receptacle(
    domain: int, local: int, names: List[str], entries: Dict[str, Dict[str, str]], interfaces: Dict[str, str]
) -> Receptacle:
    controller = entries.get("{0}-0".format(domain), {}).get("unique_id", "")
    services = {name: [other for other in entries if other.startswith(name + ".")] for name in names}
    devices = [interfaces[service] for name in names for service in sorted(services[name]) if service in interfaces]
    return Receptacle(
        number=domain * _ADAPTERS_PER_RECEPTACLE + local,
        uid="{0}/{1}".format(controller.lower(), local) if controller else "",
        domain_uuid=controller.upper(),
        speed_gbps=_speed(entries[names[0]]),
        peers=tuple(_peer(name, entries, services[name]) for name in names),
        device=devices[0] if devices else "",
    )


def _peer(name: str, entries: Dict[str, Dict[str, str]], services: List[str]) -> Peer:
    files = entries[name]
    title = " ".join(part for part in (files.get("vendor_name", ""), files.get("device_name", "")) if part) or name
    depth = (int(name.partition("-")[2], 16).bit_length() + 7) // 8 - 1
    if "authorized" in files and not services:
        return Peer(kind="device", name=title, depth=depth)
    return Peer(
        kind="host",
        name=title,
        model=files.get("device_name", ""),
        domain_uuid=files.get("unique_id", "").upper(),
        rdma_service=any(entries[service].get("prtcid") == str(RDMA_PROTOCOL) for service in services),
        depth=depth,
    )


def _speed(files: Mapping[str, str]) -> int:
    """Speed of a lane times lanes, 0 where the kernel does not say."""
    match = _SPEED.match(files.get("rx_speed", ""))
    lanes = files.get("rx_lanes", "1")
    return int(float(match.group(1)) * int(lanes)) if match and lanes.isdigit() else 0
