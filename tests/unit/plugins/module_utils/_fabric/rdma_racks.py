# SPDX-License-Identifier: Apache-2.0
"""What the hosts of a rack say of RDMA, made from a plan: all that planned cables need, for tests to take away from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import rdma_links
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid, RdmaDevice, RdmaFacts
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma import rdma_verdict
from unit.plugins.module_utils._fabric.racks import change_port, port_of

if TYPE_CHECKING:
    from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan, HostFacts


def device(interface: str, address: str = "", state: str = "PORT_ACTIVE") -> RdmaDevice:
    """The RDMA device of a port, with the GIDs that an address makes."""
    gids = [Gid(0, "fe80::3400:ff:fe00:80")] + ([Gid(1, f"::ffff:{address}")] if address else [])
    return RdmaDevice(f"rdma_{interface}", 1, state == "PORT_ACTIVE", tuple(gids), state, interface)


def addressed(plan: FabricPlan, facts: dict[str, HostFacts]) -> dict[str, RdmaFacts]:
    """Every host after addressing, with everything in order."""
    planned = {(host.host, port.device): port.address for host in plan.hosts for port in host.ports}
    return {
        host: judged_anew(
            facts[host],
            tuple(
                device(port.device, planned.get((host, port.device), ""), "PORT_ACTIVE" if port.peers else "PORT_DOWN")
                for port in facts[host].ports
            ),
        )
        for host in facts
    }


def judged_anew(facts: HostFacts, devices: tuple[RdmaDevice, ...], switch: str = "enabled") -> RdmaFacts:
    """With the verdict that the host itself comes to."""
    return rdma_verdict(facts, switch, devices)


def change_device(
    rdma: dict[str, RdmaFacts], facts: dict[str, HostFacts], host: str, interface: str, changed: RdmaDevice | None
) -> None:
    """Put another device on an interface, or none, and let the host judge anew."""
    others = [old for old in rdma[host].devices if old.device != interface]
    rdma[host] = judged_anew(facts[host], (*others, *([changed] if changed else [])))


def recable(facts: dict[str, HostFacts], host: str, receptacle: int, gbps: int) -> None:
    """Let a cable's end at this host have another speed."""
    change_port(facts, host, replace(port_of(facts, host, receptacle), speed_gbps=gbps))


def unbridge(facts: dict[str, HostFacts]) -> None:
    """Take every port out of the bridge, as configuring does."""
    for host in facts:
        for port in facts[host].ports:
            change_port(facts, host, replace(port, bridge=""))


def judged(facts: dict[str, HostFacts], rdma: dict[str, RdmaFacts] | None = None, settled: bool = True):
    """(plan, its cables judged)"""
    plan = make_plan(facts, PlanOptions())
    return plan, rdma_links.judge_links(plan, facts, rdma or addressed(plan, facts), settled)
