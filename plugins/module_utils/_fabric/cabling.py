# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Which cables to lay: for hosts that nobody has cabled yet. (For a fabric that lacks some: ``mending``.)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence, Tuple

from .errors import TopologyError
from .words import counted

MOST_HOSTS = 1024  # a table beyond that is of no use to anybody who lays cables by hand
MOST_PORTS = 32


@dataclass(frozen=True)
class Cable:
    """A cable to lay: from one receptacle ("Thunderbolt N") to another."""

    host: str
    receptacle: int
    other: str
    other_receptacle: int


@dataclass(frozen=True)
class CablingPlan:
    """What to lay, and why so."""

    hosts: Tuple[str, ...]
    ports: int  # Thunderbolt ports of each host
    shape: str  # as in FabricPlan.shape: "mesh", "ring", "pair" or "none"
    rails: int  # cables between any two hosts that are joined in that shape
    chords: int  # further cables across the ring
    cables: Tuple[Cable, ...]
    reason: str  # why this shape, and what the spare ports are for; whole sentences


def plan_cabling(hosts: int, ports: int, names: Sequence[str] = ()) -> CablingPlan:
    """The best that so many hosts with so many Thunderbolt ports each can be cabled to.

    A full mesh where the ports suffice (``ports >= hosts - 1``): every two hosts talk directly, and jaccl can use it.
    Else a ring. Ports beyond that carry more rails, as many between any two neighbours, because a ring or a mesh is as
    fast as its weakest hop; a single port that is left in a ring carries a chord to the host on the far side.

    :param names: the hosts' names in the order of the ring; "host1", "host2", ... where none are given.
    :raises TopologyError: so many hosts cannot be joined with so few ports.
    """
    _refuse_nonsense(hosts, ports, names)
    known = tuple(names) or tuple("host{0}".format(number) for number in range(1, hosts + 1))
    if hosts == 1:
        return CablingPlan(known, ports, "none", 0, 0, (), "One host needs no cable.")
    if ports >= hosts - 1:
        return _mesh(known, ports)
    return _ring(known, ports)


def cabling_table(plan: CablingPlan) -> str:
    """One line per cable, for a person with the cables in his hand."""
    rows: List[Tuple[str, ...]] = [("cable", "host", "port", "", "host", "port")]
    for number, cable in enumerate(plan.cables, start=1):
        left = (cable.host, "Thunderbolt {0}".format(cable.receptacle))
        right = (cable.other, "Thunderbolt {0}".format(cable.other_receptacle))
        rows.append((str(number), *left, "══", *right))
    if not plan.cables:
        return "no cables"
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def _refuse_nonsense(hosts: int, ports: int, names: Sequence[str]) -> None:
    if not 1 <= hosts <= MOST_HOSTS:
        raise TopologyError(
            "{0} hosts cannot be cabled".format(hosts), "give a number from 1 to {0}".format(MOST_HOSTS)
        )
    if not 1 <= ports <= MOST_PORTS:
        raise TopologyError(
            "a host with {0} Thunderbolt ports is not known".format(ports),
            "give a number from 1 to {0}".format(MOST_PORTS),
        )
    if names and (len(names) != hosts or len(set(names)) != hosts):
        raise TopologyError("{0} different names are needed for {1}".format(hosts, counted(hosts, "host")))
    if hosts > 2 and ports == 1:
        raise TopologyError(
            "{0} hosts with one Thunderbolt port each cannot be joined: such a port makes a pair".format(hosts),
            "in a ring each host needs two ports, in a mesh {0}".format(hosts - 1),
        )


def _mesh(names: Tuple[str, ...], ports: int) -> CablingPlan:
    """On every host, Thunderbolt k leads to the k-th of the other hosts; the next rail begins behind those."""
    others = len(names) - 1
    rails = ports // others
    cables = tuple(
        Cable(names[one], rail * others + two, names[two], rail * others + one + 1)
        for rail in range(rails)
        for one in range(len(names))
        for two in range(one + 1, len(names))
    )
    what = "A pair" if others == 1 else "A full mesh"
    reason = "{0}: {1} ports reach the {2} directly.".format(what, ports, counted(others, "other host"))
    if rails > 1:
        reason += " They are enough for {0} rails, which run in parallel.".format(rails)
    spare = ports - rails * others
    if spare:
        reason += " {0} of each host {1} free: for one more rail to all others it takes {2}.".format(
            counted(spare, "port"), "stays" if spare == 1 else "stay", counted(others, "port")
        )
    return CablingPlan(names, ports, "pair" if others == 1 else "mesh", rails, 0, cables, reason)


def _ring(names: Tuple[str, ...], ports: int) -> CablingPlan:
    """Odd receptacles lead to the host before, even ones to the host after; of an odd number the last is a chord."""
    count, rails = len(names), ports // 2
    cables = [
        Cable(names[place], 2 * rail + 2, names[(place + 1) % count], 2 * rail + 1)
        for rail in range(rails)
        for place in range(count)
    ]
    reason = "A ring: a full mesh of {0} hosts needs {1} ports on each, and there {2}.".format(
        count, count - 1, "is 1" if ports == 1 else "are {0}".format(ports)
    )
    if rails > 1:
        reason += " {0} ports are enough for {1} rails, which run in parallel.".format(2 * rails, rails)
    chords = 0
    if ports % 2:
        half = count // 2
        chords = half
        cables.extend(Cable(names[place], ports, names[place + half], ports) for place in range(half))
        reason += " The port that is left carries a chord across the ring: half the way to the far side."
        if count % 2:
            reason += " With an odd number of hosts, {0} keeps it free.".format(names[-1])
    return CablingPlan(names, ports, "ring", rails, chords, tuple(cables), reason)
