# SPDX-License-Identifier: Apache-2.0
"""Graphs that racks are cabled like, and some that nobody would build: (number of hosts, cables by host numbers)."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Cables = list[tuple[int, int]]
    Graph = tuple[int, Cables]


def ring(count: int) -> Graph:
    return count, [(host, (host + 1) % count) for host in range(count)]


def mesh(count: int) -> Graph:
    return count, list(itertools.combinations(range(count), 2))


def grid(rows: int, columns: int, closed: bool = False) -> Graph:
    """``closed`` makes a torus of it."""
    across = [(row * columns + c, row * columns + (c + 1) % columns) for row in range(rows) for c in range(columns)]
    down = [(row * columns + c, (row + 1) % rows * columns + c) for row in range(rows) for c in range(columns)]
    inner = [pair for pair in across if closed or pair[1] > pair[0]] + [
        pair for pair in down if closed or pair[1] > pair[0]
    ]
    return rows * columns, inner


def hypercube(dimensions: int) -> Graph:
    hosts = range(2**dimensions)
    return len(hosts), [
        (host, host ^ 1 << bit) for host in hosts for bit in range(dimensions) if host < host ^ 1 << bit
    ]


def prism(sides: int) -> Graph:
    """Two rings, one above the other."""
    return generalised_petersen(sides, 1)


def generalised_petersen(sides: int, step: int) -> Graph:
    """(5, 2) is the Petersen graph. With step 2 and 5, 11, 17, ... sides there is no ring."""
    outer = [(host, (host + 1) % sides) for host in range(sides)]
    inner = [(sides + host, sides + (host + step) % sides) for host in range(sides)]
    return 2 * sides, outer + inner + [(host, sides + host) for host in range(sides)]


def circulant(count: int, *steps: int) -> Graph:
    return count, [(host, (host + step) % count) for host in range(count) for step in steps]


def bipartite(left: int, right: int) -> Graph:
    return left + right, [(one, left + other) for one in range(left) for other in range(right)]


def wheel(rim: int) -> Graph:
    return rim + 1, ring(rim)[1] + [(host, rim) for host in range(rim)]


def two_meshes(size: int, cables: int) -> Graph:
    """Joined by so many cables at different hosts."""
    one = mesh(size)[1]
    return 2 * size, one + [(a + size, b + size) for a, b in one] + [(host, size + host) for host in range(cables)]


def random_regular(count: int, degree: int, seed: int) -> Graph:
    """Each host has cables to ``degree`` others; ``degree`` is even. Some ring is in it, well hidden."""
    chance = random.Random(seed)
    while True:
        rings = [chance.sample(range(count), count) for _ in range(degree // 2)]
        cables = {tuple(sorted((order[i - 1], order[i]))) for order in rings for i in range(count)}
        if len(cables) == count * degree // 2:
            return count, sorted(cables)


def lossy_mesh(count: int, missing: int, seed: int) -> Graph:
    cables = mesh(count)[1]
    random.Random(seed).shuffle(cables)
    return count, cables[missing:]


def shuffled(graph: Graph, seed: int) -> Graph:
    """The same graph, the hosts numbered in another order."""
    count, cables = graph
    number = random.Random(seed).sample(range(count), count)
    return count, [(number[one], number[other]) for one, other in cables]


def neighbours(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """What the searches take."""
    count, cables = graph
    near: list[set[int]] = [set() for _ in range(count)]
    for one, other in cables:
        near[one].add(other)
        near[other].add(one)
    return tuple(tuple(sorted(others)) for others in near)


def has_ring(near: tuple[tuple[int, ...], ...]) -> bool:
    """By trying everything: the sets of hosts that a path from host 0 can visit, and where it can end."""
    count = len(near)
    ends: dict[int, int] = {1: 1}  # set of visited hosts -> the hosts at which such a path ends, both as bits
    for _ in range(count - 1):
        longer: dict[int, int] = {}
        for visited, last in ends.items():
            for host in range(count):
                if last >> host & 1:
                    for other in near[host]:
                        if not visited >> other & 1:
                            longer[visited | 1 << other] = longer.get(visited | 1 << other, 0) | 1 << other
        ends = longer
    return count > 2 and any(last >> host & 1 for last in ends.values() for host in near[0])
