# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``ifconfig``: what the interfaces are right now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from ..errors import ParseError
from ..reading import device, hardware_address, ipv4, lines, number, prefix_of, shown

_HEAD = re.compile(r"([^\s:]+): flags=[0-9a-fA-F]+<([^>]*)>")
_OTHER_HEAD = re.compile(r"[^\s:]+:( |$)")
_MOST_MTU = 1 << 24


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
    odd: Tuple[str, ...] = ()  # what makes no sense and counts for nothing, in words


@dataclass
class _Gathered:
    """An interface while its lines are read."""

    name: str
    up: bool
    mtu: int
    active: bool = False
    mac: str = ""
    addresses: List[str] = field(default_factory=list)
    members: List[str] = field(default_factory=list)
    odd: List[str] = field(default_factory=list)

    def frozen(self) -> Interface:
        """The value that leaves this file."""
        many = (tuple(self.addresses), tuple(self.members), tuple(self.odd))
        return Interface(self.name, self.up, self.active, self.mtu, self.mac, *many)


def parse_ifconfig(text: str) -> Dict[str, Interface]:
    """Interface by name, in the order of the output. Lines that say nothing to us are passed over.

    :raises ParseError: no interface in it, one of them twice, or an address that is none.
    """
    found: Dict[str, _Gathered] = {}
    current: Optional[_Gathered] = None
    for line in lines(text):
        head = _HEAD.match(line)
        if head and device(head.group(1)):
            name = head.group(1)
            if name in found:
                raise ParseError("ifconfig: {0} is listed twice".format(shown(name)))
            current = found[name] = _Gathered(name, "UP" in head.group(2).split(","), _mtu(line))
        elif line[:1] in (" ", "\t") and current:
            _take(current, line.strip())
        elif _OTHER_HEAD.match(line):
            current = None  # an interface that we cannot read: its lines must not be taken for the one before
    if not found:
        raise ParseError("ifconfig: no interface in {0}".format(shown(text.strip())))
    return {name: gathered.frozen() for name, gathered in found.items()}


def _mtu(line: str) -> int:
    words = line.rpartition(" mtu ")[2].split()
    return (number(words[0], _MOST_MTU) or 0) if words and " mtu " in line else 0


def _take(interface: _Gathered, line: str) -> None:
    word, _blank, rest = line.partition(" ")
    if word == "ether":
        interface.mac = hardware_address(rest)
    elif word == "status:":
        interface.active = rest.strip() == "active"
    elif word == "member:":
        name = rest.strip(" \t").partition(" ")[0]
        if device(name):
            interface.members.append(name)
        else:
            interface.odd.append("{0} is none".format(shown(line)))
    elif word == "inet":
        _take_address(interface, line, rest.split())


def _take_address(interface: _Gathered, line: str, words: List[str]) -> None:
    """ "A netmask M ...", between them "--> B" on a line from point to point."""
    address = ipv4(words[0]) if words else None
    mask = next((value for word, value in zip(words, words[1:]) if word == "netmask"), None)
    if address is None or mask is None:
        raise ParseError("ifconfig: {0}: {1} not understood".format(interface.name, shown(line)))
    prefix = prefix_of(mask)
    if prefix is None:  # somebody typed it, and the system took it
        interface.odd.append("the netmask in {0} is none, so the address stands alone".format(shown(line)))
    interface.addresses.append("{0}/{1}".format(address, 32 if prefix is None else prefix))
