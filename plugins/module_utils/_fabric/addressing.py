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
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from .errors import AddressError
from .model import End, HostFacts, Link, Port, WantPort
from .reported import address_of, configured_on, interface_of, network_of
from .words import shortened

PREFIX = 30
_SLOT = 2 ** (32 - PREFIX)
_WIDER_THAN_ANY_LAN = 8  # a shorter prefix is a piece of a default route (a VPN), not a network that a cable could hide
_FOR_NO_HOST = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")  # no address that a port may be given

Network = ipaddress.IPv4Network
Ends = Tuple[Tuple[str, int], Tuple[str, int]]


def give_addresses(links: Sequence[Link], facts: Mapping[str, HostFacts], pool: str) -> Tuple[Link, ...]:
    """The links with their networks and addresses, in the same order.

    :raises AddressError: the pool is no network, is too small, or overlaps a network of a host.
    """
    network = parse_pool(pool)
    refuse_overlaps(facts, network)
    in_order = sorted(links, key=lambda link: (_identity(link), _ends(link)))
    known = _Known(facts, links, network)
    chosen: Dict[Ends, int] = {}
    taken: Set[int] = set()
    for link in in_order:  # what two ends agree on comes first
        held = known.held(link)
        if held is not None and held not in taken:
            chosen[_ends(link)] = held
            taken.add(held)
    taken |= known.idle
    _refuse_too_many(len(links) - len(chosen), network, taken)
    for link in in_order:
        if _ends(link) not in chosen:
            chosen[_ends(link)] = _first_free(_identity(link), network, taken)
            taken.add(chosen[_ends(link)])
    return tuple(_addressed(link, network, chosen[_ends(link)]) for link in links)


def parse_pool(text: str) -> Network:
    """:raises AddressError: not an IPv4 network with room for a cable, or one that no host may have addresses of."""
    try:
        pool = Network(text)
    except ValueError as error:
        raise AddressError(
            "the pool {0!r} is not a network ({1})".format(text, error), "write it as 10.77.0.0/16"
        ) from error
    if pool.prefixlen > PREFIX:
        raise AddressError("the pool {0} has no room for a cable".format(pool), "use a /24 or larger")
    if any(pool.overlaps(Network(special)) for special in _FOR_NO_HOST):
        raise AddressError(
            "the pool {0} has addresses that no port may be given".format(pool), "use a private one, as 10.77.0.0/16"
        )
    return pool


def refuse_overlaps(facts: Mapping[str, HostFacts], pool: Network) -> None:
    """A cable must not hide a network that a host reaches otherwise. What is no network was reported elsewhere.

    :raises AddressError: names the first such host, network and device.
    """
    for host in facts:
        ours = {port.device for port in facts[host].ports} | {bridge.device for bridge in facts[host].bridges}
        used = [(nic.address, nic.device) for nic in facts[host].nics] + list(facts[host].routes)
        for address, device in used:
            network = network_of(address)
            loops_back = device.startswith("lo")  # macOS lists a route to each of its own addresses there
            if network is None or device in ours or loops_back or network.prefixlen < _WIDER_THAN_ANY_LAN:
                continue
            if network.overlaps(pool):
                raise AddressError(
                    "{0} already uses {1} on {2}, which overlaps the pool {3} of the cables".format(
                        shortened(host), network, shortened(device), pool
                    ),
                    "choose a pool that no host uses",
                )


class _Known:
    """The networks of the pool that ports already have, as numbers of its /30 networks."""

    def __init__(self, facts: Mapping[str, HostFacts], links: Sequence[Link], pool: Network) -> None:
        self._pool = pool
        self._applied = {(host, want.receptacle): want for host in facts for want in facts[host].applied}
        planned = {key for link in links for key in _ends(link)}
        ports = {(host, port.receptacle): port for host in facts for port in facts[host].ports}
        self._of_port = {key: self._networks(key, port) for key, port in ports.items()}
        self._beside: Dict[str, Set[int]] = {}
        for (host, receptacle), found in self._of_port.items():
            if (host, receptacle) not in planned:
                mine = self._beside.setdefault(host, set())
                mine.update(slot for slot, _number in found)
                mine.update(self._covered(ports[host, receptacle]))

    @property
    def idle(self) -> Set[int]:
        """On ports that this plan does not touch: their cables lead to hosts that are not in it."""
        return {slot for found in self._beside.values() for slot in found}

    def held(self, link: Link) -> Optional[int]:
        """The network that both ends have the right addresses of, and that no idle port of these two hosts has."""
        low, high = sorted((link.a, link.b), key=_end_order)
        at_high = self._of_port.get((high.host, high.receptacle), [])
        beside = self._beside.get(low.host, set()) | self._beside.get(high.host, set())
        for slot, number in self._of_port.get((low.host, low.receptacle), []):
            if number == 1 and (slot, 2) in at_high and slot not in beside:
                return slot
        return None

    def _networks(self, key: Tuple[str, int], port: Port) -> List[Tuple[int, int]]:
        """(number of the network, number of the address in it): configured, in force, or as we applied it."""
        found = [address_of(service) for service in configured_on(port)]
        found.extend(interface_of(text) for text in port.addresses)
        found.append(_as_applied(port, self._applied.get(key)))
        return [
            self._slot_of(interface)
            for interface in found
            if interface is not None and interface.network.prefixlen == PREFIX and interface.ip in self._pool
        ]

    def _slot_of(self, interface: ipaddress.IPv4Interface) -> Tuple[int, int]:
        offset = int(interface.ip) - int(self._pool.network_address)
        return offset // _SLOT, offset % _SLOT

    def _covered(self, port: Port) -> Iterator[int]:
        """Networks of the pool that a wider network, which somebody else set on this port, would hide."""
        found = [address_of(service) for service in configured_on(port)]
        found.extend(interface_of(text) for text in port.addresses)
        for interface in found:
            if interface is not None and _WIDER_THAN_ANY_LAN <= interface.network.prefixlen < PREFIX:
                first = max(int(interface.network.network_address), int(self._pool.network_address))
                last = min(int(interface.network.broadcast_address), int(self._pool.broadcast_address))
                base = int(self._pool.network_address)
                yield from range((first - base) // _SLOT, (last - base) // _SLOT + 1)


def _as_applied(port: Port, want: Optional[WantPort]) -> Optional[ipaddress.IPv4Interface]:
    """Where a host forgot its addresses, what it was given last still counts; unless that was another port."""
    if want is None or (want.uid and port.uid and want.uid != port.uid):
        return None
    return interface_of("{0}/{1}".format(want.address, want.prefix))


def _ends(link: Link) -> Ends:
    return (link.a.host, link.a.receptacle), (link.b.host, link.b.receptacle)


def _identity(link: Link) -> Tuple[str, str]:
    low, high = sorted((link.a, link.b), key=_end_order)
    return (_end_name(low), _end_name(high))


def _end_order(end: End) -> Tuple[str, str, int]:
    return (end.uid.lower(), end.host, end.receptacle)


def _end_name(end: End) -> str:
    """The UID; where a system reports none, the next best thing that a reboot does not change."""
    return end.uid.lower() or "{0}/{1}".format(end.host, end.receptacle)


def _refuse_too_many(wanted: int, pool: Network, taken: Set[int]) -> None:
    slots = pool.num_addresses // _SLOT
    if wanted > slots - len(taken):
        needed = max(8, 32 - ((wanted + len(taken)) * _SLOT * 2 - 1).bit_length())
        raise AddressError(
            "the pool {0} has room for {1} cables only, and {2} are needed".format(pool, slots, wanted + len(taken)),
            "use a larger pool, a /{0} say".format(needed),
        )


def _first_free(identity: Tuple[str, str], pool: Network, taken: Set[int]) -> int:
    slots: int = pool.num_addresses // _SLOT
    digest = hashlib.sha256("|".join(identity).encode("utf-8", "surrogatepass")).digest()
    slot: int = int.from_bytes(digest[:8], "big") % slots
    while slot in taken:
        slot = (slot + 1) % slots
    return slot


def _addressed(link: Link, pool: Network, slot: int) -> Link:
    base = int(pool.network_address) + slot * _SLOT
    low = min((link.a, link.b), key=_end_order)
    first, second = str(ipaddress.IPv4Address(base + 1)), str(ipaddress.IPv4Address(base + 2))
    at_a, at_b = (first, second) if low is link.a else (second, first)
    network = "{0}/{1}".format(ipaddress.IPv4Address(base), PREFIX)
    return replace(link, a=replace(link.a, address=at_a), b=replace(link.b, address=at_b), network=network)
