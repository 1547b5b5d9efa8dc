# SPDX-License-Identifier: Apache-2.0
"""Who will connect to whom when the ranks run, and over which cable: what is tried before they do."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Hostfile

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.backends import Plan, backend


class Way(NamedTuple):
    """A connection between two hosts."""

    source: int
    target: int
    address: str
    port: int


def ways(plan: Plan, machines: Sequence[str]) -> list[Way]:
    """Each once. ``plan`` has its ports; hosts with the same entry in ``machines`` are one computer."""
    found = [
        Way(source, target, address, port) for target, address, port, sources in _listeners(plan) for source in sources
    ]
    apart = [way for way in found if machines[way.source] != machines[way.target]]
    return list({(way.source, way.target, way.address): way for way in reversed(apart)}.values())[::-1]


def _listeners(plan: Plan) -> list[tuple[int, str, int, list[int]]]:
    """(host, address, port, hosts that connect to it)"""
    hosts = [seat.host for seat in plan.seats]
    address, _, port = plan.coordinator.rpartition(":")
    found = [(hosts[0], address.strip("[]"), int(port), sorted(set(hosts)))]
    taken = [0] * len(hosts)
    for each in backend(plan.backend).ports(plan):
        port_of = plan.ports[each.rank][taken[each.rank]]
        taken[each.rank] += 1
        # In a ring everybody connects to the next one; elsewhere all others to this one.
        sources = [hosts[each.rank - 1]] if plan.backend == "ring" else sorted(set(hosts))
        found.append((hosts[each.rank], each.address, port_of, sources))
    return found


def cables_of(hostfile: Hostfile) -> tuple[tuple[str, str], ...]:
    """Address -> what people call the cable that it is on. Our key may be somebody else's text."""
    cables = hostfile.boltloom.get("cables")
    found: dict[str, str] = {}
    for cable in cables if isinstance(cables, list) else []:
        ends = cable.get("ends") if isinstance(cable, dict) else None
        ends = [end for end in ends if isinstance(end, dict)] if isinstance(ends, list) else []
        words = [f"{end.get('host')} Thunderbolt {end.get('receptacle')}" for end in ends]
        found.update((str(end["address"]), " = ".join(words)) for end in ends if end.get("address") and len(ends) == 2)
    return tuple(found.items())
