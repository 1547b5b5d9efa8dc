# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A port together with the host that it is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from .model import Peer, Port
from .words import shortened


@dataclass(frozen=True)
class Place:
    """Where an end of a cable is plugged in."""

    host: str
    port: Port
    system: str = ""  # of the host

    @property
    def key(self) -> Tuple[str, int]:
        """The same for the same receptacle, whatever else is known of it."""
        return (self.host, self.port.receptacle)

    @property
    def bus(self) -> Tuple[str, str]:
        """The controller that the receptacle hangs on. Intel Macs and Linux hosts have two receptacles on one."""
        return (self.host, self.port.domain_uuid.upper())

    @property
    def hosts(self) -> Tuple[Peer, ...]:
        """The hosts that it sees, those directly at the cable first."""
        found = tuple(peer for peer in self.port.peers if peer.kind == "host")
        return found if len(found) < 2 else tuple(sorted(found, key=lambda peer: peer.depth))

    def sees(self, other: "Place") -> bool:
        """Whether the other one's identity is among those that it sees."""
        uuid = other.port.domain_uuid.upper()
        return bool(uuid) and any(peer.domain_uuid.upper() == uuid for peer in self.hosts)

    def words(self) -> str:
        """As in "mac1, Thunderbolt 2 (en3)"."""
        device = " ({0})".format(shortened(self.port.device)) if self.port.device else ""
        return "{0}, Thunderbolt {1}{2}".format(shortened(self.host), self.port.receptacle, device)


Cable = Tuple[Place, Place]
