# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Which cables there are: the ends that hosts report, matched by domain UUID.

The UUID names a port until the next boot. Two ends make a cable only when each sees the
other: a one-sided view is a cable half plugged, or stale, and is reported instead of used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Set, Tuple

from .errors import TopologyError
from .model import End, HostFacts, Link, Peer, Port


@dataclass(frozen=True)
class Cabling:
    """The cables between the hosts, without addresses, sorted by hosts and rail."""

    links: Tuple[Link, ...]
    warnings: Tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """A port, with the host that it is on."""

    host: str
    port: Port

    @property
    def key(self) -> Tuple[str, int]:
        return (self.host, self.port.receptacle)

    def words(self) -> str:
        device = " ({0})".format(self.port.device) if self.port.device else ""
        return "{0}, Thunderbolt {1}{2}".format(self.host, self.port.receptacle, device)


def find_cables(facts: Mapping[str, HostFacts]) -> Cabling:
    """Match both ends over all hosts. Devices are ignored; hosts behind hubs and docks count.

    :raises TopologyError: a host is cabled to itself, or two names mean the same host.
    """
    places = [_Place(host, port) for host in facts for port in facts[host].ports]
    _refuse_same_host(places)
    by_uuid: Dict[str, List[_Place]] = {}
    for place in places:
        if place.port.domain_uuid:
            by_uuid.setdefault(place.port.domain_uuid.upper(), []).append(place)
    warnings: List[str] = []
    pairs: List[Tuple[_Place, _Place]] = []
    used: Set[Tuple[str, int]] = set()
    for place in places:
        for peer in place.port.peers:
            if peer.kind == "host":
                _match(place, peer, by_uuid, used, pairs, warnings)
    usable = [pair for pair in pairs if all(place.port.device for place in pair)]
    warnings.extend(
        "{0}: the system made no network interface for this port, so its cable is not used".format(place.words())
        for pair in pairs
        for place in pair
        if not place.port.device
    )
    return Cabling(_links(usable), tuple(warnings))


def _refuse_same_host(places: List[_Place]) -> None:
    seen: Dict[Tuple[str, str], str] = {}
    for place in places:
        identity = (place.port.uid, place.port.domain_uuid.upper())
        owner = seen.setdefault(identity, place.host)
        if all(identity) and owner != place.host:
            raise TopologyError(
                "{0} and {1} are the same computer (both have the Thunderbolt port {2})".format(
                    owner, place.host, place.port.uid
                ),
                "name it once in the inventory",
            )


def _match(
    place: _Place,
    peer: Peer,
    by_uuid: Mapping[str, List[_Place]],
    used: Set[Tuple[str, int]],
    pairs: List[Tuple[_Place, _Place]],
    warnings: List[str],
) -> None:
    candidates = by_uuid.get(peer.domain_uuid.upper(), []) if peer.domain_uuid else []
    others = [other for other in candidates if other.host != place.host]
    if candidates and not others:
        _refuse_loop(place, candidates)
    if not candidates:
        warnings.append(_stranger(place, peer))
        return
    if place.key in used:
        if not any(_joined(place, other, pairs) for other in others):
            warnings.append(_second_peer(place, others[0]))
        return
    mutual = [other for other in others if _sees(other, place)]
    free = [other for other in mutual if other.key not in used]
    if free:
        pairs.append((place, free[0]))
        used.update((place.key, free[0].key))
    elif mutual:
        warnings.append(_second_peer(mutual[0], place))
    else:
        warnings.append(
            "{0} sees {1}, which does not see it: plug the cable in anew at both ends".format(
                place.words(), others[0].words()
            )
        )


def _refuse_loop(place: _Place, candidates: List[_Place]) -> None:
    ends = sorted({place.port.receptacle} | {other.port.receptacle for other in candidates})
    raise TopologyError(
        "{0} is cabled to itself (Thunderbolt {1})".format(place.host, " and ".join(str(number) for number in ends)),
        "pull that cable: it joins nothing and makes a loop in the bridge",
    )


def _sees(one: _Place, another: _Place) -> bool:
    uuid = another.port.domain_uuid.upper()
    return any(peer.kind == "host" and peer.domain_uuid.upper() == uuid for peer in one.port.peers)


def _joined(place: _Place, other: _Place, pairs: List[Tuple[_Place, _Place]]) -> bool:
    return any({place.key, other.key} == {one.key, two.key} for one, two in pairs)


def _stranger(place: _Place, peer: Peer) -> str:
    name = " ".join(part for part in (peer.name, "({0})".format(peer.model) if peer.model else "") if part)
    if not peer.domain_uuid:
        return "{0} sees a host, {1}, whose identity the system does not report: restart it".format(place.words(), name)
    return "{0} sees a host, {1}, that is not among the hosts given".format(place.words(), name)


def _second_peer(place: _Place, other: _Place) -> str:
    return "{0} has more than one host behind it: {1} is not used (one port carries one link)".format(
        place.words(), other.words()
    )


def _links(pairs: List[Tuple[_Place, _Place]]) -> Tuple[Link, ...]:
    """Number the rails by the ports' lasting identities: both ends count alike, and a reboot changes nothing."""
    by_hosts: Dict[Tuple[str, str], List[Tuple[_Place, _Place]]] = {}
    for one, two in pairs:
        low, high = sorted((one, two), key=lambda place: place.host)
        by_hosts.setdefault((low.host, high.host), []).append((low, high))
    links = []
    for hosts in sorted(by_hosts):
        cables = sorted(by_hosts[hosts], key=lambda cable: (cable[0].port.uid, cable[1].port.uid, cable[0].key))
        for rail, (low, high) in enumerate(cables):
            links.append(Link(_end(low), _end(high), rail, _speed(low.port, high.port)))
    return tuple(links)


def _end(place: _Place) -> End:
    return End(place.host, place.port.receptacle, place.port.device, place.port.uid)


def _speed(one: Port, two: Port) -> int:
    """The slower view of both ends; one end alone where the other does not say."""
    speeds = [port.speed_gbps for port in (one, two) if port.speed_gbps]
    return min(speeds) if speeds else 0
