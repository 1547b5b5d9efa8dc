# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A path that grows, and is turned where it cannot. Solves what is random and has cables enough.

Where the last host of the path a..b..c..z has a cable to b, the path a..b z..c is one as well, and c may have
neighbours that are not on it yet. Where the ends meet, the closed path is opened beside a host that is not on it.
"""

from __future__ import annotations

import random
from typing import List, Sequence

Neighbours = Sequence[Sequence[int]]

_TRIES = 4


def turned_path(neighbours: Neighbours, chance: random.Random, work: int) -> List[int]:
    """A cycle, [] where none was found. Each host must have a neighbour.

    :param work: hosts that may be moved by turns, in each try.
    """
    for _attempt in range(_TRIES):
        found = _Path(neighbours, chance, work).closed()
        if found:
            return found
    return []


class _Path:
    """The path, and where on it each host stands."""

    def __init__(self, neighbours: Neighbours, chance: random.Random, work: int) -> None:
        self._neighbours = neighbours
        self._chance = chance
        self._path = [chance.randrange(len(neighbours))]
        self._where = [-1] * len(neighbours)
        self._where[self._path[0]] = 0
        self._work = work

    def closed(self) -> List[int]:
        """Grow and turn until the path is a cycle over all hosts; [] when the work is used up."""
        stuck = 0
        while self._work > 0:
            if self._grown() or self._opened():
                stuck = 0
            elif len(self._path) == len(self._where) and self._path[0] in self._neighbours[self._path[-1]]:
                return self._path
            else:
                stuck += 1
                if stuck % 32 == 0:
                    self._reverse(0)  # go on at the other end
                self._turn()
        return []

    def _grown(self) -> bool:
        """Step to the free neighbour that has the fewest free neighbours itself."""
        free = [host for host in self._neighbours[self._path[-1]] if self._where[host] < 0]
        if not free:
            return False
        rest = [sum(self._where[other] < 0 for other in self._neighbours[host]) for host in free]
        fewest = min(rest)
        step = self._chance.choice([host for host, left in zip(free, rest) if left == fewest])
        self._where[step] = len(self._path)
        self._path.append(step)
        return True

    def _opened(self) -> bool:
        """Where the ends meet and hosts are left, let the path end beside one of them."""
        if len(self._path) == len(self._where) or self._path[0] not in self._neighbours[self._path[-1]]:
            return False
        for place, host in enumerate(self._path):
            if any(self._where[other] < 0 for other in self._neighbours[host]):
                self._path = self._path[place + 1 :] + self._path[: place + 1]
                self._number(0)
                return True
        return False

    def _turn(self) -> None:
        pivots = self._neighbours[self._path[-1]]
        place = self._where[self._chance.choice(pivots)]
        if place < len(self._path) - 2:
            self._reverse(place + 1)
        else:
            self._work -= 1

    def _reverse(self, start: int) -> None:
        self._path[start:] = self._path[: start - 1 if start else None : -1]
        self._number(start)

    def _number(self, start: int) -> None:
        self._work -= len(self._path) - start + 8
        for place in range(start, len(self._path)):
            self._where[self._path[place]] = place
