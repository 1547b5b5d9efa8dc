# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``ip -j addr``, ``ip -j route`` and ``ip -j neigh``.

What ``ip`` leaves out, or says as ``null``, is a fact that is not there. What it says and
what cannot be (an address that is none, a name that no interface can have) is an error:
such a thing would end up in a command or in a configuration file.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Set, Tuple

from ..errors import ParseError

_DEVICE = re.compile(r"[^\s/:]{1,15}\Z")  # what the kernel takes as the name of an interface
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_LONGEST_NUMBER = 20  # digits; Python's own conversion takes quadratic time, or refuses, where there are thousands


@dataclass(frozen=True)
class Interface:
    """One interface."""

    name: str
    up: bool  # has a link, not just the permission to have one
    mtu: int
    mac: str  # "" where it has none, or none of Ethernet's kind
    master: str  # the bridge that it is in, "" for none
    addresses: Tuple[str, ...]  # "a.b.c.d/len"
    index: int = 0


def parse_ip_addr(text: str) -> Dict[str, Interface]:
    """Interface by name. :raises ParseError: not the JSON of ``ip``, no interface in it, or an impossible one."""
    found = {}
    for entry in _entries("ip -j addr", text):
        if entry.get("ifname") is not None:
            interface = _interface(entry)
            found[interface.name] = interface
    if not found:
        raise ParseError("ip -j addr: no interface in {0!r:.60}".format(text))
    return found


def parse_ip_route(text: str) -> Tuple[Tuple[str, str], ...]:
    """(network, device) of the main table. Routes without a device (blackholes) lead nowhere and are left out.

    :raises ParseError: not the JSON of ``ip``, or a destination that is no network.
    """
    routes: List[Tuple[str, str]] = []
    for entry in _entries("ip -j route", text):
        hops = [entry] if entry.get("dev") is not None else _dictionaries(entry.get("nexthops"))
        for hop in hops:
            if hop.get("dev") is not None:
                routes.append((_network(entry.get("dst")), _device("ip -j route", hop["dev"])))
    return tuple(routes)


def parse_ip_neigh(text: str) -> Dict[str, Tuple[str, ...]]:
    """Interface -> the MAC addresses that were heard on it. :raises ParseError: not the JSON of ``ip``."""
    found: Dict[str, Set[str]] = {}
    for entry in _entries("ip -j neigh", text):
        device, mac = entry.get("dev"), str(entry.get("lladdr") or "").lower()
        if isinstance(device, str) and _MAC.match(mac):
            found.setdefault(device, set()).add(mac)
    return {device: tuple(sorted(macs)) for device, macs in found.items()}


def _interface(entry: Mapping[str, Any]) -> Interface:
    name = _device("ip -j addr", entry["ifname"])
    flags = entry.get("flags")
    words = flags if isinstance(flags, list) else []
    mac = str(entry.get("address") or "").lower()
    master = entry.get("master")
    return Interface(
        name=name,
        up="LOWER_UP" in words and "UP" in words,
        mtu=_number(entry.get("mtu")),
        mac=mac if _MAC.match(mac) else "",
        master="" if master is None else _device("ip -j addr", master),
        addresses=tuple(
            _address(name, address)
            for address in _dictionaries(entry.get("addr_info"))
            if address.get("family") == "inet" and address.get("local") is not None
        ),
        index=_number(entry.get("ifindex")),
    )


def _address(device: str, address: Mapping[str, Any]) -> str:
    text = "{0}/{1}".format(address["local"], address.get("prefixlen"))
    try:
        if isinstance(address.get("prefixlen"), bool) or not isinstance(address.get("prefixlen"), int):
            raise ValueError(text)
        return ipaddress.IPv4Interface(text).with_prefixlen
    except ValueError as error:
        raise ParseError("ip -j addr: {0} has the address {1!r:.60}, which is none".format(device, text)) from error


def _device(command: str, name: Any) -> str:
    if not isinstance(name, str) or not _DEVICE.match(name) or not name.isprintable():
        raise ParseError("{0}: {1!r:.60} is not the name of an interface".format(command, name))
    return name


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else 0


def _dictionaries(value: Any) -> List[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _entries(command: str, text: str) -> List[Dict[str, Any]]:
    try:
        entries = json.loads(text, parse_int=_bounded)
    except (ValueError, RecursionError) as error:
        raise ParseError("{0}: not JSON ({1:.80}): {2!r:.60}".format(command, str(error), text)) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ParseError("{0}: not a list of objects: {1!r:.60}".format(command, text))
    return entries


def _bounded(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number of {0} digits".format(len(digits)))
    return int(digits)


def _network(destination: Any) -> str:
    text = "0.0.0.0/0" if destination == "default" else destination
    try:
        if not isinstance(text, str):  # ipaddress takes a number for an address
            raise ValueError(text)
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError as error:
        raise ParseError("ip -j route: destination not understood: {0!r:.60}".format(destination)) from error
