# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``netstat -rn``: the IPv4 routes."""

from __future__ import annotations

import ipaddress
from typing import List, Optional, Tuple

from ..errors import ParseError
from ..reading import device, interface_address, lines, shown


def parse_routes(text: str) -> Tuple[Tuple[str, str], ...]:
    """(network "a.b.c.d/len", device) in the order of the table.

    :raises ParseError: no IPv4 table, or a row that makes no sense.
    """
    rows = [line.split() for line in lines(text)]
    start = next((i for i, words in enumerate(rows) if words[:2] == ["Destination", "Gateway"]), None)
    if start is None or "Netif" not in rows[start]:
        raise ParseError("netstat -rn: no table with a column Netif in {0}".format(shown(text.strip())))
    column = rows[start].index("Netif")  # old systems have two more columns before it
    routes: List[Tuple[str, str]] = []
    for words in rows[start + 1 :]:
        if not words or words == ["Internet6:"]:
            break
        network = _network(words[0])
        if network is None or len(words) <= column or not device(words[column]):
            raise ParseError("netstat -rn: row not understood: {0}".format(shown(" ".join(words))))
        routes.append((network, words[column]))
    return tuple(routes)


def _network(destination: str) -> Optional[str]:
    """Spell a destination out: netstat drops zero octets, and the length with them where it follows from the octets."""
    if destination == "default":
        return "0.0.0.0/0"
    shortened, slash, length = destination.partition("/")
    octets = shortened.split(".")
    whole = ".".join(octets + ["0"] * (4 - len(octets)))
    network = interface_address("{0}/{1}".format(whole, length if slash else 8 * len(octets)))
    return str(ipaddress.IPv4Network(network, strict=False)) if network else None
