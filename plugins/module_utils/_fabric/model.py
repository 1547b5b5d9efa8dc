# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The nouns of the fabric: what a host has, and what the plan wants of it.

Everything here is a frozen value. Parsers make :class:`HostFacts`, the planner
makes :class:`FabricPlan` out of them, and ``diff`` compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple


@dataclass(frozen=True)
class Peer:
    """What is plugged in at the other end of a cable."""

    kind: str  # "host" or "device" (a dock, a drive, a display)
    name: str  # marketing name as the system prints it
    model: str = ""  # model identifier of a host ("Mac15,14"), "" for a device
    domain_uuid: str = ""  # upper case; equals the domain_uuid of the port at the other end. "" for a device
    rdma_service: Optional[bool] = False  # the peer offers RDMA (protocol 64087), which is necessary, not sufficient;
    # None: what it offers is not known
    depth: int = 0  # 0: directly at the cable; n: behind n hubs or docks


@dataclass(frozen=True)
class Service:
    """A macOS network service: the persistent half of an interface's configuration."""

    name: str
    enabled: bool
    method: str  # "manual", "dhcp", "off" or "other"
    address: str = ""  # configured IPv4 address, which need not be on the interface
    netmask: str = ""
    router: str = ""  # configured, or with DHCP the lease's: on a cable a router is a danger, its host hands out leases
    dns: Tuple[str, ...] = ()  # name servers set by hand
    ipv6: str = ""  # "automatic", "link-local", "manual", "off"; "" if not known


@dataclass(frozen=True)
class Port:
    """A Thunderbolt receptacle of a host."""

    receptacle: int  # the N of "Thunderbolt N"
    device: str  # network interface ("en2", "thunderbolt0"); "" if the system made none
    uid: str  # identity that survives a reboot (switch_uid_key, Linux unique_id of the controller)
    domain_uuid: str  # upper case; identity that is new at each boot
    speed_gbps: int = 0  # negotiated speed of the link, 0 when nothing is connected
    capable_gbps: int = 0  # what the port can do, 0 if unknown
    peers: Tuple[Peer, ...] = ()
    bridge: str = ""  # bridge that this port is a member of now, "" if none
    up: bool = False  # the interface reports a link ("status: active")
    mac: str = ""
    mtu: int = 0
    addresses: Tuple[str, ...] = ()  # IPv4 on the interface now, as "a.b.c.d/len"
    service: Optional[Service] = None  # the one in force: the first enabled one in the order, else the first
    services: Tuple[Service, ...] = ()  # all of this port, in the order of the system (macOS)
    lease: str = ""  # address that a DHCP server at the other end handed out ("a.b.c.d"), "" if none
    neighbours: Tuple[str, ...] = ()  # MAC addresses heard at the other end of the cable (Linux)
    configuration: str = ""  # Linux: what the manager applies to it now, a connection's UUID or a .network file


@dataclass(frozen=True)
class Bridge:
    """A bridge that has, or at the next boot will have, Thunderbolt ports as members."""

    device: str  # "bridge0"
    up: bool
    members: Tuple[str, ...]  # now, Thunderbolt ports and others
    configured: Tuple[str, ...] = ()  # members that come back at the next boot (preferences)
    service: Optional[Service] = None
    addresses: Tuple[str, ...] = ()  # IPv4 on the bridge itself now, as "a.b.c.d/len"


@dataclass(frozen=True)
class Nic:
    """An interface that is not a Thunderbolt port, with one of its IPv4 addresses."""

    device: str
    address: str  # "a.b.c.d/len"
    kind: str = "ethernet"  # "ethernet", "wifi", "vpn" or "other"


@dataclass(frozen=True)
class WantPort:
    """What the plan wants of one port."""

    receptacle: int
    device: str
    address: str  # "a.b.c.d"
    prefix: int  # 30
    peer: str  # host at the other end
    peer_address: str
    service: str  # name of our own network service on this port
    uid: str = ""  # the port's lasting identity, so that a plan cannot be applied to the wrong host; "" if not known
    peer_receptacle: int = 0  # the other end of the cable, to name it; 0 if not known
    peer_device: str = ""
    speed_gbps: int = 0  # of the cable when it was planned, 0 if not known


@dataclass(frozen=True)
class ConfigFile:
    """A file of our own that keeps a port's address over a reboot (Linux)."""

    path: str  # as the host sees it
    text: str


@dataclass(frozen=True)
class HostFacts:
    """What the module ``thunderbolt_facts`` read on one host. Nothing in it was guessed."""

    system: str  # "macos" or "linux"
    hostname: str
    model: str
    os_version: str
    os_build: str
    ports: Tuple[Port, ...]
    bridges: Tuple[Bridge, ...] = ()
    nics: Tuple[Nic, ...] = ()  # candidates for the management address
    routes: Tuple[Tuple[str, str], ...] = ()  # (network "a.b.c.d/len", device), for overlap checks
    warnings: Tuple[str, ...] = ()
    # What this collection did here before, from its own state on the host.
    applied: Tuple[WantPort, ...] = ()  # the ports as they were configured last
    unfinished: str = ""  # one sentence on a change that was begun and neither finished nor undone, "" if none
    # How this host is reached and kept.
    ssh_address: str = ""  # address of this host that the connection of this very run uses, "" if it is no ssh
    boot: str = ""  # new at each boot: two probes with different ones saw different identities of the ports
    location: str = ""  # current network location (macOS)
    manager: str = ""  # who keeps the ports' addresses on Linux: "networkmanager", "networkd", "udev" (nobody manages
    # them, and a rule of ours can) or "none" (a reboot loses them); "" on macOS
    config: Tuple[ConfigFile, ...] = ()  # our own files that are there (Linux)
    foreign: Tuple[str, ...] = ()  # other programs that manage Thunderbolt networking here, in words
    sleeps_after_minutes: int = -1  # 0 never, -1 not known
    firewall: str = ""  # "on", "off", "" if not known
    memory_bytes: int = 0
    wired_limit_mb: int = -1  # iogpu.wired_limit_mb, 0 is the system's own default, -1 not known


@dataclass(frozen=True)
class Gid:
    """One entry of an RDMA port's table of global identifiers."""

    index: int  # its place in the table: what a queue pair is told
    address: str  # IPv6 in its short spelling; an IPv4 address of the interface stands there as "::ffff:a.b.c.d"


@dataclass(frozen=True)
class RdmaDevice:
    """One port of one device of ``ibv_devinfo -v`` (macOS) or ``/sys/class/infiniband`` (Linux)."""

    name: str  # "rdma_en2", "usb4_rdma0"
    port: int  # verbs port number, 0 if only the device is known
    active: bool
    gids: Tuple[Gid, ...] = ()
    state: str = ""  # in the system's word: "PORT_ACTIVE", "PORT_DOWN", ...; "" if not known
    device: str = ""  # the network interface that it lies on ("en2"), "" if not known
    guid: str = ""  # of the node: 16 hexadecimal digits, lower case
    max_qp: int = 0  # queue pairs that it can have, 0 if not known


@dataclass(frozen=True)
class RdmaFacts:
    """What the module ``rdma_facts`` read on one host."""

    switch: str  # rdma_ctl status: "enabled", "disabled", "absent" (there is no rdma_ctl) or "failed"
    devices: Tuple[RdmaDevice, ...]
    verdict: str  # one of rdma_ends.VERDICTS, judged without knowing the other hosts
    reason: str  # one sentence: why, and what to do
    problems: Tuple[str, ...] = ()  # what commands that failed or were not understood said


@dataclass(frozen=True)
class End:
    """One end of a cable."""

    host: str  # inventory name
    receptacle: int
    device: str
    uid: str
    address: str = ""  # "a.b.c.d", set by addressing


@dataclass(frozen=True)
class Link:
    """A cable between two hosts, with the network that it carries. ``a`` sorts before ``b``."""

    a: End
    b: End
    rail: int  # k-th cable between the same two hosts, the same number seen from both ends
    speed_gbps: int
    network: str = ""  # "a.b.c.d/30"

    @property
    def hosts(self) -> Tuple[str, str]:
        """The two hosts, sorted."""
        return (self.a.host, self.b.host)

    def end(self, host: str) -> End:
        """The end at ``host``. :raises KeyError: the link does not touch it."""
        if host == self.a.host:
            return self.a
        if host == self.b.host:
            return self.b
        raise KeyError(host)

    def other(self, host: str) -> End:
        """The end that is not at ``host``. :raises KeyError: the link does not touch it."""
        if host == self.a.host:
            return self.b
        if host == self.b.host:
            return self.a
        raise KeyError(host)


@dataclass(frozen=True)
class HostPlan:
    """What one host shall look like."""

    host: str
    ports: Tuple[WantPort, ...]


@dataclass(frozen=True)
class FabricPlan:
    """What all hosts shall look like, and in which order the ranks stand."""

    order: Tuple[str, ...]  # hosts in rank order (ring order where a ring exists)
    links: Tuple[Link, ...]
    hosts: Tuple[HostPlan, ...]
    shape: str  # "mesh", "ring", "pair", "none" (no usable cables) or "partial" (cabled, but neither)
    missing: Tuple[Tuple[str, str], ...] = ()  # pairs of hosts whose cable a full mesh would need
    warnings: Tuple[str, ...] = ()
