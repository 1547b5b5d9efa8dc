# SPDX-License-Identifier: Apache-2.0
"""Facts of whole racks, made from a list of cables: what the planner's tests plan for.

A new Mac Studio looks like this: every Thunderbolt port in bridge0, a service on the bridge and none on
the ports, Ethernet on en0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import (
    Bridge,
    HostFacts,
    Nic,
    Peer,
    Port,
    Service,
)

if TYPE_CHECKING:
    Cable = tuple[str, int, str, int]  # host, receptacle, host, receptacle

PAIR: Sequence[Cable] = [("mac1", 1, "mac2", 1)]
PAIR_TWO_CABLES: Sequence[Cable] = [("mac1", 1, "mac2", 2), ("mac1", 2, "mac2", 1)]
MESH_OF_FOUR: Sequence[Cable] = [
    ("mac1", 1, "mac2", 1),
    ("mac1", 2, "mac3", 1),
    ("mac1", 3, "mac4", 1),
    ("mac2", 2, "mac3", 2),
    ("mac2", 3, "mac4", 2),
    ("mac3", 3, "mac4", 3),
]
RING_OF_FOUR: Sequence[Cable] = [
    ("mac1", 2, "mac2", 1),
    ("mac2", 2, "mac3", 1),
    ("mac3", 2, "mac4", 1),
    ("mac4", 2, "mac1", 1),
]
BROKEN_MESH: Sequence[Cable] = [cable for cable in MESH_OF_FOUR if (cable[0], cable[2]) != ("mac2", "mac4")]


def names(count: int) -> tuple[str, ...]:
    """mac1, mac2, ..."""
    return tuple(f"mac{number}" for number in range(1, count + 1))


def full_mesh(count: int) -> Sequence[Cable]:
    """A cable between every two hosts (more ports than any Mac has, for tests of scale)."""
    next_port = {host: iter(range(1, count)) for host in names(count)}
    hosts = names(count)
    return [
        (one, next(next_port[one]), two, next(next_port[two]))
        for index, one in enumerate(hosts)
        for two in hosts[index + 1 :]
    ]


def rack(hosts: Iterable[str], cables: Sequence[Cable], ports: int = 4, boot: int = 1) -> dict[str, HostFacts]:
    """The facts of all hosts, which are called mac1, mac2, ... ``boot`` changes what a reboot changes."""
    known = list(hosts)
    most = max([ports] + [end for cable in cables for end in (cable[1], cable[3])])
    facts = {host: _host(host, int(host[3:]), most, boot) for host in known}
    for one, one_port, two, two_port in cables:
        plug(facts, one, one_port, two, two_port)
        plug(facts, two, two_port, one, one_port)
    return facts


def plug(facts: dict[str, HostFacts], host: str, receptacle: int, other: str, other_receptacle: int, gbps: int = 80):
    """Let ``host`` see ``other``, one way only."""
    uuid = port_of(facts, other, other_receptacle).domain_uuid
    peer = Peer("host", "Mac Studio", model="Mac15,14", domain_uuid=uuid, rdma_service=True)
    seen = port_of(facts, host, receptacle)
    change_port(facts, host, replace(seen, speed_gbps=gbps, capable_gbps=0, up=True, peers=(*seen.peers, peer)))


def port_of(facts: dict[str, HostFacts], host: str, receptacle: int) -> Port:
    """The port, which must be there."""
    return next(port for port in facts[host].ports if port.receptacle == receptacle)


def change_port(facts: dict[str, HostFacts], host: str, port: Port) -> None:
    """Put a changed port in the place of the one with its receptacle."""
    ports = tuple(port if old.receptacle == port.receptacle else old for old in facts[host].ports)
    facts[host] = replace(facts[host], ports=ports)


def unbridged(facts: dict[str, HostFacts]) -> dict[str, HostFacts]:
    """The same hosts once their bridges were taken apart."""
    alone = {host: tuple(replace(port, bridge="") for port in facts[host].ports) for host in facts}
    return {host: replace(facts[host], ports=alone[host], bridges=()) for host in facts}


def hold(facts, host, receptacle, address, netmask="255.255.255.252"):
    service = Service("mine", True, "manual", address, netmask)
    change_port(facts, host, replace(port_of(facts, host, receptacle), service=service))


def _host(name: str, number: int, ports: int, boot: int) -> HostFacts:
    devices = tuple(f"en{receptacle + 1}" for receptacle in range(1, ports + 1))
    bridge_service = Service("Thunderbolt Bridge", enabled=True, method="dhcp")
    return HostFacts(
        system="macos",
        hostname=name,
        model="Mac15,14",
        os_version="26.3",
        os_build="25D125",
        ports=tuple(_port(number, receptacle, boot) for receptacle in range(1, ports + 1)),
        bridges=(Bridge("bridge0", True, devices, devices, bridge_service),),
        nics=(Nic("en0", f"192.168.64.{10 + number}/24"),),
        routes=(("0.0.0.0/0", "en0"), ("127.0.0.0/8", "lo0"), ("192.168.64.0/24", "en0")),
    )


def _port(host: int, receptacle: int, boot: int) -> Port:
    new_at_boot = host * 256 + (receptacle if boot % 2 else 255 - receptacle)  # and in no lasting order
    return Port(
        receptacle=receptacle,
        device=f"en{receptacle + 1}",
        uid=f"0x05ac{0xA0000000 + host * 0x10001:08x}{receptacle - 1:04x}",
        domain_uuid=f"{boot:08X}-0000-4000-8000-{new_at_boot:012X}",
        capable_gbps=120,
        bridge="bridge0",
        mac=f"36:00:00:00:{host:02x}:{receptacle * 4:02x}",
        mtu=1500,
    )
