# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Why a graph has no cycle over all hosts, where that can be shown without trying all orders.

On a cycle, k hosts cut the rest into k parts at most. So hosts whose loss leaves more parts than that are a proof, and
one that a person can check in front of the rack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence, Set, Tuple

from .joined import grow_cover

Neighbours = Sequence[Sequence[int]]

_PAIR_WORK = 20_000_000  # hosts squared times hosts that are looked at; a few seconds


@dataclass(frozen=True)
class Obstacle:
    """Without ``removed`` the hosts fall into ``parts``, and perhaps others: more than a cycle can join."""

    removed: Tuple[int, ...]
    parts: Tuple[Tuple[int, ...], ...]


def find_obstacle(neighbours: Neighbours) -> Optional[Obstacle]:
    """The simplest that is quickly found: separate parts, a host between parts, hosts with too few neighbours."""
    parts = parts_without(neighbours, ())
    if len(parts) > 1:
        return Obstacle((), parts)
    gates = gates_without(neighbours, -1)
    if gates:
        return max((Obstacle((gate,), parts_without(neighbours, (gate,))) for gate in gates[:8]), key=_evenly)
    return _too_few_neighbours(neighbours)


def find_pair(neighbours: Neighbours) -> Optional[Obstacle]:
    """Two hosts whose loss leaves three parts or more; None also where looking would take too long."""
    count = len(neighbours)
    if count * sum(len(others) for others in neighbours) > _PAIR_WORK:
        return None
    for one in range(count):
        for other in gates_without(neighbours, one):
            parts = parts_without(neighbours, (one, other)) if other > one else ()
            if len(parts) > 2:
                return Obstacle((one, other), parts)
    return None


def parts_without(neighbours: Neighbours, removed: Sequence[int]) -> Tuple[Tuple[int, ...], ...]:
    """The parts into which the other hosts fall, each in the order of the hosts."""
    seen: Set[int] = set(removed)
    parts = []
    for host in range(len(neighbours)):
        if host in seen:
            continue
        seen.add(host)
        queue = [host]
        for here in queue:
            fresh = [other for other in neighbours[here] if other not in seen]
            seen.update(fresh)
            queue.extend(fresh)
        parts.append(tuple(sorted(queue)))
    return tuple(parts)


def gates_without(neighbours: Neighbours, gone: int) -> List[int]:
    """The hosts through which all goes between two parts, when host ``gone`` (or nobody: -1) is not there."""
    count = len(neighbours)
    when = [-1] * count  # visited as the n-th, by depth first search
    low = [0] * count  # the earliest host that is reached from here downwards
    above = [-1] * count
    gates: Set[int] = set()
    if gone >= 0:
        when[gone] = count
    clock = 0
    for root in range(count):
        if when[root] >= 0:
            continue
        children = 0
        when[root] = low[root] = clock
        clock += 1
        stack = [(root, iter(neighbours[root]))]
        while stack:
            here, others = stack[-1]
            step = next((other for other in others if other not in (gone, above[here])), None)
            if step is None:
                stack.pop()
                up = above[here]
                if up >= 0:
                    low[up] = min(low[up], low[here])
                    if up != root and low[here] >= when[up]:
                        gates.add(up)
            elif when[step] >= 0:
                low[here] = min(low[here], when[step])
            else:
                above[step] = here
                children += here == root
                when[step] = low[step] = clock
                clock += 1
                stack.append((step, iter(neighbours[step])))
        if children > 1:
            gates.add(root)
    return sorted(gates)


def bridges(neighbours: Neighbours) -> List[Tuple[int, int]]:
    """Pairs of gates whose cable alone joins two parts."""
    gates = set(gates_without(neighbours, -1))
    found = []
    for one in sorted(gates):
        for other in neighbours[one]:
            if other > one and other in gates and not _other_way(neighbours, one, other):
                found.append((one, other))
    return found


def _other_way(neighbours: Neighbours, one: int, other: int) -> bool:
    seen = {one}
    queue = [host for host in neighbours[one] if host != other]
    seen.update(queue)
    for here in queue:
        if here == other:
            return True
        fresh = [host for host in neighbours[here] if host not in seen]
        seen.update(fresh)
        queue.extend(fresh)
    return False


def _too_few_neighbours(neighbours: Neighbours) -> Optional[Obstacle]:
    """Hosts without cables among them that together have fewer neighbours than they are.

    Such hosts exist exactly when the hosts cannot be covered with cycles, there and back over one cable included.
    """
    after, before = [-1] * len(neighbours), [-1] * len(neighbours)
    for host in range(len(neighbours)):
        short = grow_cover(neighbours, after, before, host)
        if short:
            around = {other for one in short for other in neighbours[one]}
            alone = sorted(short - around)
            between = sorted({other for one in alone for other in neighbours[one]})
            return Obstacle(tuple(between), tuple((one,) for one in alone))
    return None


def _evenly(obstacle: Obstacle) -> Tuple[int, int]:
    """Many parts first, then a large second one: a host in the middle explains more than one before a leaf."""
    return len(obstacle.parts), sorted(len(part) for part in obstacle.parts)[-2]
