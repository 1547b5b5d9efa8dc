# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What the cables make of the hosts: a mesh, a ring, a pair; and in which order the ranks stand.

A ring is as fast as its weakest hop, so among all rings one with the strongest weakest hop is taken, and among
those, where that is cheap, the first in the inventory's order. The same cables give the same ring always.
That there is no ring is said only where it was proven.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, List, Optional, Sequence, Tuple

from .cycle.obstacles import Obstacle, bridges, find_obstacle, find_pair, parts_without
from .cycle.search import CycleSearch, find_cycle
from .errors import TopologyError
from .model import Link
from .words import counted, listed, shortened

Numbers = Tuple[Tuple[int, ...], ...]  # number of a host -> the hosts that it shares a cable with, ascending
Capacity = Dict[Tuple[str, str], int]  # two hosts as in Link.hosts -> the sum of the speeds of their cables

_MOST_LEAVES = 4  # hosts with too few cables that are named one by one
_MOST_PARTS = 4  # parts of a fabric that are named
_MOST_IN_A_LIMIT = 8  # hosts that are spelled out for --limit
_ROOM_OF_A_PART = 40  # columns of one of them


@dataclass(frozen=True)
class Ring:
    """The search's answer. Without an order, ``certain`` tells "there is none" from "the search gave up"."""

    order: Tuple[str, ...]
    certain: bool


def shape_of(hosts: Sequence[str], links: Sequence[Link]) -> str:
    """The shape as in ``FabricPlan.shape``."""
    if not links or len(hosts) < 2:
        return "none"
    if len({link.hosts for link in links}) == len(hosts) * (len(hosts) - 1) // 2:
        return "pair" if len(hosts) == 2 else "mesh"
    return "ring" if ring_order(hosts, links) else "partial"


def missing_cables(hosts: Sequence[str], links: Sequence[Link]) -> Tuple[Tuple[str, str], ...]:
    """The pairs of hosts that have no cable, in the order of the hosts."""
    joined = {link.hosts for link in links}
    return tuple(
        (one, two)
        for index, one in enumerate(hosts)
        for two in hosts[index + 1 :]
        if (one, two) not in joined and (two, one) not in joined
    )


def ring_order(hosts: Sequence[str], links: Sequence[Link]) -> Tuple[str, ...]:
    """The hosts so that neighbours (the last and the first too) share a cable; () when no such order was found."""
    return find_ring(hosts, links).order


def find_ring(hosts: Sequence[str], links: Sequence[Link]) -> Ring:
    """The strongest ring, and whether an empty answer is certain."""
    if len(hosts) == 2:
        return Ring(tuple(hosts) if links else (), certain=True)
    capacity = _capacities(links)
    best = _search(neighbours(hosts, list(capacity)))
    if not best.cycle:
        return Ring((), best.certain)
    weakest_first = [speed for speed in sorted(set(capacity.values())) if speed <= _no_stronger_than(hosts, capacity)]
    low, high = 0, len(weakest_first) - 1  # a ring of strength ``low`` is known, none stronger than ``high`` can be
    middle = high
    while low < high:
        strong = [pair for pair, speed in capacity.items() if speed >= weakest_first[middle]]
        found = _search(neighbours(hosts, strong))
        if found.cycle:
            best, low = found, middle
        else:
            high = middle - 1
        middle = (low + high + 1) // 2
    return Ring(tuple(hosts[number] for number in best.cycle), certain=True)


def no_ring(hosts: Sequence[str], links: Sequence[Link]) -> TopologyError:
    """Why there is no ring, as an error that names the hosts; or that the search gave up, which is something else."""
    near = neighbours(hosts, [link.hosts for link in links])
    reasons = _too_few_cables(hosts, near) or _in_the_way(hosts, near)
    hint = _apart(hosts, near) or "in a ring each host needs cables to two others; see the picture"
    if reasons:
        return TopologyError("the cables make no ring: " + "; ".join(reasons), hint)
    if find_ring(hosts, links).certain:
        why = "no order of {0} visits each host once over cables (all were tried)".format(listed(hosts))
        return TopologyError("the cables make no ring: " + why, hint)
    return TopologyError(
        "no ring was found over the cables of {0}, and the search gave up before it was certain that there is "
        "none".format(counted(len(hosts), "host")),
        "add cables between neighbours in the order of the inventory, leave out hosts with few cables, or set the "
        "shape to auto",
    )


def _apart(hosts: Sequence[str], near: Numbers) -> str:
    """Several fabrics that were asked for as one, each with cables enough for a plan of its own."""
    parts = parts_without(near, ())
    if len(parts) < 2 or any(len(part) == 1 for part in parts):
        return ""
    return "join the parts with two cables, or plan each for itself, the first one with --limit {0}".format(
        ",".join(hosts[number] for number in parts[0][:_MOST_IN_A_LIMIT])
        + (",..." if len(parts[0]) > _MOST_IN_A_LIMIT else "")
    )


def neighbours(hosts: Sequence[str], pairs: Sequence[Tuple[str, str]]) -> Numbers:
    """The graph in numbers, which count the hosts as given. Pairs of other hosts do not count."""
    number = {host: index for index, host in enumerate(hosts)}
    near: List[List[int]] = [[] for _host in hosts]
    for one, other in set(pairs):
        if one in number and other in number and one != other:
            near[number[one]].append(number[other])
            near[number[other]].append(number[one])
    return tuple(tuple(sorted(set(others))) for others in near)


def _capacities(links: Sequence[Link]) -> Capacity:
    capacity: Capacity = {}
    for link in links:
        speed = max(link.speed_gbps, 1)  # an unknown speed is still a cable
        capacity[link.hosts] = capacity.get(link.hosts, 0) + speed
    return capacity


def _no_stronger_than(hosts: Sequence[str], capacity: Capacity) -> int:
    """Each host is on two hops, so no ring is stronger than the second best cable of any host."""
    speeds: Dict[str, List[int]] = {host: [] for host in hosts}
    for pair, speed in capacity.items():
        for host in pair:
            if host in speeds:
                speeds[host].append(speed)
    return min(sorted(mine)[-2] for mine in speeds.values())


@lru_cache(maxsize=32)
def _search(near: Numbers) -> CycleSearch:
    """What is quickly shown to have no ring is not searched. Remembered: the same cables are asked about again."""
    if len(near) < 3 or _obstacle(near):
        return CycleSearch((), certain=True)
    return find_cycle(near)


@lru_cache(maxsize=32)
def _obstacle(near: Numbers) -> Optional[Obstacle]:
    return find_obstacle(near)


@lru_cache(maxsize=32)
def _pair(near: Numbers) -> Optional[Obstacle]:
    return find_pair(near)


def _too_few_cables(hosts: Sequence[str], near: Numbers) -> List[str]:
    """The hosts with one neighbour or none."""
    lonely = [host for host, others in zip(hosts, near) if not others]
    ends = [
        "{0} has a cable to {1} only".format(shortened(host), shortened(hosts[others[0]]))
        for host, others in zip(hosts, near)
        if len(others) == 1
    ]
    reasons = []
    if lonely:
        reasons.append(
            "{0} {1} no cable to any other host".format(listed(lonely), "has" if len(lonely) == 1 else "have")
        )
    reasons.extend(ends[:_MOST_LEAVES])
    if ends[_MOST_LEAVES:]:
        reasons.append("and {0} more with cables to one host only".format(len(ends) - _MOST_LEAVES))
    return reasons


def _in_the_way(hosts: Sequence[str], near: Numbers) -> List[str]:
    """The obstacle in words."""
    obstacle = _obstacle(near) or _pair(near)
    if obstacle is None:
        return []
    removed, parts = obstacle.removed, obstacle.parts
    bridge = bridges(near)[:1] if len(removed) == 1 else []
    if bridge:
        one, other = bridge[0]
        sides = _sides(hosts, parts_without([_but(near, host, bridge[0]) for host in range(len(hosts))], ()))
        return ["the cable between {0} is the only way between {1}".format(_named(hosts, (one, other), " and "), sides)]
    if not removed:
        return ["they leave {0} parts that no cable joins: {1}".format(len(parts), _sides(hosts, parts))]
    through = _named(hosts, removed, " and ")
    if len(removed) == 1:
        return ["all that goes between {0} goes through {1}".format(_sides(hosts, parts), through)]
    if all(len(part) == 1 for part in parts) and len(removed) > 2:
        alone = _named(hosts, [part[0] for part in parts])
        words = "{0} have cables to {1} only: {2} hosts are too few to stand between {3} in a ring"
        return [words.format(alone, through, len(removed), len(parts))]
    words = "without {0} the others fall into {1} parts: {2}"
    return [words.format(through, len(parts), _sides(hosts, parts))]


def _named(hosts: Sequence[str], numbers: Sequence[int], last: str = ", ") -> str:
    return listed([hosts[number] for number in numbers], last=last)


def _sides(hosts: Sequence[str], parts: Sequence[Sequence[int]]) -> str:
    """Parts of the fabric in words: "(mac1, mac2) and (mac3)"."""
    shown = ["({0})".format(listed([hosts[number] for number in part], _ROOM_OF_A_PART)) for part in parts]
    if len(shown) <= _MOST_PARTS:
        return " and ".join([", ".join(shown[:-1]), shown[-1]])
    return "{0} and {1} more".format(", ".join(shown[:_MOST_PARTS]), len(shown) - _MOST_PARTS)


def _but(near: Numbers, host: int, cable: Tuple[int, int]) -> Tuple[int, ...]:
    """The neighbours of a host without this cable."""
    return tuple(other for other in near[host] if {host, other} != set(cable))
