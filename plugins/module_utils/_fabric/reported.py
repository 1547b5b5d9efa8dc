# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Addresses as hosts report them, which may be anything: read without ever raising, and named where they are none."""

from __future__ import annotations

import ipaddress
import re
from typing import Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from .errors import AddressError
from .model import HostFacts, Link, Port, Service
from .shown import line
from .words import listed, shortened

_MOST = 8  # warnings that are spelled out
_PREFIX = re.compile(r"[0-9]{1,2}\Z")


def interface_of(text: str) -> Optional[ipaddress.IPv4Interface]:
    """As in "a.b.c.d/len" or "a.b.c.d/mask" (without either, one address), None where it is none.

    A mask counts from the left without a gap: neither 255.0.255.0 nor the wildcard 0.0.0.3 is one.
    """
    address, slash, mask = text.partition("/")
    length = _length(mask) if slash else 32
    if length is None:
        return None
    try:
        return ipaddress.IPv4Interface("{0}/{1}".format(address, length))
    except ValueError:
        return None


def network_of(text: str) -> Optional[ipaddress.IPv4Network]:
    """The network that the address is in."""
    interface = interface_of(text)
    return interface.network if interface else None


def configured_on(port: Port) -> Tuple[Service, ...]:
    """The services of a port that have an address of their own, the one in force first."""
    services = ([port.service] if port.service else []) + [one for one in port.services if one != port.service]
    return tuple(service for service in services if service.method == "manual" and service.address)


def address_of(service: Service) -> Optional[ipaddress.IPv4Interface]:
    """What the service would put on the port; without a mask the address stands alone."""
    return interface_of("{0}/{1}".format(service.address, service.netmask) if service.netmask else service.address)


def refuse_unreadable_services(facts: Mapping[str, HostFacts], links: Sequence[Link]) -> None:
    """An enabled service on a planned port must be understood: it is kept beside ours and may be in the way.

    :raises AddressError: names host, port and service, and what to type.
    """
    planned = {(end.host, end.receptacle) for link in links for end in (link.a, link.b)}
    for host, port, service in _unreadable_services(facts):
        if (host, port.receptacle) in planned and service.enabled:
            raise AddressError(_service_words(host, port, service), _what_to_type(host, facts[host].system, service))


def unreadable(facts: Mapping[str, HostFacts]) -> List[str]:
    """A warning for each host's values that were left out because they are no addresses."""
    warnings = [_service_words(*found) + ": left out" for found in _unreadable_services(facts)]
    for host in facts:
        odd = sorted(_odd_values(facts[host]))
        if odd:
            warnings.append("{0} reports what is no IPv4 address: {1}: left out".format(shortened(host), listed(odd)))
    more = len(warnings) - _MOST
    return warnings[:_MOST] + (["and {0} more values that are no addresses".format(more)] if more > 0 else [])


def _length(mask: str) -> Optional[int]:
    if _PREFIX.match(mask):
        return int(mask) if int(mask) <= 32 else None
    try:
        bits = "{0:032b}".format(int(ipaddress.IPv4Address(mask)))
    except ValueError:
        return None
    return None if "01" in bits else bits.count("1")


def _unreadable_services(facts: Mapping[str, HostFacts]) -> Iterator[Tuple[str, Port, Service]]:
    for host in facts:
        for port in facts[host].ports:
            for service in configured_on(port):
                if address_of(service) is None:
                    yield host, port, service


def _service_words(host: str, port: Port, service: Service) -> str:
    what = "the address", service.address
    if interface_of(service.address) is not None:
        what = "the netmask", service.netmask
    return "{0}, Thunderbolt {1} ({2}): the service {3} has {4} {5}, which is none".format(
        shortened(host), port.receptacle, port.device, _quoted(service.name), what[0], _quoted(what[1])
    )


def _what_to_type(host: str, system: str, service: Service) -> str:
    if system == "linux" or line(service.name) != service.name:
        return "set it right or remove it on {0}, then run this again".format(shortened(host))
    name = "'{0}'".format(service.name.replace("'", "'\\''"))
    return "on {0} type: sudo networksetup -setdhcp {1}".format(shortened(host), name)


def _odd_values(facts: HostFacts) -> Set[str]:
    reported = [(address, port.device) for port in facts.ports for address in port.addresses]
    reported += [(nic.address, nic.device) for nic in facts.nics]
    reported += list(facts.routes)
    return {
        "{0} on {1}".format(_quoted(address), shortened(device) or "an interface")
        for address, device in reported
        if interface_of(address) is None and not _is_ipv6(address)
    }


def _is_ipv6(text: str) -> bool:
    try:
        return bool(ipaddress.IPv6Interface(text))
    except ValueError:
        return False


def _quoted(text: str) -> str:
    return "'{0}'".format(shortened(text))
