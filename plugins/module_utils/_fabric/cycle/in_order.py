# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The walk in order: the first cycle in the order of the hosts, or the certainty that there is none.

Depth first; sets of hosts are bits. A set of visited hosts that ended at a host in vain is not entered again, and
every unvisited host must still be reachable and have two ways by which it can be passed through.
"""

from __future__ import annotations

from typing import List, Sequence, Set, Tuple

Neighbours = Sequence[Sequence[int]]


def first_in_order(neighbours: Neighbours, work: int) -> Tuple[List[int], bool]:
    """(The cycle or [], whether that is certain.)

    :param neighbours: number of a host -> the hosts that it shares a cable with, ascending.
    :param work: visited states times hosts that are allowed.
    """
    joined = [sum(1 << other for other in others) for others in neighbours]
    everybody = (1 << len(joined)) - 1
    path, visited = [0], 1
    ways = [list(reversed(neighbours[0]))]
    in_vain: Set[Tuple[int, int]] = set()
    while path:
        if visited == everybody and joined[path[-1]] & 1:
            return path, True
        step = ways[-1].pop() if ways[-1] else None
        if step is None:
            in_vain.add((visited, path[-1]))
            visited ^= 1 << path.pop()
            ways.pop()
            continue
        after = visited | 1 << step
        if visited >> step & 1 or (after, step) in in_vain:
            continue
        work -= len(joined)
        if work < 0:
            return [], False
        if _can_go_on(joined, neighbours, step, path[-1], everybody & ~after):
            path.append(step)
            visited = after
            ways.append(list(reversed(neighbours[step])))
        else:
            in_vain.add((after, step))
    return [], True


def _can_go_on(joined: Sequence[int], neighbours: Neighbours, here: int, before: int, left: int) -> bool:
    """The step from ``before`` to ``here`` takes a way from the neighbours of ``before`` only: look at those."""
    passable = left | 1 | 1 << here
    for host in neighbours[before]:
        ways = joined[host] & passable
        if left >> host & 1 and ways & (ways - 1) == 0:  # fewer than two
            return False
    reached = edge = joined[here] & left
    while edge and reached != left:
        lowest = edge & -edge
        fresh = joined[lowest.bit_length() - 1] & left & ~reached
        reached |= fresh
        edge = (edge ^ lowest) | fresh
    return reached == left
