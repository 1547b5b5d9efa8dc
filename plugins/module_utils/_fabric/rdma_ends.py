# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""One end of a cable: does RDMA work there, and if not, what is in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Tuple

from .model import Port, RdmaDevice

READY = "ready"
NOT_CAPABLE = "not-capable"  # the hardware can never do it
OS_TOO_OLD = "os-too-old"
NEEDS_RECOVERY = "needs-recovery"  # rdma_ctl itself said "disabled", on hardware that can do RDMA
NOT_UNDERSTOOD = "not-understood"  # a command failed, or said something that we do not know
NO_LINK = "no-link"  # no cable, or the host at the other end is not enabled
PORT_DOWN = "port-down"  # cabled and enabled at both ends, and still down
WRONG_ADDRESS = "wrong-address"  # the table of the port lacks the address of the cable
SLOW_CABLE = "slow-cable"  # works, but not as a Thunderbolt 5 link

# The first of them that is true of a host is its verdict.
VERDICTS = (
    NOT_CAPABLE,
    OS_TOO_OLD,
    NEEDS_RECOVERY,
    NOT_UNDERSTOOD,
    NO_LINK,
    PORT_DOWN,
    WRONG_ADDRESS,
    SLOW_CABLE,
    READY,
)
OF_THE_HOST = (NOT_CAPABLE, OS_TOO_OLD, NEEDS_RECOVERY, NOT_UNDERSTOOD)  # no cable of this host can do RDMA

THUNDERBOLT_5_GBPS = 80
MAPPED = "::ffff:"  # how the table writes an IPv4 address, and what JACCL looks for in it

_ORDER: Mapping[str, int] = {verdict: place for place, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True)
class Problem:
    """Why a cable or a host does not do RDMA."""

    verdict: str
    words: str  # what is wrong, and after a colon what to do


@dataclass(frozen=True)
class CableEnd:
    """What is known about one end of a cable."""

    host: str  # how the host is called in a sentence: "mac1", or "this host" where names are not known
    far: str  # and the host at the other end
    system: str
    port: Port
    device: Optional[RdmaDevice]
    address: str = ""  # that this end shall have; "" if no plan says it, and any will do


def worst(problems: Tuple[Problem, ...]) -> str:
    """The verdict that several problems make together."""
    return min((problem.verdict for problem in problems), key=lambda verdict: _ORDER[verdict], default=READY)


def device_on(devices: Tuple[RdmaDevice, ...], interface: str) -> Optional[RdmaDevice]:
    """The RDMA device that lies on a network interface, an active one before others."""
    mine = [device for device in devices if interface and device.device == interface]
    return next((device for device in mine if device.active), mine[0] if mine else None)


def gid_index(device: Optional[RdmaDevice], address: str) -> int:
    """Where the table of the device holds an IPv4 address, -1 if it does not."""
    for gid in device.gids if device else ():
        if gid.address == MAPPED + address:
            return gid.index
    return -1


def mapped_addresses(device: RdmaDevice) -> Tuple[str, ...]:
    """The IPv4 addresses in the table of the device."""
    return tuple(gid.address[len(MAPPED) :] for gid in device.gids if gid.address.startswith(MAPPED))


def end_problem(end: CableEnd, settled: bool) -> Optional[Problem]:
    """What is in the way at this end, None if nothing is.

    :param settled: the addresses have been given. Before that the table cannot hold them, and a port that the
        bridge still owns may be down for that reason alone; both are not judged then.
    """
    if end.device is None:
        return Problem(PORT_DOWN, _no_device(end))
    if not end.device.active and (settled or not end.port.bridge):
        return _down(end, end.device)
    if settled:
        return _wrongly_addressed(end, end.device)
    return None


def speed_problem(gbps: int) -> Optional[Problem]:
    """RDMA needs a link with the speed of Thunderbolt 5."""
    if gbps >= THUNDERBOLT_5_GBPS:
        return None
    speed = "it has {0} Gb/s".format(gbps) if gbps else "its speed is not known"
    words = (
        "{0}, and RDMA needs Thunderbolt 5 ({1} Gb/s): put in a Thunderbolt 5 cable, or use it for the ring over TCP"
    )
    return Problem(SLOW_CABLE, words.format(speed, THUNDERBOLT_5_GBPS))


def dock_problem(end: CableEnd, both_active: bool) -> Optional[Problem]:
    """A dock in between passes IP on; RDMA only if the system itself says that the port is up."""
    if both_active or not any(peer.kind == "host" and peer.depth for peer in end.port.peers):
        return None
    words = "{0} sees {1} behind a dock or hub, through which RDMA does not come up: join the two directly"
    return Problem(PORT_DOWN, words.format(end.host, end.far))


def _no_device(end: CableEnd) -> str:
    if end.system == "linux":
        words = "{0} has no RDMA device on {1}, and takes part over TCP: use the backend ring"
        return words.format(end.host, end.port.device or "this port")
    words = (
        "{0} lists no RDMA device for its port, although RDMA is enabled there: restart that Mac, or use another port"
    )
    return words.format(end.host)


def _down(end: CableEnd, device: RdmaDevice) -> Problem:
    if not device.state:
        words = "the state of {0} at {1} is not known: run ibv_devinfo -v there to see it"
        return Problem(NOT_UNDERSTOOD, words.format(device.name, end.host))
    down = "{0} at {1} is down ({2})".format(device.name, end.host, device.state)
    if any(peer.kind == "host" and peer.rdma_service is False for peer in end.port.peers):
        words = "{0}, because {1} does not offer RDMA: enable it there; if it is enabled, restart that host"
        return Problem(NO_LINK, words.format(down, end.far))
    words = (
        "{0}, although the cable is plugged in: plug it in anew at both ends, restart both hosts, or use other ports"
    )
    return Problem(PORT_DOWN, words.format(down))


def _wrongly_addressed(end: CableEnd, device: RdmaDevice) -> Optional[Problem]:
    found = mapped_addresses(device)
    if (end.address in found) if end.address else found:
        return None
    has = ", ".join(found) or "no IPv4 GID"
    wanted = " instead of {0}".format(end.address) if end.address else ""
    owner = " (the port is in {0})".format(end.port.bridge) if end.port.bridge else ""
    words = "{0} at {1} has {2}{3}{4}: run boltloom.cluster.configure"
    return Problem(WRONG_ADDRESS, words.format(device.name, end.host, has, wanted, owner))
