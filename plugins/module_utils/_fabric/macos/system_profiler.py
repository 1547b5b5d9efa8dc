# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``system_profiler SPThunderboltDataType -json``: receptacles and what is plugged into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Tuple

from ..errors import ParseError
from ..model import Peer
from ..reading import identity, json_value, number, shown

RDMA_PROTOCOL = 64087  # 0xFA57: the service that a Mac offers once RDMA is enabled on it

MOST_RECEPTACLES = 64

_HOST_MODEL = re.compile(r"[A-Za-z]{0,20}Mac[A-Za-z]{0,20}[0-9]{1,3},[0-9]{1,3}")
_SPEED = re.compile(r"(?<![0-9.,])([0-9]{1,4})(?:[.,][0-9]{1,3})? ?Gb(?:it)?(?:/s|ps)")
_TAG = re.compile(r"receptacle_[0-9]{1,3}_tag")


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

    :raises ParseError: not JSON, not a report on Thunderbolt, or two buses with the same receptacle.
    """
    receptacles: List[Receptacle] = []
    warnings: List[str] = []
    for bus in _buses(text):
        if "Thunderbolt" not in bus:  # else the one entry {"Thunderbolt": "no_hardware"}
            _read_bus(bus, receptacles, warnings)
    _refuse_twice(receptacles)
    return Thunderbolt(tuple(sorted(receptacles, key=lambda item: item.number)), tuple(warnings))


def _buses(text: str) -> List[Mapping[str, Any]]:
    report = json_value(text, "system_profiler")
    buses = report.get("SPThunderboltDataType", []) if isinstance(report, dict) else None
    if not isinstance(buses, list) or not all(isinstance(bus, dict) for bus in buses):
        raise ParseError("system_profiler: not a report of SPThunderboltDataType: {0}".format(shown(text.strip())))
    return buses


def _refuse_twice(receptacles: List[Receptacle]) -> None:
    seen = set()
    for receptacle in receptacles:
        if receptacle.number in seen:
            raise ParseError(
                "system_profiler: receptacle {0} is listed twice".format(receptacle.number),
                "which of them is Thunderbolt {0} cannot be told".format(receptacle.number),
            )
        seen.add(receptacle.number)


def _read_bus(bus: Mapping[str, Any], receptacles: List[Receptacle], warnings: List[str]) -> None:
    name = _text(bus, "_name")
    title = shown(name)[1:-1] if name else "a bus without name"
    tags = _receptacle_tags(bus)
    if not tags:
        warnings.append("system_profiler: {0} has no receptacle number, so it is left out".format(title))
        return
    below = bus.get("_items")
    items = [item for item in below if isinstance(item, dict)] if isinstance(below, list) else []
    busy = [receptacle for receptacle, tag in tags if _text(tag, "receptacle_status_key") == "receptacle_connected"]
    if items and not busy:
        busy = [tags[0][0]]
    if (
        items and len(busy) > 1
    ):  # an Intel Mac: two receptacles on a bus, and the report does not say which item is where
        warnings.append(
            "system_profiler: {0} does not say what hangs on which of its receptacles; "
            "taken in the order of the report".format(title)
        )
    place = {receptacle: index for index, receptacle in enumerate(busy)}
    for receptacle, tag in tags:
        mine = items[place[receptacle] :: len(busy)] if receptacle in place else []
        receptacles.append(_receptacle(bus, receptacle, tag, _peers(mine), shared=len(tags) > 1))


def _receptacle_tags(bus: Mapping[str, Any]) -> List[Tuple[int, Mapping[str, Any]]]:
    """The receptacles of a bus as (number, description). The 1 of receptacle_1_tag is NOT the number."""
    tags: List[Tuple[int, Mapping[str, Any]]] = []
    for key, tag in bus.items():
        if _TAG.fullmatch(key) and isinstance(tag, dict):
            receptacle = _receptacle_number(tag.get("receptacle_id_key"))
            if receptacle:
                tags.append((receptacle, tag))
    return sorted(tags, key=lambda item: item[0])


def _receptacle_number(value: Any) -> Optional[int]:
    """A string of a number in all that we saw."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return number(value.strip(), MOST_RECEPTACLES) if isinstance(value, str) else None


def _receptacle(
    bus: Mapping[str, Any], receptacle: int, tag: Mapping[str, Any], peers: Tuple[Peer, ...], shared: bool
) -> Receptacle:
    uid = _identity(bus, "switch_uid_key").lower()
    speed = _text(tag, "current_speed_key").strip()
    match = _SPEED.search(speed)
    gbps = int(match.group(1)) if match else 0
    # A speed with words before it ("Up to") is what the port could do, not what it does.
    idle = match is None or match.start() > 0 or _text(tag, "receptacle_status_key").startswith("receptacle_no_")
    return Receptacle(
        number=receptacle,
        uid="{0}/{1}".format(uid, receptacle) if shared and uid else uid,
        domain_uuid=_identity(bus, "domain_uuid_key").upper(),
        speed_gbps=0 if idle else gbps,
        capable_gbps=gbps if idle else 0,
        peers=peers,
    )


def _peers(items: Any) -> Tuple[Peer, ...]:
    """Everything below a port, in the order of the report; hosts may hang behind hubs and docks."""
    found: List[Peer] = []
    waiting: List[Tuple[Any, int]] = [(items, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, list):
            waiting.extend((part, depth) for part in reversed(item) if isinstance(part, dict))
        elif isinstance(item, dict):
            found.append(_peer(item, depth))
            waiting.append((item.get("_items"), depth + 1))
    return tuple(found)


def _peer(item: Mapping[str, Any], depth: int) -> Peer:
    services = item.get("services_title")
    uuid = _identity(item, "domain_uuid_key").upper()
    model = _text(item, "device_name_key")
    # Trimmed reports lack the UUID. The vendor proves nothing: a Studio Display is of Apple too.
    if not uuid and not (services and _HOST_MODEL.fullmatch(model)):
        return Peer(kind="device", name=_text(item, "_name"), depth=depth)
    return Peer(
        kind="host",
        name=_text(item, "_name"),
        model=model,
        domain_uuid=uuid,
        rdma_service=_offers_rdma(services),
        depth=depth,
    )


def _offers_rdma(services: Any) -> Optional[bool]:
    """None when the report does not say: it lists no service, or one that could be RDMA without its protocol id."""
    answers = (
        [_is_rdma(service) for service in services if isinstance(service, dict)] if isinstance(services, list) else []
    )
    if True in answers:
        return True
    return None if None in answers or not answers else False


def _is_rdma(service: Mapping[str, Any]) -> Optional[bool]:
    if _text(service, "service_key_key").strip().lower() == "rdma":  # so an early 26.x spelled it
        return True
    protocol = _protocol(service.get("protocol_id_key"))
    if protocol is None:
        return False if _text(service, "_name") == "service_ip" else None
    return protocol == RDMA_PROTOCOL


def _protocol(value: Any) -> Optional[int]:
    """A number in all that we saw; text forms of it mean the same."""
    if isinstance(value, str):
        text = value.strip().lower()
        return int(text, 16) if re.fullmatch(r"0x[0-9a-f]{1,8}", text) else number(text, 1 << 32)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key, "")
    return value if isinstance(value, str) else ""


def _identity(item: Mapping[str, Any], key: str) -> str:
    value = _text(item, key).strip()
    return value if identity(value) else ""
