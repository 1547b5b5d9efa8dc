# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The decision: what every host shall look like, made from what every host has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Mapping, Sequence, Tuple

from .addressing import PREFIX, give_addresses
from .errors import TopologyError
from .model import FabricPlan, HostFacts, HostPlan, Link, WantPort
from .ring import missing_cables, no_ring, ring_order, shape_of
from .topology import find_cables

DEFAULT_POOL = "10.77.0.0/16"  # not a common home network
SHAPES = ("auto", "mesh", "ring")


@dataclass(frozen=True)
class PlanOptions:
    """What the user may say about the plan."""

    pool: str = DEFAULT_POOL  # networks of the cables are cut out of this one
    shape: str = "auto"  # one of SHAPES: anything but "auto" is a demand
    order: Tuple[str, ...] = ()  # inventory order of the hosts; () means the order of the facts


def make_plan(facts: Mapping[str, HostFacts], options: PlanOptions) -> FabricPlan:
    """The plan for the hosts of ``facts`` (inventory name -> facts). The same input gives the same plan.

    :raises TopologyError: the cables contradict themselves or do not make the demanded shape.
    :raises AddressError: the pool collides with what a host already uses, or is too small.
    """
    hosts = _host_order(facts, options.order)
    cabling = find_cables({host: facts[host] for host in hosts})
    missing = missing_cables(hosts, cabling.links)
    shape = shape_of(hosts, cabling.links)
    _meet_demand(options.shape, shape, hosts, cabling.links, missing)
    links = give_addresses(cabling.links, facts, options.pool)
    return FabricPlan(
        order=ring_order(hosts, links) or hosts,
        links=links,
        hosts=tuple(_host_plan(host, links) for host in hosts),
        shape=shape,
        missing=missing,
        warnings=cabling.warnings + _cable_warnings(shape, hosts, links, missing),
    )


def _host_order(facts: Mapping[str, HostFacts], order: Sequence[str]) -> Tuple[str, ...]:
    """The hosts that have facts, those that the inventory names first."""
    known = [host for host in order if host in facts]
    return tuple(known + [host for host in facts if host not in known])


def _meet_demand(
    demand: str, shape: str, hosts: Sequence[str], links: Sequence[Link], missing: Sequence[Tuple[str, str]]
) -> None:
    if demand not in SHAPES:
        raise TopologyError("the shape {0!r} is not known".format(demand), "choose one of " + ", ".join(SHAPES))
    if len(hosts) < 2:
        return
    if demand == "mesh" and missing:
        raise TopologyError(
            "a mesh is asked for, but there is no cable between {0}".format(_pairs(missing)),
            "add it, or ask for a ring",
        )
    if demand == "ring" and shape in ("partial", "none"):
        raise no_ring(hosts, links)


def _cable_warnings(
    shape: str, hosts: Sequence[str], links: Sequence[Link], missing: Sequence[Tuple[str, str]]
) -> Tuple[str, ...]:
    """What somebody who laid these cables would want to know."""
    warnings: List[str] = []
    degree = {host: len({link.other(host).host for link in links if host in link.hosts}) for host in hosts}
    if shape == "partial":
        warnings.append(no_ring(hosts, links).message)
    if missing and max(degree.values(), default=0) > 2:  # more than a ring: somebody was building a mesh
        warnings.append("no cable between {0}: this is not a full mesh".format(_pairs(missing)))
    return tuple(warnings)


def _pairs(pairs: Sequence[Tuple[str, str]]) -> str:
    return ", ".join("{0} and {1}".format(one, two) for one, two in pairs)


def _host_plan(host: str, links: Sequence[Link]) -> HostPlan:
    mine = [link for link in links if host in link.hosts]
    ports = [_want_port(link, host) for link in mine]
    return HostPlan(host, tuple(sorted(ports, key=lambda port: port.receptacle)))


def _want_port(link: Link, host: str) -> WantPort:
    end, other = link.end(host), link.other(host)
    return WantPort(
        receptacle=end.receptacle,
        device=end.device,
        address=end.address,
        prefix=PREFIX,
        peer=other.host,
        peer_address=other.address,
        service="Boltloom Thunderbolt {0}".format(end.receptacle),
        uid=end.uid,
        peer_receptacle=other.receptacle,
        peer_device=other.device,
        speed_gbps=link.speed_gbps,
    )
