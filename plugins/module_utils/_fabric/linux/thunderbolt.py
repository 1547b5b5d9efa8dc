# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``/sys/bus/thunderbolt/devices``: controllers, and the hosts at their ports.

An entry ``D-R`` stands for whatever is at route R of domain D. Route 0 is the controller; the
lowest byte of R is the adapter of the controller, each further byte one hub deeper. A host at the
other end has services (``D-R.S``) and, unlike a device, no file ``authorized``. ``D-R:P.I`` is a
retimer, a part of the cable's path that says nothing about what is plugged in.

The kernel numbers the domains in the order in which it finds the controllers. That order may differ
after a reboot, so receptacles are counted in the order of the controllers' places on the PCI bus.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Set, Tuple

from ..model import Peer
from ..reading import whole_characters

DEVICES = "bus/thunderbolt/devices/"
NETWORKS = "class/net/"
RDMA_PROTOCOL = 64087

_DOMAIN = re.compile(r"domain([0-9]{1,9})\Z")
_ROUTER = re.compile(r"([0-9]{1,9})-([0-9a-f]{1,16})\Z")
_SERVICE = re.compile(r"([0-9]{1,9}-[0-9a-f]{1,16})\.[0-9]{1,9}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_NO_UUID = "00000000-0000-0000-0000-000000000000"
_SPEED = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?) Gb/s\Z")
_LANES = re.compile(r"[0-9]{1,2}\Z")
_ADAPTERS_PER_RECEPTACLE = 2  # each receptacle has two lanes, and each lane is an adapter

Files = Mapping[str, str]


@dataclass(frozen=True)
class Receptacle:
    """One receptacle with something in it; Linux does not list the empty ones."""

    number: int
    uid: str
    domain_uuid: str
    speed_gbps: int
    peers: Tuple[Peer, ...]
    device: str  # network interface towards the first host, "" while thunderbolt-net is not loaded


@dataclass(frozen=True)
class _Bus:
    """All entries, sorted out once."""

    files: Mapping[str, Files]  # entry -> its files
    services: Mapping[str, List[str]]  # entry of a host -> its services
    interfaces: Mapping[str, str]  # service -> the network interface that its driver made


def parse_thunderbolt_sysfs(tree: Mapping[str, str]) -> Tuple[Receptacle, ...]:
    """``tree`` maps paths below /sys to the content of files and the targets of links."""
    bus = _bus(tree)
    below: Dict[Tuple[int, int], List[Tuple[int, str]]] = {}  # (domain, receptacle of it) -> (route, entry)
    domains: Set[int] = {int(match.group(1)) for match in map(_DOMAIN.match, bus.files) if match}
    for name in bus.files:
        match = _ROUTER.match(name)
        if match is None:
            continue
        domain, route = int(match.group(1)), int(match.group(2), 16)
        domains.add(domain)
        if route & 0xFF:
            local = ((route & 0xFF) + 1) // _ADAPTERS_PER_RECEPTACLE
            below.setdefault((domain, local), []).append((route, name))
    place = {domain: index for index, domain in enumerate(_in_lasting_order(domains, tree, bus))}
    found = [
        _receptacle(domain, local, place[domain], [name for _route, name in sorted(names)], bus)
        for (domain, local), names in below.items()
    ]
    return tuple(sorted(found, key=lambda receptacle: receptacle.number))


def interfaces_to_ask(tree: Mapping[str, str]) -> Tuple[str, ...]:
    """Interfaces of cables between the same two controllers: only who is heard there tells the cables apart."""
    by_pair: Dict[Tuple[str, str], List[str]] = {}
    for receptacle in parse_thunderbolt_sysfs(tree):
        for peer in receptacle.peers:
            if receptacle.device and peer.domain_uuid:
                by_pair.setdefault((receptacle.domain_uuid, peer.domain_uuid), []).append(receptacle.device)
    return tuple(device for devices in by_pair.values() if len(devices) > 1 for device in devices)


def _bus(tree: Mapping[str, str]) -> _Bus:
    files: Dict[str, Dict[str, str]] = {}
    services: Dict[str, List[str]] = {}
    for path in sorted(tree):
        if path.startswith(DEVICES):
            name, _slash, file = path[len(DEVICES) :].partition("/")
            match = _SERVICE.match(name)
            if match and name not in files:
                services.setdefault(match.group(1), []).append(name)
            files.setdefault(name, {})[file] = whole_characters(tree[path]).strip()
    return _Bus(files, services, _interfaces(tree))


def _interfaces(tree: Mapping[str, str]) -> Dict[str, str]:
    found = {}
    for path, target in tree.items():
        parts = path.split("/")
        if path.startswith(NETWORKS) and len(parts) == 4 and parts[3] == "device":
            found[target.strip().rstrip("/").rsplit("/", 1)[-1]] = parts[2]
    return found


def _in_lasting_order(domains: Set[int], tree: Mapping[str, str], bus: _Bus) -> List[int]:
    """By the controllers' places on the PCI bus, else by their identities, else as the kernel counts today."""
    paths = {domain: tree.get("{0}domain{1}".format(DEVICES, domain), "").rpartition("/")[0] for domain in domains}
    identities = {domain: _uuid(bus.files.get("{0}-0".format(domain), {})) for domain in domains}
    for names in (paths, identities):
        if all(names.values()) and len(set(names.values())) == len(names):
            return sorted(domains, key=lambda domain: names[domain])
    return sorted(domains)


def _receptacle(domain: int, local: int, place: int, names: List[str], bus: _Bus) -> Receptacle:
    controller = _uuid(bus.files.get("{0}-0".format(domain), {}))
    services = [service for name in names for service in bus.services.get(name, ())]
    devices = [bus.interfaces[service] for service in services if service in bus.interfaces]
    return Receptacle(
        number=place * _ADAPTERS_PER_RECEPTACLE + local,
        uid="{0}/{1}".format(controller, local) if controller else "",
        domain_uuid=controller.upper(),
        speed_gbps=_speed(bus.files[names[0]]),
        peers=tuple(_peer(name, bus) for name in names),
        device=devices[0] if devices else "",
    )


def _peer(name: str, bus: _Bus) -> Peer:
    files = bus.files[name]
    services = bus.services.get(name, ())
    title = " ".join(part for part in (files.get("vendor_name", ""), files.get("device_name", "")) if part) or name
    depth = (int(name.partition("-")[2], 16).bit_length() + 7) // 8 - 1
    if not services and ("authorized" in files or not _uuid(files)):
        return Peer(kind="device", name=title, depth=depth)
    return Peer(
        kind="host",
        name=title,
        model=files.get("device_name", ""),
        domain_uuid=_uuid(files).upper(),
        rdma_service=any(bus.files[service].get("prtcid") == str(RDMA_PROTOCOL) for service in services),
        depth=depth,
    )


def _uuid(files: Files) -> str:
    """In lower case; "" where the kernel does not say, or says nonsense."""
    text = files.get("unique_id", "").lower()
    return text if _UUID.match(text) and text != _NO_UUID else ""


def _speed(files: Files) -> int:
    """Of the slower direction, 0 where the kernel does not say."""
    directions = [_direction(files, name) for name in ("rx", "tx") if name + "_speed" in files]
    known = [speed for speed in directions if speed is not None]
    return min(known) if known else 0


def _direction(files: Files, name: str) -> Optional[int]:
    """Speed of a lane times lanes."""
    speed = _SPEED.match(files[name + "_speed"])
    lanes = _LANES.match(files.get(name + "_lanes", "1"))
    return int(float(speed.group(1)) * int(lanes.group(0))) if speed and lanes else None
