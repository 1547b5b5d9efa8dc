# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The plan as a hostfile: which rank stands where, and how its neighbours reach it."""

from __future__ import annotations

from dataclasses import asdict
from typing import List, Mapping, Optional, Sequence, Tuple

from .errors import AddressError, TopologyError
from .hostfile import Host, Hostfile
from .model import FabricPlan, Link
from .ring import missing_cables, no_ring

PLAN_VERSION = 1  # of what stands under "boltloom"


def hostfile_from_plan(
    plan: FabricPlan,
    management: Mapping[str, str],
    ssh: Mapping[str, str],
    backend: str = "ring",
    over: str = "thunderbolt",
) -> Hostfile:
    """A hostfile with the hosts in rank order.

    :param management: host -> its address on the management network (``management.pick_management``).
    :param ssh: host -> the name that ssh shall use; a host that is not there goes by its inventory name.
    :param over: "thunderbolt" (ring addresses of the cables) or "ethernet" (management addresses).
    :raises TopologyError: what is asked for needs cables that are not there.
    :raises AddressError: a management address is needed and missing.
    """
    order = plan.order
    over_cables = backend == "ring" and over == "thunderbolt" and len(order) > 1
    ips = _ring_addresses(plan) if over_cables else [(_management(host, management),) for host in order]
    rdma = _rdma_matrix(plan, backend) if backend.startswith("jaccl") else [()] * len(order)
    return Hostfile(
        hosts=tuple(Host(ssh.get(host, host), ips[rank], rdma[rank]) for rank, host in enumerate(order)),
        backend=backend,
        envs=(),
        boltloom={"plan": PLAN_VERSION, "shape": plan.shape, "hosts": list(order), "cables": _cables(plan)},
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


def _rdma_matrix(plan: FabricPlan, backend: str) -> List[Tuple[Tuple[str, ...], ...]]:
    """[i][j]: the devices of rank i that lead to rank j. ``jaccl`` joins all ranks, ``jaccl-ring`` the neighbours."""
    joined = [
        [_rails(plan, one, two) if one != two and _talk(plan.order, one, two, backend) else None for two in plan.order]
        for one in plan.order
    ]
    if any(rails == () for row in joined for rails in row):
        raise _not_enough_cables(plan, backend)
    width = min((len(rails) for row in joined for rails in row if rails), default=0)
    return [
        tuple(_devices(rails, host, width) for rails in row)  # the same number of rails everywhere, as MLX writes it
        for host, row in zip(plan.order, joined)
    ]


def _talk(order: Sequence[str], one: str, two: str, backend: str) -> bool:
    distance = abs(order.index(one) - order.index(two))
    return backend == "jaccl" or distance in (1, len(order) - 1)


def _devices(rails: Optional[Tuple[Link, ...]], host: str, width: int) -> Tuple[str, ...]:
    """macOS names the RDMA device of a port after its interface."""
    return tuple("rdma_{0}".format(link.end(host).device) for link in (rails or ())[:width])


def _not_enough_cables(plan: FabricPlan, backend: str) -> TopologyError:
    if backend == "jaccl-ring":
        return no_ring(plan.order, plan.links)
    pairs = ", ".join("{0} and {1}".format(*pair) for pair in missing_cables(plan.order, plan.links))
    return TopologyError(
        "jaccl needs a cable between every two hosts, and there is none between {0}".format(pairs),
        "add it, or use the backend jaccl-ring or ring",
    )


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
