# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What the cables make of the hosts: a mesh, a ring, a pair; and in which order the ranks stand.

A ring is as fast as its weakest hop, so among all rings one with the strongest weakest hop is
taken, and among those the first in the inventory's order.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from .errors import TopologyError
from .model import Link

Capacity = Dict[FrozenSet[str], int]  # pair of hosts -> sum of the speeds of its cables

_SEARCH_LIMIT = 100_000  # visited states, well below a second; only graphs of another kind than racks come near


def shape_of(hosts: Sequence[str], links: Sequence[Link]) -> str:
    """The shape as in ``FabricPlan.shape``."""
    if not links or len(hosts) < 2:
        return "none"
    if not missing_cables(hosts, links):
        return "pair" if len(hosts) == 2 else "mesh"
    return "ring" if ring_order(hosts, links) else "partial"


def missing_cables(hosts: Sequence[str], links: Sequence[Link]) -> Tuple[Tuple[str, str], ...]:
    """The pairs of hosts that have no cable, in the order of the hosts."""
    joined = {frozenset(link.hosts) for link in links}
    return tuple(
        (one, two)
        for index, one in enumerate(hosts)
        for two in hosts[index + 1 :]
        if frozenset((one, two)) not in joined
    )


def ring_order(hosts: Sequence[str], links: Sequence[Link]) -> Tuple[str, ...]:
    """The hosts so that neighbours (the last and the first too) share a cable; () when there is no such order."""
    if len(hosts) == 2:
        return tuple(hosts) if links else ()
    capacity = _capacities(links)
    for threshold in sorted(set(capacity.values()), reverse=True):
        strong = [pair for pair in capacity if capacity[pair] >= threshold]
        order = _cycle(hosts, _neighbours(hosts, strong))
        if order:
            return order
    return ()


def no_ring(hosts: Sequence[str], links: Sequence[Link]) -> TopologyError:
    """Why there is no ring, as an error that names the hosts."""
    neighbours = _neighbours(hosts, [frozenset(link.hosts) for link in links])
    lonely = [host for host in hosts if not neighbours[host]]
    ends = [host for host in hosts if len(neighbours[host]) == 1]
    parts = []
    if lonely:
        parts.append(
            "{0} {1} no cable to any other host".format(", ".join(lonely), "has" if len(lonely) == 1 else "have")
        )
    parts.extend("{0} has a cable to {1} only".format(host, neighbours[host][0]) for host in ends)
    if not parts:
        parts.append("no order of {0} visits each host once over cables".format(", ".join(hosts)))
    return TopologyError(
        "the cables make no ring: " + "; ".join(parts),
        "in a ring each host needs cables to two others; see the picture",
    )


def _capacities(links: Sequence[Link]) -> Capacity:
    capacity: Capacity = {}
    for link in links:
        pair = frozenset(link.hosts)
        capacity[pair] = capacity.get(pair, 0) + max(link.speed_gbps, 1)  # an unknown speed is still a cable
    return capacity


def _neighbours(hosts: Sequence[str], pairs: Sequence[FrozenSet[str]]) -> Dict[str, List[str]]:
    """Host -> its neighbours in the order of the hosts."""
    joined = set(pairs)
    return {host: [other for other in hosts if frozenset((host, other)) in joined and other != host] for host in hosts}


def _cycle(hosts: Sequence[str], neighbours: Mapping[str, List[str]]) -> Tuple[str, ...]:
    """A Hamiltonian cycle from the first host on, the first one in the order of the hosts; () when there is none."""
    if len(hosts) < 3 or any(len(neighbours[host]) < 2 for host in hosts):
        return ()
    number = {host: index for index, host in enumerate(hosts)}
    search = _CycleSearch([sum(1 << number[other] for other in neighbours[host]) for host in hosts])
    return tuple(hosts[index] for index in search.extend([0], 1) or ())


class _CycleSearch:
    """Depth first with two prunings. Hosts are numbers and sets of hosts are bits, 0 is the start.

    A set of visited hosts that ended at a host in vain is not entered again, and every unvisited
    host must still be reachable and have two ways by which it can be passed through.
    """

    def __init__(self, joined: Sequence[int]) -> None:
        self._joined = joined
        self._all = (1 << len(joined)) - 1
        self._in_vain: Set[Tuple[int, int]] = set()

    def extend(self, path: List[int], visited: int) -> Optional[List[int]]:
        """The path made whole, None when it cannot be."""
        here = path[-1]
        if visited == self._all:
            return path if self._joined[here] & 1 else None
        if (visited, here) in self._in_vain or len(self._in_vain) >= _SEARCH_LIMIT:
            return None
        if self._can_go_on(here, visited):
            for host in self._members(self._joined[here] & ~visited):
                whole = self.extend([*path, host], visited | 1 << host)
                if whole:
                    return whole
        self._in_vain.add((visited, here))
        return None

    def _can_go_on(self, here: int, visited: int) -> bool:
        left = self._all & ~visited
        passable = left | 1 | 1 << here
        for host in self._members(left):
            ways = self._joined[host] & passable
            if ways & (ways - 1) == 0:  # fewer than two
                return False
        reached = edge = self._joined[here] & left
        while edge:
            fresh = 0
            for host in self._members(edge):
                fresh |= self._joined[host]
            edge = fresh & left & ~reached
            reached |= edge
        return reached == left

    @staticmethod
    def _members(bits: int) -> Iterator[int]:
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest
