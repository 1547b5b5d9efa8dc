# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Which cables to add or to move, where those that are there make no ring or no mesh. By host and receptacle.

A ring needs one cable more for each path that the hosts fall into when they are covered with as few paths as possible.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .cycle.paths import fewest_paths
from .model import HostFacts, Link
from .ring import missing_cables, neighbours
from .words import listed, shortened

Pair = Tuple[str, str]

_MOST_HOSTS = 64  # with more the search for the fewest cables takes long, and nobody lays them from one line of text
_MOST_STEPS = 4  # that are spelled out
_ROOM = 270  # columns for them: with the words before, three lines of a screen


def to_make_a_ring(hosts: Sequence[str], facts: Mapping[str, HostFacts], links: Sequence[Link]) -> str:
    """What to do so that a ring of all hosts is there; "" where no advice can be given."""
    if not 3 <= len(hosts) <= _MOST_HOSTS:
        return ""
    few = [host for host in hosts if _may_lack_ports(facts[host], 2)]
    if few:
        return "{0} {1} fewer than two Thunderbolt ports, and a ring needs two on each host".format(
            listed(few), "has" if len(few) == 1 else "have"
        )
    paths = fewest_paths(neighbours(hosts, [link.hosts for link in links]))
    ends = [(paths[place - 1][-1], path[0]) for place, path in enumerate(paths)]
    kept = {_pair(hosts[one], hosts[two]) for path in paths for one, two in zip(path, path[1:])}
    new = [(hosts[min(pair)], hosts[max(pair)]) for pair in ends]
    return _steps(sorted(new, key=lambda pair: hosts.index(pair[0])), _Sockets(facts, hosts, links, kept))


def to_make_a_mesh(hosts: Sequence[str], facts: Mapping[str, HostFacts], links: Sequence[Link]) -> str:
    """What to do so that every two hosts have a cable; "" where no advice can be given."""
    if not 2 <= len(hosts) <= _MOST_HOSTS:
        return ""
    few = [host for host in hosts if _may_lack_ports(facts[host], len(hosts) - 1)]
    if few:
        return "{0} {1} fewer than the {2} Thunderbolt ports that each host of such a mesh needs{3}".format(
            listed(few), "has" if len(few) == 1 else "have", len(hosts) - 1, ": ask for a ring" if hosts[3:] else ""
        )
    kept = {link.hosts for link in links}
    return _steps(missing_cables(hosts, links), _Sockets(facts, hosts, links, kept))


def _may_lack_ports(facts: HostFacts, needed: int) -> bool:
    """A Linux host lists only receptacles with something in them, so it says nothing about the others."""
    return facts.system != "linux" and sum(bool(port.device) for port in facts.ports) < needed


def _pair(one: str, other: str) -> Pair:
    """As in ``Link.hosts``."""
    return (one, other) if one < other else (other, one)


def _steps(pairs: Sequence[Pair], sockets: "_Sockets") -> str:
    """As many as fit, at least one; the others are counted."""
    steps = [sockets.join(one, other) for one, other in pairs]
    shown = steps[:1]
    for step in steps[1:_MOST_STEPS]:
        if len("; ".join([*shown, step])) > _ROOM:
            break
        shown.append(step)
    more = len(steps) - len(shown)
    return "; ".join(shown) + ("; and {0} more".format(more) if more else "")


class _Sockets:
    """The receptacles that are free, and the cables that the new shape does not need."""

    def __init__(
        self, facts: Mapping[str, HostFacts], hosts: Sequence[str], links: Sequence[Link], kept: "set[Pair]"
    ) -> None:
        self._facts = facts
        used = {(end.host, end.receptacle) for link in links for end in (link.a, link.b)}
        self._free: Dict[str, List[str]] = {host: _free_ports(host, facts[host], used) for host in hosts}
        self._spare = [link for link in links if link.hosts not in kept or link.rail > 0]

    def join(self, one: str, other: str) -> str:
        """What to do for a cable between two hosts, and take the receptacles for it."""
        for near, far in ((one, other), (other, one)):
            if self._has_free(far) and (self._has_free(near) or self._spare_at(near)):
                return self._to_free(near, far)
        for near, far in ((one, other), (other, one)):
            spare = self._spare_at(far)
            if spare and self._spare_at(near) not in (None, spare):
                self._pull(spare)
                return "pull the cable between {0}, and {1}".format(_ends(spare), self._to_free(near, far))
        full = [host for host in (one, other) if not self._has_free(host) and not self._spare_at(host)]
        return "join {0} and {1}, but {2} no free Thunderbolt port".format(
            shortened(one), shortened(other), " and ".join(full) + (" have" if len(full) > 1 else " has")
        )

    def _to_free(self, near: str, far: str) -> str:
        if self._has_free(near):
            return "add a cable from {0} to {1}".format(self._take_free(near), self._take_free(far))
        spare = self._spare_at(near)
        if spare is None:
            raise ValueError("{0} has neither a free port nor a cable to spare".format(near))
        self._spare.remove(spare)
        gone = spare.other(near)
        words = "move the cable between {0}: its end at {1} goes to {2}".format(
            _ends(spare), shortened(gone.host), self._take_free(far)
        )
        self._free[gone.host].append(_socket(gone.host, gone.receptacle))
        return words

    def _pull(self, link: Link) -> None:
        self._spare.remove(link)
        for end in (link.a, link.b):
            self._free[end.host].append(_socket(end.host, end.receptacle))

    def _has_free(self, host: str) -> bool:
        return bool(self._free[host]) or self._facts[host].system == "linux"

    def _take_free(self, host: str) -> str:
        return self._free[host].pop(0) if self._free[host] else "a free port of {0}".format(shortened(host))

    def _spare_at(self, host: str) -> Optional[Link]:
        return next((link for link in self._spare if host in link.hosts), None)


def _free_ports(host: str, facts: HostFacts, used: "set[Tuple[str, int]]") -> List[str]:
    """Empty receptacles first, then those with a drive or a display in them; a cable to any host is left alone."""
    ports = sorted((port for port in facts.ports if port.device), key=lambda port: port.receptacle)
    mine = [port for port in ports if (host, port.receptacle) not in used]
    empty = [_socket(host, port.receptacle) for port in mine if not port.peers]
    taken = [
        "{0} (instead of {1})".format(_socket(host, port.receptacle), shortened(port.peers[0].name) or "a device")
        for port in mine
        if port.peers and all(peer.kind != "host" for peer in port.peers)
    ]
    return empty + taken


def _socket(host: str, receptacle: int) -> str:
    return "{0} Thunderbolt {1}".format(shortened(host), receptacle)


def _ends(link: Link) -> str:
    return "{0} and {1}".format(_socket(link.a.host, link.a.receptacle), _socket(link.b.host, link.b.receptacle))
