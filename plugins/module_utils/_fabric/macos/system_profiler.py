# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``system_profiler SPThunderboltDataType -json``: receptacles and what is plugged into them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, List, Mapping, Tuple

from ..errors import ParseError
from ..model import Peer

RDMA_PROTOCOL = 64087  # 0xFA57: the service that a Mac offers once RDMA is enabled on it

_HOST_MODEL = re.compile(r"^[A-Za-z]*Mac[A-Za-z]*\d+,\d+$")
_SPEED = re.compile(r"^(Up to )?(\d+)(?:\.\d+)? Gb/s")
_TAG = re.compile(r"^receptacle_\d+_tag$")


@dataclass(frozen=True)
class Receptacle:
    """One Thunderbolt receptacle of the host that was asked."""

    number: int
    uid: str
    domain_uuid: str
    speed_gbps: int  # of the link, 0 when nothing is connected
    capable_gbps: int  # 0 when the system does not say (it does so only while nothing is connected)
    peers: Tuple[Peer, ...]


@dataclass(frozen=True)
class Thunderbolt:
    """All receptacles by number, and what was odd about them."""

    receptacles: Tuple[Receptacle, ...]
    warnings: Tuple[str, ...] = ()


def parse_system_profiler(text: str) -> Thunderbolt:
    """A computer without Thunderbolt (a virtual machine) has no receptacles; that is no error.

    :raises ParseError: not JSON, or not a report on Thunderbolt.
    """
    receptacles: List[Receptacle] = []
    warnings: List[str] = []
    for bus in _buses(text):
        if "Thunderbolt" not in bus:  # else the one entry {"Thunderbolt": "no_hardware"}
            _read_bus(bus, receptacles, warnings)
    return Thunderbolt(tuple(sorted(receptacles, key=lambda item: item.number)), tuple(warnings))


def _buses(text: str) -> List[Mapping[str, Any]]:
    try:
        report = json.loads(text)
    except ValueError as error:
        raise ParseError("system_profiler: not JSON ({0}): {1!r:.60}".format(error, text)) from error
    buses = report.get("SPThunderboltDataType", []) if isinstance(report, dict) else None
    if not isinstance(buses, list) or not all(isinstance(bus, dict) for bus in buses):
        raise ParseError("system_profiler: not a report of SPThunderboltDataType: {0!r:.60}".format(text))
    return buses


def _read_bus(bus: Mapping[str, Any], receptacles: List[Receptacle], warnings: List[str]) -> None:
    name = _text(bus, "_name") or "a bus without name"
    tags = _receptacle_tags(bus)
    if not tags:
        warnings.append("system_profiler: {0} has no receptacle number, so it is left out".format(name))
        return
    peers = _peers(bus.get("_items"), depth=0)
    busy = [number for number, tag in tags if _text(tag, "receptacle_status_key") == "receptacle_connected"]
    if peers and not busy:
        busy = [tags[0][0]]
    if len(busy) > 1:  # an Intel Mac: two receptacles on a bus, and the report does not say which peer is on which
        warnings.append(
            "system_profiler: {0} does not say what hangs on which of its receptacles; "
            "taken in the order of the report".format(name)
        )
    for number, tag in tags:
        mine = _share(peers, busy.index(number), len(busy)) if number in busy else ()
        receptacles.append(_receptacle(bus, number, tag, mine, shared=len(tags) > 1))


def _receptacle_tags(bus: Mapping[str, Any]) -> List[Tuple[int, Mapping[str, Any]]]:
    """The receptacles of a bus as (number, description). The 1 of receptacle_1_tag is NOT the number."""
    tags = []
    for key, tag in bus.items():
        if _TAG.match(key) and isinstance(tag, dict) and _text(tag, "receptacle_id_key").isdigit():
            tags.append((int(_text(tag, "receptacle_id_key")), tag))
    return sorted(tags, key=lambda item: item[0])


def _share(peers: Tuple[Peer, ...], index: int, shares: int) -> Tuple[Peer, ...]:
    return peers[index::shares]


def _receptacle(
    bus: Mapping[str, Any], number: int, tag: Mapping[str, Any], peers: Tuple[Peer, ...], shared: bool
) -> Receptacle:
    uid = _text(bus, "switch_uid_key").lower()
    match = _SPEED.match(_text(tag, "current_speed_key"))
    gbps = int(match.group(2)) if match else 0
    idle = match is None or bool(match.group(1))  # "Up to" is what the port could do, not what it does
    return Receptacle(
        number=number,
        uid="{0}/{1}".format(uid, number) if shared and uid else uid,
        domain_uuid=_text(bus, "domain_uuid_key").upper(),
        speed_gbps=0 if idle else gbps,
        capable_gbps=gbps if idle else 0,
        peers=peers,
    )


def _peers(items: Any, depth: int) -> Tuple[Peer, ...]:
    """Everything below a port, in the order of the report; hosts may hang behind hubs and docks."""
    found: List[Peer] = []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            found.append(_peer(item, depth))
            found.extend(_peers(item.get("_items"), depth + 1))
    return tuple(found)


def _peer(item: Mapping[str, Any], depth: int) -> Peer:
    services = item.get("services_title")
    protocols = [service.get("protocol_id_key") for service in services or [] if isinstance(service, dict)]
    uuid = _text(item, "domain_uuid_key").upper()
    model = _text(item, "device_name_key")
    # Trimmed reports lack the UUID. The vendor proves nothing: a Studio Display is of Apple too.
    if not uuid and not (services and _HOST_MODEL.match(model)):
        return Peer(kind="device", name=_text(item, "_name"), depth=depth)
    return Peer(
        kind="host",
        name=_text(item, "_name"),
        model=model,
        domain_uuid=uuid,
        rdma_service=RDMA_PROTOCOL in protocols,
        depth=depth,
    )


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key, "")
    return value if isinstance(value, str) else ""
