# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A network of its own for every cable, which stays the same whatever else changes.

The network follows from the lasting identities of the two ports (a hash of their UIDs), not from
the list of hosts, so a subset of the hosts gets the same networks. Where two cables fall on the
same network, the later one in a fixed order moves on to the next free network; what two ends
already agree on is kept before anything else, so such a neighbour never moves later on.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import replace
from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

from .errors import AddressError
from .model import End, HostFacts, Link, Port

PREFIX = 30
_SLOT = 2 ** (32 - PREFIX)
_WIDER_THAN_ANY_LAN = 8  # a shorter prefix is a piece of a default route (a VPN), not a network that a cable could hide

Network = ipaddress.IPv4Network


def give_addresses(links: Sequence[Link], facts: Mapping[str, HostFacts], pool: str) -> Tuple[Link, ...]:
    """The links with their networks and addresses, in the same order.

    :raises AddressError: the pool is no network, is too small, or overlaps a network of a host.
    """
    network = parse_pool(pool)
    refuse_overlaps(facts, network)
    ports = {(host, port.receptacle): port for host in facts for port in facts[host].ports}
    in_order = sorted(links, key=_identity)
    chosen: Dict[Tuple[str, str], Network] = {}
    taken: Set[Network] = _held_elsewhere(links, ports, network)
    for link in in_order:
        held = _held(link, ports, network)
        if held is not None and held not in taken:
            chosen[_identity(link)] = held
            taken.add(held)
    for link in in_order:
        if _identity(link) not in chosen:
            free = _first_free(_identity(link), network, taken)
            chosen[_identity(link)] = free
            taken.add(free)
    return tuple(_addressed(link, chosen[_identity(link)]) for link in links)


def parse_pool(text: str) -> Network:
    """:raises AddressError: not an IPv4 network with room for a cable."""
    try:
        pool = Network(text)
    except ValueError as error:
        raise AddressError(
            "the pool {0!r} is not a network ({1})".format(text, error), "write it as 10.77.0.0/16"
        ) from error
    if pool.prefixlen > PREFIX:
        raise AddressError("the pool {0} has no room for a cable".format(pool), "use a /24 or larger")
    return pool


def refuse_overlaps(facts: Mapping[str, HostFacts], pool: Network) -> None:
    """A cable must not hide a network that a host reaches otherwise.

    :raises AddressError: names the first such host, network and device.
    """
    for host in facts:
        ours = {port.device for port in facts[host].ports} | {bridge.device for bridge in facts[host].bridges}
        used = [(nic.address, nic.device) for nic in facts[host].nics] + list(facts[host].routes)
        for address, device in used:
            network = Network(address, strict=False)
            loops_back = device.startswith("lo")  # macOS lists a route to each of its own addresses there
            if device in ours or loops_back or network.prefixlen < _WIDER_THAN_ANY_LAN:
                continue
            if network.overlaps(pool):
                raise AddressError(
                    "{0} already uses {1} on {2}, which overlaps the pool {3} of the cables".format(
                        host, network, device, pool
                    ),
                    "choose a pool that no host uses",
                )


def _identity(link: Link) -> Tuple[str, str]:
    low, high = sorted((link.a, link.b), key=_end_order)
    return (_end_name(low), _end_name(high))


def _end_order(end: End) -> Tuple[str, str, int]:
    return (end.uid.lower(), end.host, end.receptacle)


def _end_name(end: End) -> str:
    """The UID; where a system reports none, the next best thing that a reboot does not change."""
    return end.uid.lower() or "{0}/{1}".format(end.host, end.receptacle)


def _first_free(identity: Tuple[str, str], pool: Network, taken: Set[Network]) -> Network:
    slots = pool.num_addresses // _SLOT
    digest = hashlib.sha256("|".join(identity).encode("utf-8")).digest()
    first = int.from_bytes(digest[:8], "big") % slots
    base = int(pool.network_address)
    for step in range(slots):
        network = Network((base + (first + step) % slots * _SLOT, PREFIX))
        if network not in taken:
            return network
    raise AddressError("the pool {0} has room for {1} cables only".format(pool, slots), "use a larger pool")


def _addressed(link: Link, network: Network) -> Link:
    low, high = sorted((link.a, link.b), key=_end_order)
    first = {low: str(network[1]), high: str(network[2])}
    return replace(
        link,
        a=replace(link.a, address=first[link.a]),
        b=replace(link.b, address=first[link.b]),
        network=str(network),
    )


def _held(link: Link, ports: Mapping[Tuple[str, int], Port], pool: Network) -> Optional[Network]:
    """The network that both ends already have the right addresses of."""
    low, high = sorted((link.a, link.b), key=_end_order)
    low_networks = _networks(ports.get((low.host, low.receptacle)), 1)
    high_networks = _networks(ports.get((high.host, high.receptacle)), 2)
    common = [network for network in low_networks if network in high_networks and network.subnet_of(pool)]
    return common[0] if common else None


def _held_elsewhere(links: Sequence[Link], ports: Mapping[Tuple[str, int], Port], pool: Network) -> Set[Network]:
    """Networks on ports that this plan does not touch: their cables lead to hosts that are not in it."""
    planned = {(end.host, end.receptacle) for link in links for end in (link.a, link.b)}
    idle = [port for key, port in ports.items() if key not in planned]
    return {
        network for port in idle for number in (1, 2) for network in _networks(port, number) if network.overlaps(pool)
    }


def _networks(port: Optional[Port], number: int) -> List[Network]:
    """The /30 networks in which this port has the address of the given number, configured or in force."""
    if port is None:
        return []
    found = list(port.addresses)
    if port.service is not None and port.service.method == "manual" and port.service.address:
        found.insert(0, "{0}/{1}".format(port.service.address, port.service.netmask or 32))
    networks = []
    for text in found:
        interface = ipaddress.IPv4Interface(text)
        if interface.network.prefixlen == PREFIX and interface.ip == interface.network[number]:
            networks.append(interface.network)
    return networks
