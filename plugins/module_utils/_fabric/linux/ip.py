# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``ip -j addr`` and ``ip -j route``."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from ..errors import ParseError


@dataclass(frozen=True)
class Interface:
    """One interface."""

    name: str
    up: bool  # has a link, not just the permission to have one
    mtu: int
    mac: str
    master: str  # the bridge that it is in, "" for none
    addresses: Tuple[str, ...]  # "a.b.c.d/len"


def parse_ip_addr(text: str) -> Dict[str, Interface]:
    """Interface by name. :raises ParseError: not the JSON of ``ip``, or no interface in it."""
    found = {}
    for entry in _entries("ip -j addr", text):
        if "ifname" in entry:
            found[str(entry["ifname"])] = _interface(entry)
    if not found:
        raise ParseError("ip -j addr: no interface in {0!r:.60}".format(text))
    return found


def parse_ip_route(text: str) -> Tuple[Tuple[str, str], ...]:
    """(network, device) of the main table. Routes without a device (blackholes) lead nowhere and are left out.

    :raises ParseError: not the JSON of ``ip``, or a destination that is no network.
    """
    routes: List[Tuple[str, str]] = []
    for entry in _entries("ip -j route", text):
        hops = [entry] if "dev" in entry else entry.get("nexthops", [])
        destination = entry.get("dst", "")
        for hop in hops:
            if isinstance(hop, dict) and "dev" in hop:
                routes.append((_network("0.0.0.0/0" if destination == "default" else destination), str(hop["dev"])))
    return tuple(routes)


def _interface(entry: Mapping[str, Any]) -> Interface:
    flags = entry.get("flags", [])
    addresses = entry.get("addr_info", [])
    return Interface(
        name=str(entry["ifname"]),
        up="LOWER_UP" in flags and "UP" in flags,
        mtu=int(entry.get("mtu", 0)),
        mac=str(entry.get("address", "")).lower(),
        master=str(entry.get("master", "")),
        addresses=tuple(
            "{0}/{1}".format(address["local"], address["prefixlen"])
            for address in addresses
            if address.get("family") == "inet" and "local" in address and "prefixlen" in address
        ),
    )


def _entries(command: str, text: str) -> List[Dict[str, Any]]:
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise ParseError("{0}: not JSON ({1}): {2!r:.60}".format(command, error, text)) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ParseError("{0}: not a list of objects: {1!r:.60}".format(command, text))
    return entries


def _network(destination: Any) -> str:
    try:
        return str(ipaddress.IPv4Network(str(destination), strict=False))
    except ValueError as error:
        raise ParseError("ip -j route: destination not understood: {0!r:.60}".format(destination)) from error
