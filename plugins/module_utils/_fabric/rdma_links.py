# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""RDMA judged by the cables of a plan: which of them count for jaccl, and what is in the way of the others.

A cable counts when both of its hosts can do RDMA, both ends have a device whose port is active, the link has the
speed of Thunderbolt 5, and the table of each port holds the address that this plan gives to that end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from . import rdma_ends
from .model import End, FabricPlan, HostFacts, Link, Port, RdmaDevice, RdmaFacts
from .rdma import port_name, sentences
from .rdma_ends import CableEnd, Problem

_USED_BY_MLX = 1  # JACCL looks for the index of the address, and then sends from this one all the same


@dataclass(frozen=True)
class JudgedLink:
    """A cable of the plan with its verdict."""

    link: Link
    problem: Optional[Problem]  # None: it counts for jaccl
    devices: Tuple[str, str] = ("", "")  # RDMA devices at the ends a and b, "" where there is none
    gids: Tuple[int, int] = (-1, -1)  # where their tables hold the addresses of the plan, -1 where they do not

    @property
    def counts(self) -> bool:
        """It can carry jaccl."""
        return self.problem is None

    def device(self, host: str) -> str:
        """The RDMA device at this host."""
        return self.devices[0] if host == self.link.a.host else self.devices[1]

    @property
    def verdict(self) -> str:
        """One of ``rdma_ends.VERDICTS``."""
        return self.problem.verdict if self.problem else rdma_ends.READY

    def words(self) -> str:
        """The cable, both ends, and what is in its way, in one sentence."""
        return "{0}: {1}".format(link_name(self.link), self.problem.words if self.problem else rdma_ends.READY)


@dataclass(frozen=True)
class HostVerdict:
    """A host judged by all of its planned cables."""

    verdict: str
    reason: str


def link_name(link: Link) -> str:
    """How a cable is called in a sentence."""
    return "the cable from {0} to {1}".format(_where(link.a), _where(link.b))


def judge_links(
    plan: FabricPlan, facts: Mapping[str, HostFacts], rdma: Mapping[str, RdmaFacts], settled: bool
) -> Tuple[JudgedLink, ...]:
    """Every cable of the plan, in its order. All hosts of the plan must be in ``facts`` and ``rdma``.

    :param settled: the addresses of the plan have been given (see ``rdma_ends.end_problem``).
    """
    return tuple(_judge(link, facts, rdma, settled) for link in plan.links)


def judge_hosts(
    hosts: Sequence[str], rdma: Mapping[str, RdmaFacts], judged: Sequence[JudgedLink]
) -> Dict[str, HostVerdict]:
    """Each host by its cables. "ready" means that every one of them counts."""
    return {host: _judge_host(host, rdma[host], judged) for host in hosts}


def obstacles(judged: Sequence[JudgedLink]) -> Tuple[str, ...]:
    """What is in the way of the cables that do not count; a host that is in the way of several is named once."""
    groups: Dict[str, List[JudgedLink]] = {}
    for cable in judged:
        if cable.problem is not None:
            of_host = cable.verdict in rdma_ends.OF_THE_HOST
            groups.setdefault(cable.problem.words if of_host else cable.words(), []).append(cable)
    return tuple(
        "{0} cables, {1} among them: {2}".format(len(cables), link_name(cables[0].link), words)
        if len(cables) > 1
        else cables[0].words()
        for words, cables in groups.items()
    )


def odd_tables(judged: Sequence[JudgedLink]) -> Tuple[str, ...]:
    """Cables that count, and that MLX's JACCL may still trip over: it always sends from one place of the table."""
    ends = [
        (end, device, gid)
        for cable in judged
        if cable.counts
        for end, device, gid in zip((cable.link.a, cable.link.b), cable.devices, cable.gids)
    ]
    return tuple(
        "{0}: {1} is GID {2} of {3}, and JACCL of MLX up to 0.32 takes GID {4} always: remove other addresses "
        "from this port if jaccl fails with errno 22".format(_where(end), end.address, gid, device, _USED_BY_MLX)
        for end, device, gid in ends
        if gid >= 0 and gid != _USED_BY_MLX
    )


def _judge(link: Link, facts: Mapping[str, HostFacts], rdma: Mapping[str, RdmaFacts], settled: bool) -> JudgedLink:
    found = [
        rdma_ends.device_on(rdma[end.host].devices, end.device) if end.device else None for end in (link.a, link.b)
    ]
    devices = (found[0].name if found[0] else "", found[1].name if found[1] else "")
    gids = (rdma_ends.gid_index(found[0], link.a.address), rdma_ends.gid_index(found[1], link.b.address))
    problem = _unfit_host(link, rdma) or _unfit_cable(link, facts, found, settled)
    return JudgedLink(link, problem, devices, gids)


def _unfit_host(link: Link, rdma: Mapping[str, RdmaFacts]) -> Optional[Problem]:
    """The first end whose host can do no RDMA at all."""
    for end in (link.a, link.b):
        known = rdma[end.host]
        if known.verdict in rdma_ends.OF_THE_HOST:
            return Problem(known.verdict, "{0}: {1}".format(end.host, known.reason))
    return None


def _unfit_cable(
    link: Link, facts: Mapping[str, HostFacts], found: List[Optional[RdmaDevice]], settled: bool
) -> Optional[Problem]:
    near = _cable_end(link.a, link.b, facts, found[0])
    far = _cable_end(link.b, link.a, facts, found[1])
    active = all(device is not None and device.active for device in found)
    return (
        rdma_ends.dock_problem(near, active)
        or rdma_ends.dock_problem(far, active)
        or rdma_ends.speed_problem(link.speed_gbps)
        or rdma_ends.end_problem(near, settled)
        or rdma_ends.end_problem(far, settled)
    )


def _cable_end(end: End, other: End, facts: Mapping[str, HostFacts], device: Optional[RdmaDevice]) -> CableEnd:
    host = facts[end.host]
    seen = [port for port in host.ports if port.receptacle == end.receptacle]
    port = seen[0] if seen else Port(end.receptacle, end.device, end.uid, "")
    return CableEnd(end.host, other.host, host.system, port, device, end.address)


def _judge_host(host: str, known: RdmaFacts, judged: Sequence[JudgedLink]) -> HostVerdict:
    if known.verdict in rdma_ends.OF_THE_HOST:
        return HostVerdict(known.verdict, known.reason)
    mine = [cable for cable in judged if host in cable.link.hosts]
    if not mine:
        return HostVerdict(rdma_ends.NO_LINK, "no cable to another of the hosts: plug one in, host to host")
    problems = tuple(_seen_from_here(cable) for cable in mine if cable.problem is not None)
    if problems:
        return HostVerdict(rdma_ends.worst(problems), sentences(problems))
    return HostVerdict(rdma_ends.READY, ", ".join(_towards(host, cable) for cable in mine))


def _seen_from_here(cable: JudgedLink) -> Problem:
    """Where the host at the other end can do no RDMA, this host has a peer that is not enabled."""
    verdict = rdma_ends.NO_LINK if cable.verdict in rdma_ends.OF_THE_HOST else cable.verdict
    return Problem(verdict, cable.words())


def _towards(host: str, cable: JudgedLink) -> str:
    return "{0} to {1}".format(cable.device(host), cable.link.other(host).host)


def _where(end: End) -> str:
    return "{0}, {1}".format(end.host, port_name(end.receptacle, end.device))
