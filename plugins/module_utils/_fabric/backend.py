# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Which backend the hostfile is for, and what its ranks talk over: decided before anything is changed.

What is asked for is done or refused, never replaced. Only "auto" chooses, and says why it chose that. Where nobody
asked it is the ring, which every program runs over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Mapping, Optional, Sequence, Tuple

from .errors import TopologyError
from .model import FabricPlan, HostFacts, Link
from .rdma_links import JudgedLink, obstacles
from .ring import no_ring, ring_order

NOT_ASKED = ""
BACKENDS = (NOT_ASKED, "auto", "ring", "jaccl", "jaccl-ring")
OVER = ("auto", "thunderbolt", "ethernet")
RDMA_BACKENDS = ("jaccl", "jaccl-ring")

_MOST_REASONS = 3


@dataclass(frozen=True)
class Choice:
    """The decision."""

    plan: FabricPlan  # its ranks in the order that the backend needs
    over: str  # "thunderbolt" or "ethernet"
    backend: str  # "ring", "jaccl" or "jaccl-ring"
    reason: str  # one sentence
    warnings: Tuple[str, ...] = ()  # all that there are to say, the plan's own included


def asks_for_rdma(backend: str, over: str) -> bool:
    """Whether the decision needs to know what every host can do by RDMA."""
    return backend not in (NOT_ASKED, "ring") and over != "ethernet"


def choose(
    backend: str,
    over: str,
    plan: FabricPlan,
    facts: Mapping[str, HostFacts],
    judged: Optional[Sequence[JudgedLink]] = None,
) -> Choice:
    """The backend that was asked for, or for "auto" the best one that cables and RDMA allow.

    :param judged: the cables of the plan judged for RDMA, in the plan's order; needed where ``asks_for_rdma`` says so.
    :raises TopologyError: what is asked for is not possible here; the message names hosts and cables.
    """
    if over == "ethernet":
        return _over_ethernet(backend, plan)
    if backend in RDMA_BACKENDS:
        return _by_rdma(backend, plan, judged or ())
    if backend == "auto" and len(plan.hosts) > 1:
        return _best(over, plan, judged or ())
    if backend == "auto":
        return _ring(over, plan, "a host alone needs no other")
    asked = "asked for" if backend == "ring" else "nobody asked for another (thunderbolt_net_backend)"
    return _ring(over, plan, asked + _hint(plan, facts))


def _over_ethernet(backend: str, plan: FabricPlan) -> Choice:
    if backend in RDMA_BACKENDS:
        raise TopologyError(
            "the backend {0} needs Thunderbolt cables, and Ethernet is asked for".format(backend),
            "ask for one of the two only: thunderbolt_net_backend or thunderbolt_net_over",
        )
    return Choice(plan, "ethernet", "ring", "Ethernet is asked for, and only the ring goes over it", plan.warnings)


def _by_rdma(backend: str, plan: FabricPlan, judged: Sequence[JudgedLink]) -> Choice:
    why_not = _why_no_rdma(backend, plan, judged)
    if why_not is not None:
        raise why_not
    return _with_rdma(backend, plan, judged, "asked for, and every cable that it uses is ready for RDMA")


def _best(over: str, plan: FabricPlan, judged: Sequence[JudgedLink]) -> Choice:
    """The order of ``mlx.distributed_config``: a mesh by RDMA, a ring by RDMA, a ring by TCP; then Ethernet."""
    if _why_no_rdma("jaccl", plan, judged) is None:
        reason = "the best there is here: every two hosts are joined by a Thunderbolt 5 cable that is ready for RDMA"
        return _with_rdma("jaccl", plan, judged, reason)
    if _why_no_rdma("jaccl-ring", plan, judged) is None:
        reason = (
            "the best there is here: the cables that are ready for RDMA join the hosts into a ring, but not every two"
        )
        return _with_rdma("jaccl-ring", plan, judged, reason)
    unfit = obstacles(judged)
    why_not = _few(unfit) if unfit else "the cables that are ready for RDMA join no ring of all hosts"
    return _ring(over, plan, "the best there is here, as RDMA is not possible: " + why_not)


def _with_rdma(backend: str, plan: FabricPlan, judged: Sequence[JudgedLink], reason: str) -> Choice:
    left_out = tuple("left out of {0}: {1}".format(backend, cable.words()) for cable in judged if not cable.counts)
    if backend == "jaccl-ring":
        plan = replace(plan, order=_ring_of(plan, judged))
    return Choice(plan, "thunderbolt", backend, reason, plan.warnings + left_out)


def _why_no_rdma(backend: str, plan: FabricPlan, judged: Sequence[JudgedLink]) -> Optional[TopologyError]:
    """Why the cables that count do not make what the backend needs; None if they do. One host alone needs none."""
    hosts = [host.host for host in plan.hosts]
    if len(hosts) < 2:
        return TopologyError("{0} needs two hosts or more".format(backend), "use the backend ring for a single host")
    usable = [cable.link for cable in judged if cable.counts]
    if backend == "jaccl":
        return _why_no_mesh(hosts, usable, judged)
    if _ring_of(plan, judged):
        return None
    unfit = obstacles(judged)
    if not unfit:
        why = no_ring(hosts, usable)
        return TopologyError("jaccl-ring is not possible: {0}".format(why.message), why.hint)
    return TopologyError(
        "jaccl-ring needs a ring of cables that are ready for RDMA, and there is none; {0}".format(_few(unfit)),
        "mend what is named, or use the backend ring",
    )


def _why_no_mesh(hosts: Sequence[str], usable: Sequence[Link], judged: Sequence[JudgedLink]) -> Optional[TopologyError]:
    ready = {frozenset(link.hosts) for link in usable}
    if len(ready) == len(hosts) * (len(hosts) - 1) // 2:
        return None
    cabled = {frozenset(cable.link.hosts) for cable in judged}
    unfit = obstacles([cable for cable in judged if frozenset(cable.link.hosts) not in ready])
    bare = ["{0} and {1}".format(*pair) for pair in combinations(hosts, 2) if frozenset(pair) not in cabled]
    said = (["there is none between {0}".format(_few(bare, ", "))] if bare else []) + ([_few(unfit)] if unfit else [])
    return TopologyError(
        "jaccl needs a cable that is ready for RDMA between every two hosts; {0}".format("; ".join(said)),
        "mend what is named, or use the backend ring" if unfit else "add it, or use the backend jaccl-ring or ring",
    )


def _ring_of(plan: FabricPlan, judged: Sequence[JudgedLink]) -> Tuple[str, ...]:
    """The hosts in an order in which neighbours share a cable that counts: the plan's own where it will do."""
    links = [cable.link for cable in judged if cable.counts]
    joined = {frozenset(link.hosts) for link in links}
    neighbours = (frozenset((plan.order[rank - 1], host)) for rank, host in enumerate(plan.order))
    if all(pair in joined for pair in neighbours):
        return plan.order
    return ring_order([host.host for host in plan.hosts], links)


def _ring(over: str, plan: FabricPlan, reason: str) -> Choice:
    """The ring over TCP: over the cables if they join all hosts, else over Ethernet if that was left open."""
    why_not = _why_no_cables(plan)
    if not why_not:
        return Choice(plan, "thunderbolt", "ring", reason, plan.warnings)
    if over == "thunderbolt":
        raise TopologyError(why_not, "plug the cables in, or set thunderbolt_net_over to auto to go over Ethernet")
    others = tuple(warning for warning in plan.warnings if warning != why_not)
    falling_back = "{0}; the hostfile goes over Ethernet, and the Thunderbolt ports are left alone".format(why_not)
    return Choice(plan, "ethernet", "ring", "over Ethernet, as " + why_not, (*others, falling_back))


def _why_no_cables(plan: FabricPlan) -> str:
    """Why the cables make no ring of all hosts, "" if they do. One host needs no cables."""
    if len(plan.hosts) < 2:
        return ""
    if plan.shape == "none":
        return "no Thunderbolt cable joins two of the hosts"
    if plan.shape == "partial":
        return no_ring([host.host for host in plan.hosts], plan.links).message
    return ""


def _hint(plan: FabricPlan, facts: Mapping[str, HostFacts]) -> str:
    """Whoever asked for the ring may not know that his Macs offer more."""
    ends = [(link.a.host, link.a.receptacle) for link in plan.links] + [
        (link.b.host, link.b.receptacle) for link in plan.links
    ]
    offered = {
        (host, port.receptacle)
        for host in facts
        for port in facts[host].ports
        if any(peer.rdma_service for peer in port.peers)
    }
    if not ends or not all(end in offered for end in ends):
        return ""
    return "; the hosts offer RDMA at every cable, so that jaccl may be possible: see with thunderbolt_net_backend=auto"


def _few(sentences: Sequence[str], joint: str = "; ") -> str:
    more = len(sentences) - _MOST_REASONS
    return joint.join(sentences[:_MOST_REASONS]) + (" and {0} more".format(more) if more > 0 else "")
