# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What a host may be asked for besides its cables: each is a thing with a wanted value, and goes back like the rest."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, List, Tuple

from .errors import TopologyError
from .linux.keep import MODES, mtu_file
from .linux.managers import NONE, UDEV
from .model import HostFacts, HostPlan

LEAST_MTU, MOST_MTU = 1280, 16000
_LEAST_WIRED_MB = 1024


@dataclass(frozen=True)
class Options:
    """None of them is on unless somebody says so."""

    mtu: int = 0  # of the planned ports; 0: as it is
    no_sleep: bool = False
    wired_reserve_gb: int = 0  # memory that the GPU may not wire; 0: the limit stays as it is
    firewall_programs: Tuple[str, ...] = ()  # full paths of programs that the firewall lets through


@dataclass(frozen=True)
class Wish:
    """A thing of the host, and what it shall be."""

    thing: str
    value: Any
    words: str


def wishes_of(options: Options, facts: HostFacts, want: HostPlan) -> Tuple[Wish, ...]:
    """The options as wishes for this host. :raises TopologyError: an option makes no sense here."""
    found: List[Wish] = []
    if options.mtu and not LEAST_MTU <= options.mtu <= MOST_MTU:
        raise TopologyError("an MTU of {0} is none".format(options.mtu), "from {0} to {1}".format(LEAST_MTU, MOST_MTU))
    if options.mtu and facts.system == "linux":
        return _mtu_on_linux(options.mtu, facts, want)
    for port in want.ports if options.mtu else ():
        words = "set the MTU of {0} to {1}".format(port.device, options.mtu)
        found.append(Wish("mtu:" + port.device, options.mtu, words))
    return tuple(found) + (_of_a_mac(options, facts) if facts.system == "macos" else ())


def _mtu_on_linux(mtu: int, facts: HostFacts, want: HostPlan) -> Tuple[Wish, ...]:
    """Now, and each time that the interface comes with its cable. It is known by its MAC address, as names change."""
    found: List[Wish] = []
    planned = {port.receptacle for port in want.ports}
    for port in (port for port in facts.ports if port.receptacle in planned):
        words = "set the MTU of {0} to {1}".format(port.device, mtu)
        found.append(Wish("mtu:" + (port.mac or port.device), mtu, words))
        if facts.manager != NONE and port.mac:
            file = mtu_file(port, mtu)
            data = base64.b64encode(file.text.encode("utf-8")).decode("ascii")
            value = {"data": data, "mode": MODES[UDEV], "owner": [0, 0]}
            found.append(Wish("file:" + file.path, value, "write {0}, which keeps the MTU".format(file.path)))
    return tuple(found)


def _of_a_mac(options: Options, facts: HostFacts) -> Tuple[Wish, ...]:
    found: List[Wish] = []
    if options.no_sleep:
        found.append(Wish("sleep:", 0, "keep the Mac awake (pmset sleep 0)"))
    if options.wired_reserve_gb:
        limit = (facts.memory_bytes >> 20) - (options.wired_reserve_gb << 10)
        if limit < _LEAST_WIRED_MB:
            raise TopologyError(
                "a reserve of {0} GB leaves nothing of the {1} GB of this Mac".format(
                    options.wired_reserve_gb, facts.memory_bytes >> 30
                ),
                "make it smaller",
            )
        words = "let the GPU wire {0} MB of memory (iogpu.wired_limit_mb), until the next boot".format(limit)
        found.append(Wish("wired:", limit, words))
    for program in options.firewall_programs:
        if not program.startswith("/"):
            raise TopologyError("the firewall wants the full path of a program, not {0!r}".format(program))
        found.append(Wish("firewall:" + program, "allow", "let {0} through the firewall".format(program)))
    return tuple(found)
