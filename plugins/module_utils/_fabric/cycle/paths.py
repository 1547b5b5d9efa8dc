# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A graph covered with as few paths as can be found: what is missing to a cycle is one cable for each of them.

With k more hosts that are joined to everybody, there is a cycle exactly when k paths suffice. So the fewest lie
between what obstacles forbid and what a greedy cover needs (on a tree, that is the best one), and are searched there.
"""

from __future__ import annotations

from typing import List, Sequence

from .obstacles import find_obstacle
from .search import find_cycle

Neighbours = Sequence[Sequence[int]]

_EFFORT = 0.05  # of a search for a ring: several are made, and advice that needs one cable too many is still advice


def fewest_paths(neighbours: Neighbours) -> List[List[int]]:
    """The paths, each host on one of them. For a graph that has a cycle over all hosts it is one path."""
    best = _greedy(neighbours)
    fewest = 1
    while fewest < len(best):
        middle = (fewest + len(best)) // 2
        wide = _with_more_hosts(neighbours, middle)
        obstacle = find_obstacle(wide)
        cycle = () if obstacle else find_cycle(wide, _EFFORT).cycle
        if cycle:
            best = _cut(cycle, len(neighbours))
        else:
            fewest = middle + (len(obstacle.parts) - max(1, len(obstacle.removed)) if obstacle else 1)
    return best


def _with_more_hosts(neighbours: Neighbours, more: int) -> List[List[int]]:
    count = len(neighbours)
    wide = [[*others, *range(count, count + more)] for others in neighbours]
    return wide + [list(range(count)) for _host in range(more)]


def _cut(cycle: Sequence[int], count: int) -> List[List[int]]:
    """The cycle without the hosts that were added."""
    start = next(place for place, host in enumerate(cycle) if host >= count)
    paths: List[List[int]] = []
    for host in [*cycle[start:], *cycle[:start]]:
        if host >= count:
            paths.append([])
        else:
            paths[-1].append(host)
    return [path for path in paths if path]


def _greedy(neighbours: Neighbours) -> List[List[int]]:
    """Take the host with the fewest hosts around it that are left, join it to those of them that need it most."""
    count = len(neighbours)
    left = [set(others) for others in neighbours]
    path_of = [[host] for host in range(count)]  # the path that a host is an end of, or was
    waiting = set(range(count))
    while waiting:
        host = min(waiting, key=lambda one: (len(left[one]), one))
        waiting.remove(host)
        for other in sorted(left[host], key=lambda one: (len(left[one]), one)):
            left[other].discard(host)
            mine, theirs = path_of[host], path_of[other]
            if mine is not theirs and host in (mine[0], mine[-1]) and other in (theirs[0], theirs[-1]):
                _join(path_of, mine if mine[-1] == host else mine[::-1], theirs if theirs[0] == other else theirs[::-1])
    paths = {id(path): path for path in path_of}
    return list(paths.values())


def _join(path_of: List[List[int]], first: List[int], second: List[int]) -> None:
    joined = first + second
    for host in joined:
        path_of[host] = joined
