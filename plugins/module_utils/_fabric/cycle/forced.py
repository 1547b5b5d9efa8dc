# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The search over cables: take one or leave one, and follow what that forces. Finds a cycle or shows that none exists.

A host with only two cables left needs both; a host with two taken ones leaves its others; a cable that would close a
cycle before all hosts are on it is left. Strong where hosts have few cables; the number of decisions is bounded.
"""

from __future__ import annotations

from typing import List, Sequence, Set, Tuple

Neighbours = Sequence[Sequence[int]]
Cable = Tuple[int, int]


def search_over_cables(neighbours: Neighbours, work: int) -> Tuple[List[int], bool]:
    """(A cycle or [], whether that is certain.)

    :param work: decisions times hosts that are allowed.
    """
    state = _State(neighbours)
    decisions: List[Tuple[int, Cable]] = []  # how long the trail was before, and the cable that was taken
    fits = state.settle(list(range(len(neighbours))))
    while True:
        if not fits:
            if not decisions:
                return [], True
            length, cable = decisions.pop()
            state.undo(length)
            fits = state.leave(*cable)
            continue
        if state.complete():
            return state.walk(), True
        work -= len(neighbours)
        if work < 0:
            return [], False
        cable = state.next_cable()
        decisions.append((len(state.trail), cable))
        fits = state.connected() and state.take(*cable)


class _State:
    """Which cables are taken, which are still possible, and how to go back."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._left: List[Set[int]] = [set(others) for others in neighbours]  # taken ones included
        self._taken: List[List[int]] = [[] for _host in neighbours]
        self._far_end = list(range(len(neighbours)))  # of the path of taken cables that ends here
        self._count = 0
        self.trail: List[Tuple[str, int, int, int, int]] = []

    def complete(self) -> bool:
        """Whether the taken cables are the cycle."""
        return self._count == len(self._left)

    def next_cable(self) -> Cable:
        """A cable at the end of a path, or at a host, that has the fewest left."""
        best = min(
            (host for host in range(len(self._left)) if len(self._taken[host]) < 2),
            key=lambda host: (len(self._left[host]), -len(self._taken[host]), host),
        )
        free = [other for other in self._left[best] if other not in self._taken[best]]
        return best, min(free, key=lambda host: (len(self._left[host]), host))

    def take(self, one: int, other: int) -> bool:
        """Take a cable and all that follows; False when that cannot be."""
        return self._take(one, other) and self.settle([one, other, self._far_end[one], self._far_end[other]])

    def leave(self, one: int, other: int) -> bool:
        """Leave a cable and do all that follows; False when that cannot be."""
        self._leave(one, other)
        return self.settle([one, other])

    def settle(self, hosts: List[int]) -> bool:
        """Follow what is forced at these hosts, and where that leads."""
        while hosts:
            host = hosts.pop()
            left, taken = self._left[host], self._taken[host]
            if len(left) < 2:
                return False
            if len(taken) == 2 and len(left) > 2:
                for other in [other for other in left if other not in taken]:
                    self._leave(host, other)
                    hosts.append(other)
            elif len(left) == 2 and len(taken) < 2:
                for other in [other for other in left if other not in taken]:
                    if not self._take(host, other):
                        return False
                    hosts.extend((host, other, self._far_end[host], self._far_end[other]))
        return True

    def _take(self, one: int, other: int) -> bool:
        if other in self._taken[one]:
            return True
        if len(self._taken[one]) == 2 or len(self._taken[other]) == 2:
            return False
        closing = self._far_end[one] == other
        if closing and self._count != len(self._left) - 1:
            return False
        head, tail = self._far_end[one], self._far_end[other]
        self.trail.append(("take", one, other, head, tail))
        self._taken[one].append(other)
        self._taken[other].append(one)
        self._count += 1
        if not closing:
            self._far_end[head], self._far_end[tail] = tail, head
            if self._count < len(self._left) - 1 and tail in self._left[head] and tail not in self._taken[head]:
                self._leave(head, tail)  # it would close the cycle too early
        return True

    def _leave(self, one: int, other: int) -> None:
        self.trail.append(("leave", one, other, 0, 0))
        self._left[one].discard(other)
        self._left[other].discard(one)

    def undo(self, length: int) -> None:
        """Back to when the trail had this length."""
        while len(self.trail) > length:
            what, one, other, head, tail = self.trail.pop()
            if what == "leave":
                self._left[one].add(other)
                self._left[other].add(one)
            else:
                self._taken[one].pop()
                self._taken[other].pop()
                self._count -= 1
                if head != other:
                    self._far_end[head], self._far_end[tail] = one, other

    def connected(self) -> bool:
        """Whether the cables that are left still join all hosts."""
        reached = {0}
        queue = [0]
        for host in queue:
            fresh = self._left[host] - reached
            reached |= fresh
            queue.extend(fresh)
        return len(reached) == len(self._left)

    def walk(self) -> List[int]:
        """The cycle that was taken."""
        path = [0]
        before = -1
        while len(path) < len(self._taken):
            here = path[-1]
            step = next(other for other in self._taken[here] if other != before)
            before = here
            path.append(step)
        return path
