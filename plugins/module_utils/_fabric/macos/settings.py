# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How a Mac is kept: its boot, memory, sleep and firewall, and other programs that manage its Thunderbolt ports."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

from ..errors import ParseError
from ..reading import lines, number, shown
from .networksetup import ServiceEntry

_MOST = 1 << 62
_BOOT_SECONDS = re.compile(r"\{ ?sec = ([0-9]{1,12}),")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_FIREWALL_STATE = re.compile(r"\(State = ([0-9])\)")

# LaunchDaemons by the beginning of their file name -> whose they are. exo's rewrites the network every half hour.
_DAEMONS = (("io.exo.", "exo"),)
_EXO_LOCATION, _EXO_SERVICE = "exo", "EXO "


def parse_sysctl(text: str) -> Dict[str, str]:
    """``sysctl NAME...``: the values by name; a name that this system does not have is not there."""
    found: Dict[str, str] = {}
    for line in lines(text):
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[a-z0-9_.]+", name):
            found.setdefault(name, value.strip())
    return found


def boot_of(sysctl: Dict[str, str]) -> str:
    """What is new at each boot. The time of the boot follows the clock when that is set, so it comes second."""
    session = sysctl.get("kern.bootsessionuuid", "")
    if _UUID.fullmatch(session):
        return session.upper()
    seconds = _BOOT_SECONDS.match(sysctl.get("kern.boottime", ""))
    return seconds.group(1) if seconds else ""


def memory_of(sysctl: Dict[str, str]) -> int:
    """Bytes of memory, 0 if not known."""
    return number(sysctl.get("hw.memsize", ""), _MOST) or 0


def wired_limit_of(sysctl: Dict[str, str]) -> int:
    """iogpu.wired_limit_mb, -1 if not known."""
    limit = number(sysctl.get("iogpu.wired_limit_mb", ""), _MOST)
    return -1 if limit is None else limit


def parse_sleep(text: str) -> int:
    """``pmset -g``: minutes until the Mac sleeps, 0 for never. :raises ParseError: it does not say."""
    for line in lines(text):
        words = line.split()
        minutes = number(words[1], 1 << 31) if len(words) > 1 and words[0] == "sleep" else None
        if minutes is not None:
            return minutes
    raise ParseError("pmset -g: no line 'sleep MINUTES' in {0}".format(shown(text.strip())))


def parse_firewall(text: str) -> str:
    """``socketfilterfw --getglobalstate``: "on" or "off". :raises ParseError: neither."""
    state = _FIREWALL_STATE.search(text)
    words = text.strip().lower()
    if state or "firewall is " in words:
        off = state.group(1) == "0" if state else "disabled" in words
        return "off" if off else "on"
    raise ParseError("socketfilterfw --getglobalstate: not understood: {0}".format(shown(text.strip())))


def foreign_managers(location: str, services: Tuple[ServiceEntry, ...], daemons: str) -> Tuple[str, ...]:
    """Other programs that manage Thunderbolt networking here, in words. ``daemons``: file names, one a line."""
    found: List[str] = []
    if location == _EXO_LOCATION:
        found.append("exo: the network location is 'exo'")
    for name in lines(daemons):
        owner = next((owner for beginning, owner in _DAEMONS if name.startswith(beginning)), "")
        if owner:
            found.append("{0}: /Library/LaunchDaemons/{1}".format(owner, shown(name)[1:-1]))
    theirs = [entry.name for entry in services if entry.name.startswith(_EXO_SERVICE)]
    if theirs:
        more = " and {0} more".format(len(theirs) - 1) if len(theirs) > 1 else ""
        found.append("exo: the network service {0}{1}".format(shown(theirs[0]), more))
    return tuple(found[:20])
