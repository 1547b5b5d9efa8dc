# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Small cycles that cover all hosts, joined to one. Solves what is regular (grids, tori, hypercubes), however numbered.

A cycle may be as small as two hosts, there and back over one cable. Cycles with the cables a-b and c-d become one by
a-c and b-d.
"""

from __future__ import annotations

import random
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple

Neighbours = Sequence[Sequence[int]]

_TRIES = 8


def joined_cycles(neighbours: Neighbours, chance: random.Random) -> List[int]:
    """Cover the hosts with cycles (two hosts joined by one cable, there and back, count as one) and join them.

    Cycles with the cables a-b and c-d become one by a-c and b-d. Another cover is tried where some are left over.
    """
    order = list(range(len(neighbours)))
    for _attempt in range(_TRIES):
        after = cover(neighbours, order, chance)
        if after is None:
            return []
        around: List[List[int]] = [[] for _host in order]
        for one, other in enumerate(after):
            around[one].append(other)
            around[other].append(one)
        if _join(neighbours, around, order):
            return _walk(around)
        chance.shuffle(order)
    return []


def cover(neighbours: Neighbours, order: Sequence[int], chance: random.Random) -> Optional[List[int]]:
    """Host -> the next one on its cycle, each host being the next one of one; None where no such cover exists."""
    after = [-1] * len(neighbours)
    before = [-1] * len(neighbours)
    for host in order:
        for other in chance.sample(list(neighbours[host]), len(neighbours[host])):
            if before[other] < 0 and after[other] != host:
                after[host], before[other] = other, host
                break
    for host in order:
        if after[host] < 0 and grow_cover(neighbours, after, before, host):
            return None
    return after


def grow_cover(neighbours: Neighbours, after: List[int], before: List[int], start: int) -> Set[int]:
    """Give ``start`` a next host by moving others on; else the hosts whose neighbours are too few for them."""
    came_from: Dict[int, int] = {}
    reached = {start}
    queue = [start]
    for host in queue:
        for other in neighbours[host]:
            if other in came_from:
                continue
            came_from[other] = host
            if before[other] >= 0:
                reached.add(before[other])
                queue.append(before[other])  # pylint: disable=modified-iterating-list
                continue
            while True:  # hand the free host back along the way
                giver = came_from[other]
                after[giver], before[other], other = other, giver, after[giver]
                if giver == start:
                    return set()
    return reached


def _join(neighbours: Neighbours, around: List[List[int]], order: Sequence[int]) -> bool:
    """Join cycles as long as two can be joined; whether one is left."""
    boss = list(range(len(around)))

    def of(host: int) -> int:
        while boss[host] != host:
            boss[host] = boss[boss[host]]
            host = boss[host]
        return host

    for one, others in enumerate(around):
        for other in others:
            boss[of(one)] = of(other)
    cycles = sum(of(host) == host for host in range(len(around)))
    changed = True
    while changed and cycles > 1:
        changed = False
        for one in order:
            swap = _swap(neighbours, around, of, one)
            while swap:
                other, far, far_other = swap
                _replace(around, one, other, far, far_other)
                boss[of(one)] = of(far)
                cycles -= 1
                changed = True
                swap = _swap(neighbours, around, of, one)
    return cycles == 1


def _swap(
    neighbours: Neighbours, around: List[List[int]], of: Callable[[int], int], one: int
) -> Optional[Tuple[int, int, int]]:
    """(other, far, far other): the cables one-other and far-far other, of two cycles, can be crossed."""
    mine = of(one)
    for far in neighbours[one]:
        if of(far) != mine:
            for far_other in around[far]:
                for other in around[one]:
                    if far_other in neighbours[other]:
                        return other, far, far_other
    return None


def _replace(around: List[List[int]], one: int, other: int, far: int, far_other: int) -> None:
    """Take the cables one-other and far-far other away and lay one-far and other-far other."""
    for here, old, new in ((one, other, far), (other, one, far_other), (far, far_other, one), (far_other, far, other)):
        around[here][around[here].index(old)] = new


def _walk(around: Sequence[Sequence[int]]) -> List[int]:
    path = [0]
    before = -1
    while len(path) < len(around):
        here = path[-1]
        step = around[here][0] if around[here][0] != before else around[here][1]
        before = here
        path.append(step)
    return path
