# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A closed walk that visits each host once, in a graph of numbers. Deterministic, without recursion, bounded in work.

Four searches, the cheapest answer first: the walk in order settles small fabrics for good and dense ones at once;
small cycles are joined; a path is turned; at last cables are taken and left until one way is found or none is left.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence, Tuple

from .forced import search_over_cables
from .in_order import first_in_order
from .joined import joined_cycles
from .turned import turned_path

_SEED = 5
_IN_ORDER_WORK = 1_000_000  # visited states times hosts; about a tenth of a second
_TURN_WORK = 1_500_000  # hosts moved by turns, of one try; below half a second
_CABLE_WORK = 3_000_000  # decisions times hosts; a second or two


@dataclass(frozen=True)
class CycleSearch:
    """What came out. Without a cycle, ``certain`` tells "there is none" from "the search gave up"."""

    cycle: Tuple[int, ...]
    certain: bool


def find_cycle(neighbours: Sequence[Sequence[int]], effort: float = 1.0) -> CycleSearch:
    """A cycle from host 0 on, towards the smaller one of its neighbours there.

    :param neighbours: number of a host -> the hosts that it shares a cable with, ascending.
    :param effort: the part of the usual work after which to give up.
    """
    count = len(neighbours)
    if count < 3 or any(len(others) < 2 for others in neighbours):
        return CycleSearch((), certain=True)
    found, certain = first_in_order(neighbours, int(effort * max(_IN_ORDER_WORK, 2 * count * count)))
    if found or certain:
        return CycleSearch(tuple(found), certain=True)
    chance = random.Random(_SEED)
    found = joined_cycles(neighbours, chance) or turned_path(neighbours, chance, int(effort * _TURN_WORK))
    certain = False
    if not found:
        found, certain = search_over_cables(neighbours, int(effort * _CABLE_WORK))
    return CycleSearch(_from_the_first(found) if found else (), certain or bool(found))


def _from_the_first(cycle: Sequence[int]) -> Tuple[int, ...]:
    start = cycle.index(0)
    turned = [*cycle[start:], *cycle[:start]]
    return (0, *turned[:0:-1]) if turned[-1] < turned[1] else tuple(turned)
