# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Refuses to take apart what carries the connection to a host: before the first change anywhere, in check mode too.

What counts is the address at the host's own end of this very connection, as the host saw it. What the inventory
says is compared too, as far as it is an address: how a name is resolved differs from machine to machine.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, List, Mapping, Optional, Sequence, Tuple

from .errors import TopologyError
from .model import FabricPlan, HostFacts

# The switch of the role, named in the refusal.
SWITCH = "thunderbolt_net_allow_cutting_ssh"


def refuse_to_cut(
    facts: Mapping[str, HostFacts], plan: FabricPlan, said: Mapping[str, Sequence[str]], allowed: bool
) -> List[str]:
    """Compare how each host is reached with what the plan changes on it.

    ``said`` is what the inventory says of the hosts; names among it are passed over. Returns warnings.

    :raises TopologyError: a host would be cut off, and that is not allowed. All such hosts are named.
    """
    endangered: List[str] = []
    for wanted in plan.hosts:
        host = facts.get(wanted.host)
        if host is None or not wanted.ports:
            continue
        changed = _changed_devices(host, {port.device for port in wanted.ports})
        found = _carrier(host, changed, (host.ssh_address, *said.get(wanted.host, ())))
        if found is not None:
            endangered.append(_sentence(wanted.host, host, *found))
    if not endangered:
        return []
    if allowed:
        return [
            "{0}, and will be cut off if what comes after does not answer there".format(words) for words in endangered
        ]
    raise TopologyError(
        "; ".join(endangered),
        "reach these hosts over Ethernet or Wi-Fi (ansible_host in the inventory): configuring would cut them off. "
        "{0}=true does it nevertheless, one host after the other".format(SWITCH),
    )


def carriers(host: HostFacts, devices: Iterable[str], reached: Iterable[str]) -> str:
    """In words which of the addresses that a host is reached at is on one of these devices, "" if none is."""
    found = _carrier(host, set(devices), reached)
    return "" if found is None else "{0} on {1}".format(*found)


def _changed_devices(host: HostFacts, planned: "set[str]") -> "set[str]":
    """The planned ports, and the bridges that would lose them."""
    bridges = {bridge.device for bridge in host.bridges if planned & (set(bridge.members) | set(bridge.configured))}
    return planned | bridges


def _carrier(host: HostFacts, devices: "set[str]", reached: Iterable[str]) -> Optional[Tuple[str, str]]:
    """(address, device) of the first of these addresses that is on one of these devices."""
    held = {_address(text): device for device, addresses in _addresses(host) if device in devices for text in addresses}
    for text in reached:
        address, _percent, zone = text.partition("%")
        if zone in devices:  # an IPv6 address with the interface that it is on
            return address, zone
        if _address(address) is not None and _address(address) in held:
            return address, held[_address(address)]
    return None


def _addresses(host: HostFacts) -> Iterable[Tuple[str, Tuple[str, ...]]]:
    for port in host.ports:
        configured = tuple(service.address for service in port.services if service.enabled and service.address)
        yield port.device, port.addresses + configured
    for bridge in host.bridges:
        yield bridge.device, bridge.addresses


def _address(text: str) -> "ipaddress.IPv4Address | ipaddress.IPv6Address | None":
    """ "a.b.c.d/len", "a.b.c.d", an IPv6 address or one that is mapped; None for a name."""
    try:
        address = ipaddress.ip_address(text.split("/")[0].split("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _sentence(name: str, host: HostFacts, address: str, device: str) -> str:
    words = "{0} is reached at {1}, which is on {2}".format(name, address, _where(host, device))
    others = [nic for nic in host.nics if nic.kind in ("ethernet", "wifi")]
    if others:
        words += " (it also has {0})".format(
            ", ".join("{0} on {1}".format(nic.address.split("/")[0], nic.device) for nic in others)
        )
    return words


def _where(host: HostFacts, device: str) -> str:
    for port in host.ports:
        if port.device == device:
            return "its Thunderbolt {0} ({1})".format(port.receptacle, device)
    return "its bridge {0} of Thunderbolt ports".format(device)
