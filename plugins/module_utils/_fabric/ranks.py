# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The plan as a hostfile: which rank stands where, and how its neighbours reach it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Dict, List, Mapping, Sequence, Tuple

from .backend import RDMA_BACKENDS
from .errors import AddressError, TopologyError
from .hostfile import Host, Hostfile
from .model import FabricPlan, Link
from .rdma_links import JudgedLink
from .ring import no_ring

PLAN_VERSION = 1  # of what stands under "boltloom"


def hostfile_from_plan(
    plan: FabricPlan,
    management: Mapping[str, str],
    ssh: Mapping[str, str],
    backend: str = "ring",
    over: str = "thunderbolt",
    judged: Sequence[JudgedLink] = (),
    reason: str = "",
) -> Hostfile:
    """A hostfile with the hosts in rank order.

    :param management: host -> its address on the management network (``management.pick_management``).
    :param ssh: host -> the name that ssh shall use; a host that is not there goes by its inventory name.
    :param over: "thunderbolt" (ring addresses of the cables) or "ethernet" (management addresses).
    :param judged: the plan's cables judged for RDMA; only those that count, and devices that exist, get into the file.
    :param reason: why it is this backend, for whoever reads the file later.
    :raises TopologyError: what is asked for needs cables that are not there.
    :raises AddressError: a management address is needed and missing.
    """
    order = plan.order
    over_cables = backend == "ring" and over == "thunderbolt" and len(order) > 1
    ips = _ring_addresses(plan) if over_cables else [(_management(host, management),) for host in order]
    by_rdma = backend in RDMA_BACKENDS
    rdma = _rdma_matrix(plan, backend, judged) if by_rdma else [()] * len(order)
    ours: Dict[str, object] = {"plan": PLAN_VERSION, "shape": plan.shape, "hosts": list(order), "cables": _cables(plan)}
    if by_rdma:
        ours["rdma"] = [_verdict(cable) for cable in judged]
    if reason:
        ours["reason"] = "{0}: {1}".format(backend, reason)
    return Hostfile(
        hosts=tuple(Host(ssh.get(host, host), ips[rank], rdma[rank]) for rank, host in enumerate(order)),
        backend=backend,
        envs=(),
        boltloom=ours,
    )


def _management(host: str, management: Mapping[str, str]) -> str:
    if host not in management:
        raise AddressError("{0} has no management address".format(host), "set it in the inventory")
    return management[host]


def _ring_addresses(plan: FabricPlan) -> List[Tuple[str, ...]]:
    """Per rank its addresses towards the rank before it, one per cable.

    Every rank has as many as the weakest hop has cables: a ring is no wider than that, and MLX wants equal counts.
    """
    hops = [_rails(plan, plan.order[rank - 1], host) for rank, host in enumerate(plan.order)]
    if not all(hops):
        raise no_ring(plan.order, plan.links)
    width = min(len(rails) for rails in hops)
    return [tuple(link.end(host).address for link in rails[:width]) for host, rails in zip(plan.order, hops)]


def _rdma_matrix(plan: FabricPlan, backend: str, judged: Sequence[JudgedLink]) -> List[Tuple[Tuple[str, ...], ...]]:
    """[i][j]: the devices of rank i that lead to rank j. ``jaccl`` joins all ranks, ``jaccl-ring`` the neighbours."""
    order = plan.order
    rails: Dict[Tuple[str, str], List[JudgedLink]] = {}
    for cable in sorted((cable for cable in judged if cable.counts), key=lambda cable: cable.link.rail):
        for one, two in (cable.link.hosts, cable.link.hosts[::-1]):
            rails.setdefault((one, two), []).append(cable)
    talking = [
        (one, two)
        for i, one in enumerate(order)
        for j, two in enumerate(order)
        if i != j and (backend == "jaccl" or abs(i - j) in (1, len(order) - 1))
    ]
    without = [pair for pair in talking if pair not in rails]
    if without:
        raise _not_enough_cables(backend, without[0])
    # The same number of rails everywhere: JACCL's ring refuses anything else, and MLX writes its mesh so, too.
    width = min((len(rails[pair]) for pair in talking), default=0)
    joined = set(talking)
    return [
        tuple(
            tuple(cable.device(one) for cable in rails[one, two][:width]) if (one, two) in joined else ()
            for two in order
        )
        for one in order
    ]


def _not_enough_cables(backend: str, pair: Tuple[str, str]) -> TopologyError:
    """The planning has seen to it that this is rare: a cable that went bad since."""
    return TopologyError(
        "{0}: no cable between {1} and {2} is ready for RDMA now".format(backend, *pair),
        "see boltloom.cluster.probe, which names what is in its way, or use the backend ring",
    )


def _verdict(cable: JudgedLink) -> Dict[str, object]:
    """What the devices of the file rest on."""
    ends = [
        {"host": end.host, "device": device, "address": end.address, "gid": gid if gid >= 0 else None}
        for end, device, gid in zip((cable.link.a, cable.link.b), cable.devices, cable.gids)
    ]
    found: Dict[str, object] = {"rail": cable.link.rail, "verdict": cable.verdict, "ends": ends}
    if cable.problem is not None:
        found["reason"] = cable.problem.words
    return found


def _rails(plan: FabricPlan, one: str, two: str) -> Tuple[Link, ...]:
    """The cables between two hosts by rail."""
    links = [link for link in plan.links if set(link.hosts) == {one, two}]
    return tuple(sorted(links, key=lambda link: link.rail))


def _cables(plan: FabricPlan) -> List[object]:
    """What it takes to find the same cables again after a reboot."""
    return [
        {"rail": link.rail, "network": link.network, "gbps": link.speed_gbps, "ends": [asdict(link.a), asdict(link.b)]}
        for link in plan.links
    ]
