#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.thunderbolt_facts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: thunderbolt_facts
short_description: Reads the Thunderbolt ports, cables, bridges and addresses of a host
version_added: 0.1.0
description:
  - Reads which Thunderbolt receptacles a host has, which network interface and network service belongs to each,
    what is plugged in, which bridge holds it and which addresses it carries.
  - Needs no privileges and changes nothing.
  - Notes too how the host is reached - user, address and port as the connection of this very task has them, wherever
    they were said (inventory, play, role, C(ansible.cfg), environment or command line). M(boltloom.cluster.hostfile)
    writes them for the launcher.
  - On macOS it asks C(system_profiler), C(networksetup), C(ifconfig), C(netstat), C(sw_vers), C(sysctl), C(pmset) and
    C(socketfilterfw); on Linux it reads sysfs, asks C(ip), and C(nmcli) or the files of systemd-networkd for who
    configures the ports.
  - Ends within 90 seconds on macOS whatever hangs. A command that fails costs the facts that it alone gives, and is
    named in RV(thunderbolt.warnings); without C(system_profiler), C(ifconfig) and the lists of hardware ports and of
    services the task fails and names the command.
options:
  rdma:
    description: Ask what the ports can do by RDMA as well, as M(boltloom.cluster.rdma_facts) does.
    type: bool
    default: false
  management_address:
    description: Address of this host for ssh and rendezvous; empty to let M(boltloom.cluster.hostfile) find one.
    type: str
    default: ""
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.facts
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.fabric_plan
  - module: boltloom.cluster.rdma_facts
"""

EXAMPLES = r"""
- name: Look at the cables
  boltloom.cluster.thunderbolt_facts:

- name: Look at the cables, and at what they can do by RDMA
  boltloom.cluster.thunderbolt_facts:
    rdma: true
"""

RETURN = r"""
thunderbolt:
  description: What was read.
  returned: success
  type: dict
  contains:
    schema:
      description: Version of this form.
      type: int
    system:
      description: V(macos) or V(linux).
      type: str
    hostname:
      description: Name of the host as it knows itself.
      type: str
    model:
      description: Model identifier, such as V(Mac15,14).
      type: str
    os_version:
      description: Version of the system; empty if not known.
      type: str
    os_build:
      description: Build of macOS, or the kernel of Linux.
      type: str
    ports:
      description: The Thunderbolt ports by receptacle.
      type: list
      elements: dict
      contains:
        receptacle:
          description: Number of the receptacle, the N of Thunderbolt N.
          type: int
        device:
          description: Network interface of the port; empty if the system made none.
          type: str
        uid:
          description: Identity of the port that survives a reboot; empty if not known.
          type: str
        domain_uuid:
          description: Identity of the port that is new at each boot; peers name each other by it.
          type: str
        speed_gbps:
          description: Speed of the link in Gb/s; 0 when nothing is connected.
          type: int
        capable_gbps:
          description: What the port can do in Gb/s; 0 if the system does not say, as while something is connected.
          type: int
        peers:
          description: What is plugged in, and what hangs behind that.
          type: list
          elements: dict
          contains:
            kind:
              description: V(host) or V(device) (a dock, a drive, a display).
              type: str
            name:
              description: Its name as the system prints it.
              type: str
            model:
              description: Model identifier of a host; empty for a device.
              type: str
            domain_uuid:
              description: Identity of the port at the other end, in this boot; empty for a device.
              type: str
            rdma_service:
              description: Whether the host at the other end offers RDMA; null if that is not known.
              type: bool
            depth:
              description: Behind how many hubs or docks it is; 0 is directly at the cable.
              type: int
        bridge:
          description: The bridge that holds the port now; empty if none does.
          type: str
        up:
          description: Whether the interface has a link.
          type: bool
        mac:
          description: Hardware address; empty if not known.
          type: str
        mtu:
          description: Largest packet of the interface; 0 if not known.
          type: int
        addresses:
          description: IPv4 addresses on the interface now, with the length of their networks.
          type: list
          elements: str
        service:
          description: >-
            The network service in force (macOS), the first enabled one in the order; null if the port
            has none.
          type: dict
          contains: &service
            name:
              description: Name of the network service, exactly as the system has it.
              type: str
            enabled:
              description: Whether it is enabled.
              type: bool
            method:
              description: V(manual), V(dhcp), V(off) or V(other).
              type: str
            address:
              description: The configured IPv4 address, which need not be on the interface now; empty with DHCP.
              type: str
            netmask:
              description: >-
                Its netmask; empty if there is none, or if what somebody typed is no netmask (see
                the warnings).
              type: str
            router:
              description: The configured router, or with DHCP that of the lease.
              type: str
            dns:
              description: Name servers that were set by hand.
              type: list
              elements: str
            ipv6:
              description: V(automatic), V(link-local), V(manual) or V(off); empty if not known.
              type: str
        services:
          description: All network services of the port in their order (macOS).
          type: list
          elements: dict
          contains: *service
        lease:
          description: Address that a DHCP server at the other end of the cable handed out; empty if none did.
          type: str
        neighbours:
          description: MAC addresses heard at the other end of the cable (Linux).
          type: list
          elements: str
        configuration:
          description: What the network manager applies to the interface now (Linux); empty if not known.
          type: str
    bridges:
      description: Bridges that have, or at the next boot will have, Thunderbolt ports as members.
      type: list
      elements: dict
      contains:
        device:
          description: Name of the bridge.
          type: str
        up:
          description: Whether it is up.
          type: bool
        members:
          description: Its members now.
          type: list
          elements: str
        configured:
          description: Members that the next boot gives it (macOS).
          type: list
          elements: str
        service:
          description: Its network service; null if it has none.
          type: dict
          contains: *service
        addresses:
          description: IPv4 addresses on the bridge now, with the length of their networks.
          type: list
          elements: str
    nics:
      description: Addresses of the other interfaces, by which the host may be reached.
      type: list
      elements: dict
      contains:
        device:
          description: Name of the interface.
          type: str
        address:
          description: One of its IPv4 addresses, with the length of its network.
          type: str
        kind:
          description: V(ethernet), V(wifi), V(vpn) or V(other).
          type: str
    routes:
      description: Pairs of a network and the interface that it is reached by.
      type: list
      elements: list
    warnings:
      description: What was odd or could not be read, one sentence each.
      type: list
      elements: str
    applied:
      description: The ports as this collection configured them last.
      type: list
      elements: dict
      contains:
        receptacle:
          description: The N of Thunderbolt N.
          type: int
        device:
          description: Network interface of the port.
          type: str
        address:
          description: IPv4 address of this end.
          type: str
        prefix:
          description: Length of its network.
          type: int
        peer:
          description: Host at the other end.
          type: str
        peer_address:
          description: IPv4 address of the other end.
          type: str
        service:
          description: Name of our network service on this port.
          type: str
        uid:
          description: Lasting identity of the port; empty if not known.
          type: str
        peer_receptacle:
          description: Receptacle of the other end; 0 if not known.
          type: int
        peer_device:
          description: Network interface of the other end; empty if not known.
          type: str
        speed_gbps:
          description: Speed of the cable when it was planned, in Gb/s; 0 if not known.
          type: int
    unfinished:
      description: One sentence on a change that was begun and neither finished nor undone; empty if there is none.
      type: str
    ssh_address:
      description: Address of the host that the connection of this run uses; empty if it is not ssh.
      type: str
    boot:
      description: New at each boot; empty if not known.
      type: str
    location:
      description: The current network location (macOS).
      type: str
    manager:
      description: >-
        Who keeps the addresses of the ports on Linux, V(networkmanager), V(networkd), V(udev) or V(none);
        empty on macOS.
      type: str
    config:
      description: Files of this collection on the host that keep addresses over a reboot (Linux).
      type: list
      elements: dict
      contains:
        path:
          description: Where the file is on the host.
          type: str
        text:
          description: What is in it.
          type: str
    foreign:
      description: Other programs that manage Thunderbolt networking on this host, in words.
      type: list
      elements: str
    sleeps_after_minutes:
      description: Minutes until the host sleeps; 0 is never, -1 not known.
      type: int
    firewall:
      description: V(on) or V(off); empty if not known.
      type: str
    memory_bytes:
      description: Memory in bytes; 0 if not known.
      type: int
    wired_limit_mb:
      description: The wired-memory limit C(iogpu.wired_limit_mb); 0 is the default of the system, -1 not known.
      type: int
  sample:
    schema: 1
    system: macos
    hostname: mac1
    model: Mac15,14
    os_version: "26.3"
    ports: []
rdma:
  description: See RV(boltloom.cluster.rdma_facts#module:rdma).
  returned: when O(rdma) is set
  type: dict
reach:
  description: How the host is reached.
  returned: success
  type: dict
  contains:
    ssh:
      description: What ssh is called with - HOST, USER@HOST, or ssh://USER@HOST:PORT.
      type: str
    management_address:
      description: The given address, empty for none.
      type: str
ansible_facts:
  description: What was read, as facts of the host.
  returned: success
  type: dict
  contains:
    boltloom_thunderbolt:
      description: See RV(thunderbolt).
      returned: success
      type: dict
    boltloom_rdma:
      description: See RV(rdma).
      returned: when O(rdma) is set
      type: dict
    boltloom_reach:
      description: See RV(reach).
      returned: success
      type: dict
"""

from ..module_utils._fabric import codec
from ..module_utils._host import probe
from ..module_utils._host.commands import run
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "rdma": {"type": "bool", "default": False},
    "management_address": {
        "type": "str",
        "default": "",
    },  # the action plugin notes it; the host has nothing to do with it
}


def body(params, check_mode):
    """Read, and give what was read twice: as a result and as facts."""
    facts = probe.read_facts()
    found = {"thunderbolt": codec.facts_to_dict(facts)}
    if params["rdma"]:
        from ..module_utils._host import rdma  # not a small part, and most do without it

        found["rdma"] = codec.rdma_to_dict(rdma.read(run, "/", facts))
    return {"changed": False, "ansible_facts": {"boltloom_" + name: said for name, said in found.items()}, **found}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
