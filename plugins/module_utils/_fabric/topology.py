# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Which cables there are: the ends that hosts report, matched by domain UUID.

The UUID names a controller until the next boot. Two ends make a cable only when each sees the other: a one-sided
view is a cable half plugged, or a host that was restarted in between, and is reported instead of used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple

from .errors import TopologyError
from .model import End, HostFacts, Link, Peer, Port
from .places import Cable, Place
from .shared_bus import settle_shared
from .words import counted, few, listed, shortened

Known = Mapping[str, Sequence[Place]]  # domain UUID -> the receptacles that it names


@dataclass(frozen=True)
class Cabling:
    """The cables between the hosts, without addresses, sorted by hosts and rail."""

    links: Tuple[Link, ...]
    warnings: Tuple[str, ...] = ()
    refusal: Optional[TopologyError] = None  # why nothing may be planned over them


def find_cables(facts: Mapping[str, HostFacts]) -> Cabling:
    """Match both ends over all hosts. Devices are ignored; hosts behind hubs and docks count.

    :raises TopologyError: a host is cabled to itself, or two names mean the same host.
    """
    cabling = read_cables(facts)
    if cabling.refusal:
        raise cabling.refusal
    return cabling


def read_cables(facts: Mapping[str, HostFacts]) -> Cabling:
    """Like :func:`find_cables`, with a refusal beside the cables, so that it can be shown with them."""
    places = [Place(host, port, facts[host].system) for host in facts for port in facts[host].ports]
    known: Dict[str, List[Place]] = {}
    for place in places:
        if place.port.domain_uuid:
            known.setdefault(place.port.domain_uuid.upper(), []).append(place)
    refusal = _same_host(places) or _cabled_to_itself(places, known)
    cables, guesses = settle_shared(_match(places, known), places)
    warnings = [*_clones(places), *_unused(places, known, cables), *guesses]
    warnings.extend(
        "{0}: the system made no network interface for this port, so its cable is not used".format(place.words())
        for cable in cables
        for place in cable
        if not place.port.device
    )
    usable = [cable for cable in cables if all(place.port.device for place in cable)]
    return Cabling(_links(usable), tuple(warnings), refusal)


def _same_host(places: Sequence[Place]) -> Optional[TopologyError]:
    seen: Dict[Tuple[str, str], str] = {}
    for place in places:
        identity = (place.port.uid, place.port.domain_uuid.upper())
        owner = seen.setdefault(identity, place.host)
        if all(identity) and owner != place.host:
            return TopologyError(
                "{0} and {1} are the same computer (both have the Thunderbolt port {2})".format(
                    shortened(owner), shortened(place.host), shortened(place.port.uid)
                ),
                "name it once in the inventory",
            )
    return None


def _clones(places: Sequence[Place]) -> List[str]:
    """Hosts whose ports have the same lasting identities. (With the same domain UUID too, they are one computer.)"""
    owners: Dict[str, List[str]] = {}
    for place in places:
        mine = owners.setdefault(place.port.uid.lower(), []) if place.port.uid else []
        if place.host not in mine:
            mine.append(place.host)
    groups: Dict[Tuple[str, ...], str] = {}
    for uid, hosts in owners.items():
        if len(hosts) > 1:
            groups.setdefault(tuple(hosts), uid)
    return [
        "{0} report the same Thunderbolt identity ({1}), as clones of one machine do: their cables are told apart by "
        "the hosts' names, so their addresses change with the names".format(listed(hosts, last=" and "), shortened(uid))
        for hosts, uid in groups.items()
    ]


def _cabled_to_itself(places: Sequence[Place], known: Known) -> Optional[TopologyError]:
    for place in places:
        for peer in place.hosts:
            candidates = known.get(peer.domain_uuid.upper(), ()) if peer.domain_uuid else ()
            if candidates and all(other.host == place.host for other in candidates):
                ends = sorted({place.port.receptacle} | {other.port.receptacle for other in candidates})
                return TopologyError(
                    "{0} is cabled to itself (Thunderbolt {1})".format(
                        shortened(place.host), " and ".join(map(str, ends))
                    ),
                    "pull that cable: it joins nothing and makes a loop in the bridge",
                )
    return None


def _others(place: Place, peer: Peer, known: Known) -> List[Place]:
    """The receptacles of other hosts that the peer can be."""
    candidates = known.get(peer.domain_uuid.upper(), ()) if peer.domain_uuid else ()
    return [other for other in candidates if other.host != place.host]


def _match(places: Sequence[Place], known: Known) -> List[Cable]:
    """Pairs of receptacles that see each other, each in one pair; what is directly at the cable comes first."""
    mutual = [
        (peer.depth, number, place, other)
        for number, place in enumerate(places)
        for peer in place.hosts
        for other in _others(place, peer, known)
        if other.sees(place)
    ]
    cables: List[Cable] = []
    used: Set[Tuple[str, int]] = set()
    for _depth, _number, place, other in sorted(mutual, key=lambda edge: edge[:2]):
        if place.key not in used and other.key not in used:
            used.update((place.key, other.key))
            cables.append((place, other))
    return cables


def _unused(places: Sequence[Place], known: Known, cables: Sequence[Cable]) -> List[str]:
    """Warnings about the hosts that a port sees and that it has no cable to."""
    joined = {(end.bus, other.bus) for one, two in cables for end, other in ((one, two), (two, one))}
    busy = {end.key for cable in cables for end in cable}
    seen_from = _seen_from(places)
    strangers: Dict[str, List[Tuple[Place, Peer]]] = {}
    one_sided: List[str] = []
    crowded: List[str] = []
    said: Set[FrozenSet[Tuple[str, int]]] = set()
    for place in places:
        for peer in place.hosts:
            others = _others(place, peer, known)
            mutual = [other for other in others if other.sees(place)]
            pair = frozenset((place.key, mutual[0].key)) if mutual else frozenset()
            if not others:
                seers = seen_from.get(place.bus[1], ())
                if not peer.domain_uuid or all(place.sees(other) for other in seers):  # else it is said from there
                    strangers.setdefault(place.host, []).append((place, peer))
            elif not mutual:
                if all(seen.domain_uuid for seen in others[0].hosts):  # else it is said from there
                    one_sided.append(_one_sided(place, others[0], known))
            elif (place.bus, mutual[0].bus) not in joined and pair not in said:
                said.add(pair)
                both = (place, mutual[0]) if place.key in busy else (mutual[0], place)
                crowded.append(_second_peer(*both))
    return [*few(one_sided), *few(crowded), *few([line for seen in strangers.values() for line in _strangers(seen)])]


def _seen_from(places: Sequence[Place]) -> Dict[str, List[Place]]:
    """Domain UUID -> the receptacles that see it."""
    seen: Dict[str, List[Place]] = {}
    for place in places:
        for peer in place.hosts:
            if peer.domain_uuid:
                seen.setdefault(peer.domain_uuid.upper(), []).append(place)
    return seen


def _strangers(seen: Sequence[Tuple[Place, Peer]]) -> List[str]:
    """What one host sees of hosts that nobody asked for: their cables are left as they are."""
    nameless = [place for place, peer in seen if not peer.domain_uuid]
    others = [(place, peer) for place, peer in seen if peer.domain_uuid]
    words = [
        "{0} sees a host, {1}, whose identity the system does not report: restart it".format(
            place.words(), _name(place, "")
        )
        for place in nameless
    ]
    if len(others) == 1:
        place, peer = others[0]
        name = _name(place, peer.domain_uuid)
        words.append("{0} sees a host, {1}, that is not among the hosts given".format(place.words(), name))
    elif others:
        words.append(
            "{0} sees {1} that are not among the hosts given, at Thunderbolt {2}".format(
                shortened(others[0][0].host),
                counted(len(others), "host"),
                listed([str(place.port.receptacle) for place, _peer in others], last=" and "),
            )
        )
    return words


def _name(place: Place, uuid: str) -> str:
    """What the system calls the peer, with its model."""
    peer = next(peer for peer in place.hosts if peer.domain_uuid == uuid)
    model = "({0})".format(shortened(peer.model)) if peer.model else ""
    return " ".join(part for part in (shortened(peer.name), model) if part)


def _one_sided(place: Place, other: Place, known: Known) -> str:
    """An identity that the far port sees and nobody has is the one that this host had before it was restarted."""
    if any(peer.domain_uuid and peer.domain_uuid.upper() not in known for peer in other.hosts):
        return (
            "{0} sees {1}, which sees an identity there that no host has (any more): {2} was restarted while the "
            "hosts were read, run this again".format(place.words(), other.words(), shortened(place.host))
        )
    return "{0} sees {1}, which does not see it: plug the cable in anew at both ends".format(
        place.words(), other.words()
    )


def _second_peer(place: Place, other: Place) -> str:
    return "{0} has more than one host behind it: {1} is not used (one port carries one link)".format(
        place.words(), other.words()
    )


def _links(cables: Sequence[Cable]) -> Tuple[Link, ...]:
    """Number the rails by the ports' lasting identities: both ends count alike, and a reboot changes nothing."""
    by_hosts: Dict[Tuple[str, str], List[Cable]] = {}
    for one, two in cables:
        low, high = sorted((one, two), key=lambda place: place.host)
        by_hosts.setdefault((low.host, high.host), []).append((low, high))
    links = []
    for hosts in sorted(by_hosts):
        in_order = sorted(by_hosts[hosts], key=lambda cable: (cable[0].port.uid, cable[1].port.uid, cable[0].key))
        for rail, (low, high) in enumerate(in_order):
            links.append(Link(_end(low), _end(high), rail, _speed(low.port, high.port)))
    return tuple(links)


def _end(place: Place) -> End:
    return End(place.host, place.port.receptacle, place.port.device, place.port.uid)


def _speed(one: Port, two: Port) -> int:
    """The slower view of both ends; one end alone where the other does not say."""
    speeds = [port.speed_gbps for port in (one, two) if port.speed_gbps]
    return min(speeds) if speeds else 0
