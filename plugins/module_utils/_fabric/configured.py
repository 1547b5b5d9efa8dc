# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The links that the hosts are configured for, whatever is cabled at this moment, and what became of their cables.

A fresh plan knows only the cables that are there. Whoever asks whether yesterday's fabric still works has to
compare with what the hosts were told: they keep it themselves, and where one does not, its persistent addresses say it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import Collection, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from .addressing import PREFIX
from .model import End, FabricPlan, HostFacts, HostPlan, Link, Port, WantPort
from .shown import end as end_words
from .shown import port as port_words

Place = Tuple[str, int]  # host, receptacle


@dataclass(frozen=True)
class _Addressed:
    """A port that is configured with an end of a /30."""

    host: str
    port: Port
    address: str
    peer_address: str


def configured_plan(facts: Mapping[str, HostFacts]) -> FabricPlan:
    """What the hosts were configured for last, as a plan; without links when they were not."""
    addressed = [found for host in facts if not facts[host].applied for found in _addressed(host, facts[host])]
    wanted = {host: facts[host].applied or _derived(host, addressed, facts) for host in facts}
    links = _links(wanted)
    hosts = tuple(HostPlan(host, wanted[host]) for host in facts)
    return FabricPlan(order=tuple(facts), links=links, hosts=hosts, shape="partial" if links else "none")


@dataclass(frozen=True)
class LostCable:
    """A link whose cable is not where it was."""

    link: Link
    words: str  # one sentence with both ends and what to do


def lost_cables(links: Sequence[Link], facts: Mapping[str, HostFacts], cables: Sequence[Link]) -> Tuple[LostCable, ...]:
    """The links that lost their cable; ``cables`` are those that are there now."""
    now = {_places(cable) for cable in cables}
    found = [LostCable(link, _what_became(link, facts, cables)) for link in links if _places(link) not in now]
    return tuple(lost for lost in found if lost.words)


def slower_cables(links: Sequence[Link], cables: Sequence[Link]) -> Tuple[str, ...]:
    """One sentence for each link whose cable has negotiated less than when it was configured."""
    now = {_places(cable): cable for cable in cables}
    sentences = []
    for link in links:
        cable = now.get(_places(link))
        if cable is not None and 0 < cable.speed_gbps < link.speed_gbps:
            sentences.append(
                "{0} to {1} runs at {2} Gb/s and did at {3} Gb/s: plug the cable in anew, or try another".format(
                    _words(link.a), _words(link.b), cable.speed_gbps, link.speed_gbps
                )
            )
    return tuple(sentences)


def standing(facts: Mapping[str, HostFacts], known: Collection[str]) -> List[str]:
    """What earlier runs and other programs left on the hosts, one sentence each; ``known``: the inventory's hosts."""
    found = [
        "{0}: {1}, is unfinished: the next boltloom.cluster.configure completes it, boltloom.cluster.restore "
        "undoes it".format(host, facts[host].unfinished)
        for host in facts
        if facts[host].unfinished
    ]
    found += [
        "{0}: another program manages Thunderbolt networking here, and may undo what is configured ({1}): "
        "remove it or switch it off".format(host, words)
        for host in facts
        for words in facts[host].foreign
    ]
    return found + _leftovers(facts, known)


def _leftovers(facts: Mapping[str, HostFacts], known: Collection[str]) -> List[str]:
    """Ports that are configured for a host which left the fabric."""
    return [
        "{0} is configured ({1}) for a cable to {2}, which is not in the inventory any more: "
        "boltloom.cluster.restore takes it back".format(
            end_words(host, want.receptacle, want.device), want.address, want.peer
        )
        for host in facts
        for want in facts[host].applied
        if want.peer not in known
    ]


def _addressed(host: str, facts: HostFacts) -> Iterator[_Addressed]:
    for port in facts.ports:
        for interface in _interfaces(port, facts.system):
            network = interface.network
            if network.prefixlen == PREFIX and interface.ip in (network[1], network[2]):
                other = network[2] if interface.ip == network[1] else network[1]
                yield _Addressed(host, port, str(interface.ip), str(other))


def _interfaces(port: Port, system: str) -> List[ipaddress.IPv4Interface]:
    """What the port has persistently. Linux does not say what is, so what is in force must do there."""
    texts = [] if system == "macos" else list(port.addresses)
    for service in dict.fromkeys(port.services + ((port.service,) if port.service else ())):
        if service.enabled and service.method == "manual" and service.address:
            texts.append("{0}/{1}".format(service.address, service.netmask or 32))
    found = []
    for text in texts:
        try:
            found.append(ipaddress.IPv4Interface(text))
        except ValueError:  # set by hand, and certainly no end of a link
            continue
    return found


def _derived(host: str, addressed: Sequence[_Addressed], facts: Mapping[str, HostFacts]) -> Tuple[WantPort, ...]:
    """The ports of a host that has no record of its own: both ends of a /30, on two hosts."""
    return tuple(
        WantPort(
            receptacle=here.port.receptacle,
            device=here.port.device,
            address=here.address,
            prefix=PREFIX,
            peer=peer.host,
            peer_address=here.peer_address,
            service=here.port.service.name if here.port.service else "",
            uid=here.port.uid,
            peer_receptacle=peer.receptacle,
            peer_device=peer.device,
        )
        for here in addressed
        for peer in [_holder(here, addressed, facts)]
        if here.host == host and peer is not None
    )


def _holder(here: _Addressed, addressed: Sequence[_Addressed], facts: Mapping[str, HostFacts]) -> Optional[End]:
    """The one end that has the other address of the network; None where nobody has it, or several."""
    found = [
        End(one.host, one.port.receptacle, one.port.device, one.port.uid)
        for one in addressed
        if one.address == here.peer_address and one.host != here.host
    ]
    found += [
        End(host, want.receptacle, want.device, want.uid)
        for host in facts
        for want in facts[host].applied
        if want.address == here.peer_address and host != here.host
    ]
    return found[0] if len(found) == 1 else None


def _links(wanted: Mapping[str, Tuple[WantPort, ...]]) -> Tuple[Link, ...]:
    """Each link once, with what either of its ends knows."""
    own = {(host, want.address): _end(host, want) for host in wanted for want in wanted[host]}
    found: Dict[FrozenSet[Tuple[str, str]], Link] = {}
    for host in wanted:
        for want in wanted[host]:
            far = End(want.peer, want.peer_receptacle, want.peer_device, "", want.peer_address)
            ends = sorted((_end(host, want), own.get((want.peer, want.peer_address), far)), key=lambda end: end.host)
            network = str(ipaddress.IPv4Interface("{0}/{1}".format(want.address, want.prefix)).network)
            names = frozenset((end.host, end.address) for end in ends)
            found.setdefault(names, Link(ends[0], ends[1], 0, want.speed_gbps, network))
    return _numbered(sorted(found.values(), key=lambda link: (link.hosts, link.a.uid, link.b.uid, link.a.receptacle)))


def _numbered(links: Sequence[Link]) -> Tuple[Link, ...]:
    """Rails are counted as the planner counts them: by the ports' lasting identities."""
    counts: Dict[Tuple[str, str], int] = {}
    numbered = []
    for link in links:
        rail = counts.get(link.hosts, 0)
        counts[link.hosts] = rail + 1
        numbered.append(replace(link, rail=rail))
    return tuple(numbered)


def _end(host: str, want: WantPort) -> End:
    return End(host, want.receptacle, want.device, want.uid, want.address)


def _places(link: Link) -> FrozenSet[Place]:
    return frozenset((end.host, end.receptacle) for end in (link.a, link.b))


def _words(end: End) -> str:
    return end_words(end.host, end.receptacle, end.device)


def _what_became(link: Link, facts: Mapping[str, HostFacts], cables: Sequence[Link]) -> str:
    """Why the cable of this link is not there; "" where that cannot be seen, since a host did not report."""
    moved = [_joined_now(end, cables) for end in (link.a, link.b)]
    if any(moved):
        return "the cable from {0} to {1} was moved: {2}".format(
            _words(link.a), _words(link.b), "; ".join(words for words in moved if words)
        )
    reported = [end for end in (link.a, link.b) if end.host in facts]
    seeing = [end for end in reported if _sees_a_host(end, facts)]
    if not seeing:
        here, there = (link.a, link.b) if link.a.host in facts else (link.b, link.a)
        return "no link on {0} of {1}, which was joined to {2}: plug the cable in at both ends, or try another".format(
            port_words(here.receptacle, here.device), here.host, _words(there)
        )
    if len(reported) < 2:
        return ""
    if len(seeing) == 1:
        return "the cable from {0} to {1} has a link at {2} only: plug it in anew at both ends".format(
            _words(link.a), _words(link.b), seeing[0].host
        )
    return "{0} and {1} were joined, and now each sees another host: put the cable back, or run {2} again".format(
        _words(link.a), _words(link.b), "boltloom.cluster.configure"
    )


def _joined_now(end: End, cables: Sequence[Link]) -> str:
    """Where the cable in this port leads now, "" for none."""
    for cable in cables:
        for here, there in ((cable.a, cable.b), (cable.b, cable.a)):
            if (here.host, here.receptacle) == (end.host, end.receptacle):
                return "{0} is joined to {1} now".format(_words(here), _words(there))
    return ""


def _sees_a_host(end: End, facts: Mapping[str, HostFacts]) -> bool:
    ports = [port for port in facts[end.host].ports if port.receptacle == end.receptacle]
    return any(peer.kind == "host" for port in ports for peer in port.peers)
