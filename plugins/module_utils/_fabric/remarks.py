# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What is worth a word about cables that do work: one line each, with host, receptacle and what to do."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

from .errors import TopologyError
from .model import End, HostFacts, Link, Peer, Port, Service, WantPort
from .rdma import THUNDERBOLT_5_MODELS
from .words import counted, few, listed, shortened

Facts = Mapping[str, HostFacts]
Ports = Mapping[Tuple[str, int], Port]

_THUNDERBOLT_3_GBPS = 40
_THUNDERBOLT_5_GBPS = 80


def remarks(facts: Facts, links: Sequence[Link]) -> List[str]:
    """The most dangerous first. Of one kind at most a few are spelled out."""
    ports = {(host, port.receptacle): port for host in facts for port in facts[host].ports}
    kinds = (
        _bridge_loops(facts, links, ports),
        _foreign_networks(facts),
        _without_link(facts, links, ports),
        _moved(facts, links),
        slow_cables(facts, links),
        _docks(links, ports),
        _different_systems(facts),
    )
    return [line for lines in kinds for line in few(lines)]


def refuse_slow_cables(facts: Facts, links: Sequence[Link]) -> None:
    """:raises TopologyError: names the cables that are slower than their ports."""
    slow = slow_cables(facts, links)
    if slow:
        raise TopologyError("; ".join(few(slow, 3)), "or allow slow cables")


def slow_cables(facts: Facts, links: Sequence[Link]) -> List[str]:
    """Cables slower than both of their ports can do; where a port does not tell, slower than any Thunderbolt 3."""
    found = []
    capable = _capable(facts)
    for link in links:
        able = [capable[end.host, end.receptacle] for end in (link.a, link.b)]
        expected = min(able) if all(able) else _THUNDERBOLT_3_GBPS
        if 0 < link.speed_gbps < min(expected, _THUNDERBOLT_5_GBPS):
            found.append(
                "the cable between {0} and {1} runs at {2} Gb/s, and both ports can do {3}: use a Thunderbolt {4} "
                "cable".format(
                    _words(link.a), _words(link.b), link.speed_gbps, expected, 5 if expected > 40 else "4 or 5"
                )
            )
    return found


def _capable(facts: Facts) -> Dict[Tuple[str, int], int]:
    """What each port can do. One in use shows the speed of its link only, so its idle neighbours and the model tell."""
    found: Dict[Tuple[str, int], int] = {}
    for host in facts:
        model = _THUNDERBOLT_5_GBPS if facts[host].model in THUNDERBOLT_5_MODELS else 0
        best = max((port.capable_gbps for port in facts[host].ports), default=0) or model
        found.update(((host, port.receptacle), port.capable_gbps or best) for port in facts[host].ports)
    return found


def _docks(links: Sequence[Link], ports: Ports) -> List[str]:
    return [
        "{0}: a hub or a dock is in the path to {1}, which costs speed and may cost RDMA: plug the cable into the "
        "computers themselves".format(_words(end), shortened(other.host))
        for link in links
        for end, other in _both_ways(link)
        if _depth(ports[end.host, end.receptacle], ports[other.host, other.receptacle])
    ]


def _depth(port: Port, far: Port) -> int:
    uuid = far.domain_uuid.upper()
    return min((peer.depth for peer in port.peers if _is_host(peer) and peer.domain_uuid.upper() == uuid), default=0)


def _is_host(peer: Peer) -> bool:
    return peer.kind == "host"


def _without_link(facts: Facts, links: Sequence[Link], ports: Ports) -> List[str]:
    """On Linux an interface that nobody brought up has no link yet, whatever the cable."""
    return [
        "no link on Thunderbolt {0} ({1}) of {2}, although its cable to {3} is seen: plug it in anew".format(
            end.receptacle, shortened(end.device), shortened(end.host), shortened(other.host)
        )
        for link in links
        for end, other in _both_ways(link)
        if not ports[end.host, end.receptacle].up
        and (facts[end.host].system == "macos" or ports[end.host, end.receptacle].addresses)
    ]


def _moved(facts: Facts, links: Sequence[Link]) -> List[str]:
    """What is cabled otherwise than when the hosts were configured last. Hosts that are not given do not count."""
    leads_to = {(end.host, end.receptacle): other.host for link in links for end, other in _both_ways(link)}
    found: List[str] = []
    gone: Set[Tuple[Tuple[str, int], ...]] = set()
    for host in facts:
        before = {(host, want.receptacle): want.peer for want in facts[host].applied}
        for want in facts[host].applied:
            now = leads_to.get((host, want.receptacle), "")
            if want.peer not in facts or now == want.peer:
                continue
            new = [
                port.receptacle
                for port in facts[host].ports
                if leads_to.get((host, port.receptacle)) == want.peer != before.get((host, port.receptacle))
            ]
            if new or now or _first_time(gone, host, want):
                found.append(_changed(host, want, now, new))
    return found


def _changed(host: str, want: WantPort, now: str, new: Sequence[int]) -> str:
    if new:
        return (
            "the cable of {0} to {1} moved from Thunderbolt {2} to {3} since it was configured: configure again".format(
                shortened(host), shortened(want.peer), want.receptacle, new[0]
            )
        )
    if now:
        return (
            "{0}, Thunderbolt {1} led to {2} when it was configured, and leads to {3} now: configure again, or plug it "
            "back".format(shortened(host), want.receptacle, shortened(want.peer), shortened(now))
        )
    return (
        "the cable between {0}, Thunderbolt {1} and {2} is gone since it was configured: plug it in, or configure for "
        "what is left".format(shortened(host), want.receptacle, _far_words(want))
    )


def _first_time(gone: Set[Tuple[Tuple[str, int], ...]], host: str, want: WantPort) -> bool:
    """A cable is missed at both of its ends, and named once."""
    ends = tuple(sorted(((host, want.receptacle), (want.peer, want.peer_receptacle))))
    fresh = ends not in gone
    gone.add(ends)
    return fresh


def _far_words(want: WantPort) -> str:
    port = ", Thunderbolt {0},".format(want.peer_receptacle) if want.peer_receptacle else ""
    return shortened(want.peer) + port


def _both_ways(link: Link) -> Tuple[Tuple[End, End], Tuple[End, End]]:
    return (link.a, link.b), (link.b, link.a)


def _bridge_loops(facts: Facts, links: Sequence[Link], ports: Ports) -> List[str]:
    """Frames circulate for ever where cables close a loop over bridges: macOS bridges do not look for loops."""
    up = {(host, bridge.device) for host in facts for bridge in facts[host].bridges if bridge.up}
    boss: Dict[Tuple[str, str], Tuple[str, str]] = {}

    def of(bridge: Tuple[str, str]) -> Tuple[str, str]:
        while boss.setdefault(bridge, bridge) != bridge:
            boss[bridge] = boss[boss[bridge]]
            bridge = boss[bridge]
        return bridge

    closing: List[Link] = []
    for link in links:
        one, other = ((end.host, ports[end.host, end.receptacle].bridge) for end in (link.a, link.b))
        if one in up and other in up:
            if of(one) == of(other):
                closing.append(link)
            boss[of(one)] = of(other)
    if not closing:
        return []
    looped = {of((link.a.host, ports[link.a.host, link.a.receptacle].bridge)) for link in closing}
    hosts = [host for host in facts if any(of(bridge) in looped for bridge in up if bridge[0] == host)]
    return [
        "danger: over the bridges of {0} the cables make a loop, which can flood every network of these hosts: "
        "configure takes the ports out of the bridges; until then, pull the cable at {1}{2}".format(
            listed(hosts, 60), _words(closing[0].a), _and_more(len(closing) - 1)
        )
    ]


def _and_more(count: int) -> str:
    return " and {0}".format(counted(count, "more", "more")) if count else ""


def _foreign_networks(facts: Facts) -> List[str]:
    """Somebody at the other end hands out leases, or a router is configured: traffic for elsewhere takes the cable."""
    found = []
    for host in facts:
        for port in facts[host].ports:
            where = "{0}, Thunderbolt {1} ({2})".format(shortened(host), port.receptacle, shortened(port.device))
            found.extend(_foreign(where, port.lease, [port.service, *port.services]))
        for bridge in facts[host].bridges:
            found.extend(_foreign("{0}, {1}".format(shortened(host), shortened(bridge.device)), "", [bridge.service]))
        found.extend(_default_routes(host, facts[host]))
    return found


def _foreign(where: str, lease: str, services: Sequence[Optional[Service]]) -> List[str]:
    dhcp = [service.router for service in services if service and service.method == "dhcp" and service.router]
    if lease or dhcp:
        return [
            "{0} has {1} from the other end of the cable: turn Internet Sharing off there, or traffic for elsewhere "
            "goes over it".format(
                where, "the address " + shortened(lease) if lease else "the router " + shortened(dhcp[0])
            )
        ]
    return [
        "{0}: the service {1!r} has the router {2}: traffic for elsewhere may go over the cable, take the router "
        "out".format(where, shortened(service.name), shortened(service.router))
        for service in dict.fromkeys(services)
        if service and service.enabled and service.router
    ]


def _default_routes(host: str, facts: HostFacts) -> List[str]:
    """Ports that have one without a lease or a router that we know of."""
    explained = {port.device for port in facts.ports if port.lease or any(one.router for one in _services(port))}
    explained |= {bridge.device for bridge in facts.bridges if bridge.service and bridge.service.router}
    ours = {port.device: port.receptacle for port in facts.ports if port.device}
    return [
        "{0}: a default route leads over Thunderbolt {1} ({2}): take it out, traffic for elsewhere goes over the "
        "cable".format(shortened(host), ours[device], shortened(device))
        for network, device in facts.routes
        if network == "0.0.0.0/0" and device in ours and device not in explained
    ]


def _services(port: Port) -> List[Service]:
    return [one for one in (port.service, *port.services) if one]


def _different_systems(facts: Facts) -> List[str]:
    """Ports of Macs with different builds have been seen not to find each other, and RDMA is picky about it."""
    hosts: Dict[str, List[str]] = {}
    for host in facts:
        if facts[host].system == "macos":
            build = " ".join(part for part in (facts[host].os_version, facts[host].os_build) if part)
            hosts.setdefault(build or "an unknown version", []).append(host)
    if len(hosts) < 2:
        return []
    rare_last = sorted(hosts.items(), key=lambda item: -len(item[1]))
    groups = ["{0} on {1}".format(shortened(build), listed(mine, 30)) for build, mine in rare_last[:4]]
    more = _and_more(len(rare_last) - 4) if rare_last[4:] else ""
    return ["macOS differs between the hosts: {0}{1}: bring them to one version".format("; ".join(groups), more)]


def _words(end: End) -> str:
    return "{0}, Thunderbolt {1} ({2})".format(shortened(end.host), end.receptacle, shortened(end.device))
