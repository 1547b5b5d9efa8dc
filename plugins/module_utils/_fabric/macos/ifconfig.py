# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``ifconfig``: what the interfaces are right now."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Dict, Tuple

from ..errors import ParseError

_HEAD = re.compile(r"^(\S+?): flags=[0-9a-fA-F]+<([^>]*)>(?:.* mtu (\d+))?")
_OTHER_HEAD = re.compile(r"^\S+:( |$)")
_INET = re.compile(r"^inet (\S+)(?: --> \S+)? netmask (\S+)")
_MEMBER = re.compile(r"^member: (\S+)")


@dataclass(frozen=True)
class Interface:
    """One interface. A Thunderbolt port is always RUNNING; only ``active`` tells whether a cable is in it."""

    name: str
    up: bool
    active: bool
    mtu: int
    mac: str = ""
    addresses: Tuple[str, ...] = ()  # "a.b.c.d/len"
    members: Tuple[str, ...] = ()  # of a bridge


def parse_ifconfig(text: str) -> Dict[str, Interface]:
    """Interface by name, in the order of the output. Lines that say nothing to us are passed over.

    :raises ParseError: no interface in it, or an address that makes no sense.
    """
    found: Dict[str, Interface] = {}
    current = ""
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            current = head.group(1)
            found[current] = Interface(
                current, up="UP" in head.group(2).split(","), active=False, mtu=int(head.group(3) or 0)
            )
        elif line[:1].isspace() and current:
            found[current] = _with_line(found[current], line.strip())
        elif _OTHER_HEAD.match(line):
            current = ""  # an interface that we cannot read: its lines must not be taken for the one before
    if not found:
        raise ParseError("ifconfig: no interface in {0!r:.60}".format(text.strip()))
    return found


def _with_line(interface: Interface, line: str) -> Interface:
    word, _blank, rest = line.partition(" ")
    if word == "ether":
        return replace(interface, mac=rest.strip().lower())
    if word == "status:":
        return replace(interface, active=rest.strip() == "active")
    if word == "member:":
        member = _MEMBER.match(line)
        return replace(interface, members=interface.members + ((member.group(1),) if member else ()))
    if word == "inet":
        return replace(interface, addresses=interface.addresses + (_address(interface.name, line),))
    return interface


def _address(name: str, line: str) -> str:
    match = _INET.match(line)
    try:
        if match is None:
            raise ValueError("no netmask")
        mask = match.group(2)
        dotted = str(ipaddress.IPv4Address(int(mask, 16))) if mask.startswith("0x") else mask
        return ipaddress.IPv4Interface("{0}/{1}".format(match.group(1), dotted)).with_prefixlen
    except ValueError as error:
        raise ParseError("ifconfig: {0}: {1!r} not understood ({2})".format(name, line, error)) from error
