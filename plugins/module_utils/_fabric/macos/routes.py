# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``netstat -rn``: the IPv4 routes."""

from __future__ import annotations

import ipaddress
from typing import List, Tuple

from ..errors import ParseError


def parse_routes(text: str) -> Tuple[Tuple[str, str], ...]:
    """(network "a.b.c.d/len", device) in the order of the table.

    :raises ParseError: no IPv4 table, or a row that makes no sense.
    """
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.split()[:2] == ["Destination", "Gateway"]), None)
    if start is None or "Netif" not in lines[start].split():
        raise ParseError("netstat -rn: no table with a column Netif in {0!r:.60}".format(text))
    column = lines[start].split().index("Netif")  # old systems have two more columns before it
    routes: List[Tuple[str, str]] = []
    for line in lines[start + 1 :]:
        words = line.split()
        if not words or words == ["Internet6:"]:
            break
        if len(words) <= column:
            raise ParseError("netstat -rn: row not understood: {0!r}".format(line))
        routes.append((_network(words[0], line), words[column]))
    return tuple(routes)


def _network(destination: str, line: str) -> str:
    """Spell a destination out: netstat drops zero octets, and the length with them where it follows from the octets."""
    if destination == "default":
        return "0.0.0.0/0"
    shortened, slash, length = destination.partition("/")
    octets = shortened.split(".")
    prefix = length if slash else str(8 * len(octets))
    try:
        return str(ipaddress.IPv4Network("{0}/{1}".format(".".join((octets + ["0"] * 3)[:4]), prefix), strict=False))
    except ValueError as error:
        raise ParseError("netstat -rn: row not understood: {0!r} ({1})".format(line, error)) from error
