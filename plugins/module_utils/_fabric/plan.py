# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The decision: what every host shall look like, made from what every host has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Set, Tuple

from .addressing import PREFIX, give_addresses
from .errors import PlanError, TopologyError
from .mending import to_make_a_mesh, to_make_a_ring
from .model import FabricPlan, HostFacts, HostPlan, Link, WantPort
from .picture import cables_picture
from .remarks import refuse_slow_cables, remarks
from .reported import refuse_unreadable_services, unreadable
from .ring import missing_cables, no_ring, ring_order, shape_of
from .topology import Cabling, read_cables
from .words import listed_pairs

DEFAULT_POOL = "10.77.0.0/16"  # not a common home network
SHAPES = ("auto", "mesh", "ring")

_FEW_MISSING = 4  # cables that a mesh lacks and that are advised; with more missing, somebody built something else


@dataclass(frozen=True)
class PlanOptions:
    """What the user may say about the plan."""

    pool: str = DEFAULT_POOL  # networks of the cables are cut out of this one
    shape: str = "auto"  # one of SHAPES: anything but "auto" is a demand
    order: Tuple[str, ...] = ()  # inventory order of the hosts; () means the order of the facts
    strict: bool = False  # a cable that is slower than both of its ports is an error, not a warning


def make_plan(facts: Mapping[str, HostFacts], options: PlanOptions) -> FabricPlan:
    """The plan for the hosts of ``facts`` (inventory name -> facts). The same input gives the same plan.

    Both errors carry the picture of the cables, and the warnings that may explain them.

    :raises TopologyError: the cables contradict themselves or do not make the demanded shape.
    :raises AddressError: the pool collides with what a host already uses, or is too small.
    """
    hosts = _host_order(facts, options.order)
    known = {host: facts[host] for host in hosts}
    cabling = read_cables(known)
    sketch = FabricPlan(
        order=ring_order(hosts, cabling.links) or hosts,
        links=cabling.links,
        hosts=(),
        shape=shape_of(hosts, cabling.links),
        missing=missing_cables(hosts, cabling.links),
        warnings=(*cabling.warnings, *unreadable(known), *remarks(known, cabling.links)),
    )
    try:
        return _decided(hosts, known, cabling, sketch, options)
    except PlanError as error:
        error.showing(cables_picture(sketch), sketch.warnings)
        raise


def _decided(
    hosts: Sequence[str], facts: Mapping[str, HostFacts], cabling: Cabling, sketch: FabricPlan, options: PlanOptions
) -> FabricPlan:
    if cabling.refusal:
        raise cabling.refusal
    _meet_demand(options.shape, hosts, facts, sketch)
    if options.strict:
        refuse_slow_cables(facts, sketch.links)
    refuse_unreadable_services(facts, sketch.links)
    links = give_addresses(sketch.links, facts, options.pool)
    return FabricPlan(
        order=sketch.order,
        links=links,
        hosts=_host_plans(hosts, links),
        shape=sketch.shape,
        missing=sketch.missing,
        warnings=sketch.warnings + _shape_warnings(hosts, facts, sketch),
    )


def _host_order(facts: Mapping[str, HostFacts], order: Sequence[str]) -> Tuple[str, ...]:
    """The hosts that have facts, those that the inventory names first."""
    named = list(dict.fromkeys(host for host in order if host in facts))
    return tuple(named + [host for host in facts if host not in set(named)])


def _meet_demand(demand: str, hosts: Sequence[str], facts: Mapping[str, HostFacts], sketch: FabricPlan) -> None:
    if demand not in SHAPES:
        raise TopologyError("the shape {0!r} is not known".format(demand), "choose one of " + ", ".join(SHAPES))
    if len(hosts) < 2:
        return
    if demand == "mesh" and sketch.missing:
        raise TopologyError(
            "a mesh is asked for, but there is no cable between {0}".format(listed_pairs(sketch.missing)),
            to_make_a_mesh(hosts, facts, sketch.links) or "add it, or ask for a ring",
        )
    if demand == "ring" and sketch.shape in ("partial", "none"):
        raise _no_ring(hosts, facts, sketch.links)


def _no_ring(hosts: Sequence[str], facts: Mapping[str, HostFacts], links: Sequence[Link]) -> TopologyError:
    """With the cables that would make one, where they are known."""
    error = no_ring(hosts, links)
    return TopologyError(error.message, to_make_a_ring(hosts, facts, links) or error.hint)


def _shape_warnings(hosts: Sequence[str], facts: Mapping[str, HostFacts], sketch: FabricPlan) -> Tuple[str, ...]:
    """What somebody who laid these cables would want to know."""
    warnings: List[str] = []
    if sketch.shape == "partial":
        warnings.append(no_ring(hosts, sketch.links).message)
        advice = to_make_a_ring(hosts, facts, sketch.links)
        if advice:
            warnings.append("for a ring: " + advice)
    if sketch.missing and _most_neighbours(sketch.links) > 2:  # more than a ring: somebody was building a mesh
        warnings.append("no cable between {0}: this is not a full mesh".format(listed_pairs(sketch.missing)))
        advice = to_make_a_mesh(hosts, facts, sketch.links) if len(sketch.missing) <= _FEW_MISSING else ""
        if advice:
            warnings.append("for a mesh: " + advice)
    return tuple(warnings)


def _most_neighbours(links: Sequence[Link]) -> int:
    others: Dict[str, Set[str]] = {}
    for link in links:
        for one, other in (link.hosts, link.hosts[::-1]):
            others.setdefault(one, set()).add(other)
    return max((len(mine) for mine in others.values()), default=0)


def _host_plans(hosts: Sequence[str], links: Sequence[Link]) -> Tuple[HostPlan, ...]:
    ports: Dict[str, List[WantPort]] = {host: [] for host in hosts}
    for link in links:
        for host in link.hosts:
            ports[host].append(_want_port(link, host))
    return tuple(HostPlan(host, tuple(sorted(ports[host], key=lambda port: port.receptacle))) for host in hosts)


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
