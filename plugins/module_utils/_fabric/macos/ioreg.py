# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``ioreg -l``: which processes have an RDMA device open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Tuple

_ENTRY = re.compile(r"^([ |]*)\+-o (.*)$")
_CREATOR = re.compile(r'"IOUserClientCreator" = "pid (\d{1,9}), ([^"]*)"')
_RDMA = re.compile("rdma", re.IGNORECASE)


@dataclass(frozen=True)
class RdmaHolder:
    """A process that has a device open."""

    pid: int
    process: str
    device: str  # "rdma_en2", or the class of the driver where no entry above has such a name


def parse_rdma_holders(text: str) -> Tuple[RdmaHolder, ...]:
    """The processes behind the user clients of RDMA drivers, each once per device."""
    found: List[RdmaHolder] = []
    path: List[Tuple[int, str]] = []  # (indent, entry) from the root to here
    for line in text.split("\n"):
        entry = _ENTRY.match(line)
        if entry:
            indent = len(entry.group(1))
            path = [above for above in path if above[0] < indent] + [(indent, entry.group(2))]
            continue
        creator = _CREATOR.search(line)
        above = [name for _indent, name in path if _RDMA.search(name)]
        if creator and above:
            holder = RdmaHolder(int(creator.group(1)), creator.group(2), _device(above))
            if holder not in found:
                found.append(holder)
    return tuple(found)


def _device(entries: List[str]) -> str:
    for entry in entries:
        name = re.search(r"rdma_\w+", entry)
        if name:
            return name.group(0)
    return entries[0].split(" ")[0]
