# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The cables as a graph: what is there, what is wrong with it, and what is not there but should be.

Here it is decided, from the facts; ``drawing`` only spells out what was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Mapping, Sequence, Set, Tuple

from .errors import AddressError
from .model import FabricPlan, HostFacts, Link, Peer, Port
from .plan import DEFAULT_POOL, PlanOptions, make_plan
from .remarks import slow_cables
from .ring import missing_cables, ring_order, shape_of
from .topology import find_cables

# States of a cable. Everything but OK and STRANGER is a fault, and is drawn in red.
OK = "ok"
SLOW = "slow"  # slower than both of its ports can do
NO_LINK = "no-link"  # both hosts know of the cable, but an interface reports no link
ONE_SIDED = "one-sided"  # only one end sees the other
MISSING = "missing"  # was configured or would make the mesh full, and is not there
STRANGER = "stranger"  # leads to a host that was not asked for
STATES = (OK, SLOW, NO_LINK, ONE_SIDED, MISSING, STRANGER)


@dataclass(frozen=True)
class Corner:
    """One end of a cable in the graph. What is not known is 0 or ""."""

    host: str
    receptacle: int = 0
    device: str = ""
    address: str = ""

    def words(self) -> str:
        """The end for people."""
        port = " Thunderbolt {0}".format(self.receptacle) if self.receptacle else ""
        return "{0}{1}{2}".format(self.host, port, " ({0})".format(self.device) if self.device else "")


@dataclass(frozen=True)
class Edge:
    """A cable, or the lack of one."""

    a: Corner
    b: Corner
    state: str  # one of STATES
    words: str = ""  # what is wrong and where, "" if nothing is
    speed_gbps: int = 0
    rail: int = 0
    network: str = ""


@dataclass(frozen=True)
class Node:
    """A host, asked for or only seen."""

    name: str
    model: str = ""
    asked: bool = True


@dataclass(frozen=True)
class Graph:
    """All hosts and cables. Hosts stand in the order in which they were given."""

    nodes: Tuple[Node, ...]
    edges: Tuple[Edge, ...]
    plan: FabricPlan

    @property
    def faults(self) -> Tuple[Edge, ...]:
        """The cables that somebody has to look at."""
        return tuple(edge for edge in self.edges if edge.state not in (OK, STRANGER))


def graph_of(facts: Mapping[str, HostFacts], order: Sequence[str] = (), pool: str = DEFAULT_POOL) -> Graph:
    """The graph of hosts that nobody planned yet. Where no addresses can be given, the cables are seen all the same.

    :raises TopologyError: the cables contradict themselves.
    """
    try:
        return make_graph(facts, make_plan(facts, PlanOptions(pool=pool, order=tuple(order))))
    except AddressError as error:
        return make_graph(facts, _without_addresses(facts, order, error.one_line()))


def _without_addresses(facts: Mapping[str, HostFacts], order: Sequence[str], why: str) -> FabricPlan:
    cabling = find_cables(facts)
    hosts = tuple([host for host in order if host in facts] + [host for host in facts if host not in order])
    return FabricPlan(
        order=ring_order(hosts, cabling.links) or hosts,
        links=cabling.links,
        hosts=(),
        shape=shape_of(hosts, cabling.links),
        missing=missing_cables(hosts, cabling.links),
        warnings=(why,) + cabling.warnings,
    )


def make_graph(facts: Mapping[str, HostFacts], plan: FabricPlan) -> Graph:
    """The graph of the hosts of ``facts`` (inventory name -> facts), planned as ``plan``."""
    linked = [_linked(link, facts) for link in plan.links]
    taken = {(end.host, end.receptacle) for edge in linked for end in (edge.a, edge.b)}
    loose, strangers = _loose(facts, taken)
    gone = _gone(facts, linked + loose)
    edges = linked + loose + gone + _never_there(plan, linked + loose + gone)
    index = {host: number for number, host in enumerate(facts)}
    edges = [_turned(edge, index) for edge in edges]
    edges.sort(key=lambda edge: _order_of(edge, index))
    nodes = [Node(host, known.model) for host, known in facts.items()]
    return Graph(tuple(nodes + strangers), tuple(edges), plan)


def _order_of(edge: Edge, index: Mapping[str, int]) -> Tuple[int, bool, str, int, str]:
    """Host by host, interface by interface; what has no interface comes last."""
    return (index.get(edge.a.host, len(index)), not edge.a.device, edge.a.device, edge.a.receptacle, edge.b.host)


def _turned(edge: Edge, index: Mapping[str, int]) -> Edge:
    """The end of the host that was named first comes first, as the peer has it."""
    last = len(index)
    if index.get(edge.a.host, last) <= index.get(edge.b.host, last):
        return edge
    return Edge(edge.b, edge.a, edge.state, edge.words, edge.speed_gbps, edge.rail, edge.network)


def _linked(link: Link, facts: Mapping[str, HostFacts]) -> Edge:
    """A cable that both ends see."""
    ends = [Corner(end.host, end.receptacle, end.device, end.address) for end in (link.a, link.b)]
    down = [end for end in ends if end.host in facts and not _is_up(end, facts[end.host])]
    slow = slow_cables(facts, [link]) if all(end.host in facts for end in ends) else []
    state, words = OK, ""
    if down:
        state, words = NO_LINK, "no link on {0}".format(" and ".join(end.words() for end in down))
    elif slow:
        state, words = SLOW, slow[0]
    return Edge(ends[0], ends[1], state, words, link.speed_gbps, link.rail, link.network)


def _is_up(end: Corner, facts: HostFacts) -> bool:
    """On Linux an interface that nobody brought up has no link yet, whatever the cable."""
    ports = [port for port in facts.ports if port.receptacle == end.receptacle]
    return all(port.up or (facts.system != "macos" and not port.addresses) for port in ports)


def _loose(facts: Mapping[str, HostFacts], taken: Set[Tuple[str, int]]) -> Tuple[List[Edge], List[Node]]:
    """What a port sees that made no link: a host that does not see it, or one that was not asked for."""
    owners = {port.domain_uuid.upper(): (host, port) for host, known in facts.items() for port in known.ports}
    edges: List[Edge] = []
    strangers: List[Node] = []
    for host, known in facts.items():
        for port in known.ports:
            if (host, port.receptacle) in taken:
                continue
            for peer in port.peers:
                if peer.kind != "host":
                    continue
                near = Corner(host, port.receptacle, port.device)
                owner = owners.get(peer.domain_uuid.upper()) if peer.domain_uuid else None
                if owner is None:
                    strangers.append(_stranger(peer, near, {node.name for node in strangers} | set(facts)))
                    edges.append(Edge(near, Corner(strangers[-1].name), STRANGER, speed_gbps=port.speed_gbps))
                elif (owner[0], owner[1].receptacle) not in taken:
                    edges.append(_one_sided(near, owner, port.speed_gbps))
    return edges, strangers


def _stranger(peer: Peer, near: Corner, names: Set[str]) -> Node:
    """A name that no other host has: two strangers of one kind are two computers, as far as anybody knows."""
    base = peer.name or "unknown host"
    name, number = base, 1
    while name in names:
        number += 1
        name = "{0} #{1}".format(base, number)
    return Node(name, peer.model, asked=False)


def _one_sided(near: Corner, owner: Tuple[str, Port], speed_gbps: int) -> Edge:
    far = Corner(owner[0], owner[1].receptacle, owner[1].device)
    words = "{0} sees {1}, which does not see it: plug the cable in anew at both ends".format(near.words(), far.words())
    return Edge(near, far, ONE_SIDED, words, speed_gbps)


def _gone(facts: Mapping[str, HostFacts], there: Sequence[Edge]) -> List[Edge]:
    """Cables that were configured here and that nobody sees any more."""
    seen = {_places(edge) for edge in there}
    edges: List[Edge] = []
    for host, known in facts.items():
        for want in known.applied:
            near = Corner(host, want.receptacle, want.device, want.address)
            far = Corner(want.peer, want.peer_receptacle, want.peer_device, want.peer_address)
            words = "the cable from {0} to {1} is gone: plug it in again, or configure anew".format(
                near.words(), far.words()
            )
            edge = Edge(near, far, MISSING, words)
            if want.peer in facts and _places(edge) not in seen:
                seen.add(_places(edge))
                edges.append(edge)
    return edges


def _places(edge: Edge) -> FrozenSet[Tuple[str, int]]:
    return frozenset(((edge.a.host, edge.a.receptacle), (edge.b.host, edge.b.receptacle)))


def _never_there(plan: FabricPlan, edges: Sequence[Edge]) -> List[Edge]:
    """What a full mesh lacks, where somebody was building one: a ring lacks nothing."""
    neighbours: Dict[str, Set[str]] = {host: set() for host in plan.order}
    for link in plan.links:
        for host in link.hosts:
            neighbours.setdefault(host, set()).add(link.other(host).host)
    if all(len(others) <= 2 for others in neighbours.values()):
        return []
    joined = {frozenset((edge.a.host, edge.b.host)) for edge in edges}
    return [
        Edge(Corner(one), Corner(two), MISSING, "no cable between {0} and {1}".format(one, two))
        for one, two in plan.missing
        if frozenset((one, two)) not in joined
    ]
