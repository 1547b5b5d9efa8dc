# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Cables on a controller with two receptacles, whose identity names either: which one is in which?

Intel Macs report what hangs on the controller, not on which receptacle; Linux hosts know their own receptacle, but
not the far one. The speeds of both ends, the link on the interface and the MAC addresses that Linux heard on it decide
where they differ. Where they do not, the first guess stays and is said: swapping two plugs on one host turns a wrong
guess into a right one.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from .places import Cable, Place
from .words import shortened

Key = Tuple[str, int]

_MOST_TELLING = 4  # a MAC address says more than speeds and links together


def settle_shared(cables: Sequence[Cable], places: Sequence[Place]) -> Tuple[List[Cable], List[str]]:
    """The cables with their ends moved to where they fit better, and a warning for each that stays a guess."""
    buses: Dict[Tuple[str, str], List[Place]] = {}
    for place in places:
        if place.port.domain_uuid and place.port.peers:
            buses.setdefault(place.bus, []).append(place)
    partner: Dict[Key, Place] = {}
    for one, other in cables:
        partner[one.key], partner[other.key] = other, one
    warnings: List[str] = []
    said: Set[FrozenSet[Key]] = set()
    for bus in buses.values():
        for index, first in enumerate(bus):
            for second in bus[index + 1 :]:
                _settle(first, second, partner, warnings, said)
    return _cables(places, partner), warnings


def _settle(
    first: Place, second: Place, partner: Dict[Key, Place], warnings: List[str], said: Set[FrozenSet[Key]]
) -> None:
    """Swap what hangs on two receptacles of a controller if that is possible and fits better."""
    at_first, at_second = partner.get(first.key), partner.get(second.key)
    if not _may_be_swapped(first, second, at_first, at_second):
        return
    stay = _misfit(first, at_first) + _misfit(second, at_second)
    swap = _misfit(first, at_second) + _misfit(second, at_first)
    if swap < stay:
        for place, other in ((first, at_second), (second, at_first)):
            partner.pop(place.key, None)
            if other is not None:
                partner[place.key], partner[other.key] = other, place
    elif swap == stay:
        ends = [place for place in (at_first, at_second) if place is not None]
        cables = frozenset(place.key for place in [first, second, *ends])
        if cables not in said:
            said.add(cables)
            warnings.append(_guess(first, second, ends))


def _may_be_swapped(first: Place, second: Place, at_first: Optional[Place], at_second: Optional[Place]) -> bool:
    if at_first is None and at_second is None:
        return False
    if first.system == "macos":  # its report is about the controller
        return True
    return (at_first is None or second.sees(at_first)) and (at_second is None or first.sees(at_second))


def _misfit(place: Place, other: Optional[Place]) -> int:
    """How much speaks against a cable between the two, or against there being none at this place."""
    if other is None:
        return int(place.port.up)
    speeds = (place.port.speed_gbps, other.port.speed_gbps)
    misfit = int(all(speeds) and speeds[0] != speeds[1]) + int(other.port.up and not place.port.up)
    return misfit + _MOST_TELLING * (_never_heard(place, other) + _never_heard(other, place))


def _never_heard(listener: Place, speaker: Place) -> int:
    """Somebody was heard on the interface, and it was not the other one."""
    heard, mac = listener.port.neighbours, speaker.port.mac
    return int(bool(heard) and bool(mac) and mac not in heard)


def _guess(first: Place, second: Place, ends: Sequence[Place]) -> str:
    return (
        "{0} and Thunderbolt {1} are on one controller, and nothing tells which of them the cable to {2} is in: if a "
        "link there proves dead, swap the two plugs on {3}".format(
            first.words(), second.port.receptacle, " and ".join(end.words() for end in ends), shortened(first.host)
        )
    )


def _cables(places: Sequence[Place], partner: Dict[Key, Place]) -> List[Cable]:
    """Each cable once, in the order of the places."""
    found: List[Cable] = []
    done: Set[Key] = set()
    for place in places:
        other = partner.get(place.key)
        if other is not None and place.key not in done:
            done.update((place.key, other.key))
            found.append((place, other))
    return found
