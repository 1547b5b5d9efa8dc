# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Can this host do RDMA over Thunderbolt, and if not, why not.

The order of the questions matters: on Thunderbolt 4 ``rdma_ctl`` may say "enabled" and devices may
even be listed, and still nothing works. So the hardware is asked first, then the version of macOS, then
the switch, then the devices; nobody is sent to Recovery for a feature that his Mac does not have.
"""

from __future__ import annotations

from typing import List, Mapping, Tuple

from .errors import ParseError
from .macos.rdma import parse_ibv_devices, parse_ibv_devinfo, parse_rdma_ctl
from .macos.versions import at_least
from .model import HostFacts, RdmaDevice, RdmaFacts

# key -> command; each may be missing. rdma_ctl before macOS 26.2 does not exist.
MACOS_RDMA_COMMANDS: Mapping[str, Tuple[str, ...]] = {
    "rdma_ctl": ("/usr/bin/rdma_ctl", "status"),
    "ibv_devices": ("/usr/bin/ibv_devices",),
    "ibv_devinfo": ("/usr/bin/ibv_devinfo", "-v"),
}
LINUX_RDMA_COMMANDS: Mapping[str, Tuple[str, ...]] = {
    "ibv_devices": ("ibv_devices",),
    "ibv_devinfo": ("ibv_devinfo", "-v"),
}

MINIMUM_MACOS = "26.2"
THUNDERBOLT_5_GBPS = 80

# Macs with Thunderbolt 5, for the case that no port tells: a port in use shows the speed of its link, not its own.
THUNDERBOLT_5_MODELS = frozenset(
    ("Mac15,14", "Mac16,5", "Mac16,6", "Mac16,7", "Mac16,8", "Mac16,9", "Mac16,11", "Mac17,6", "Mac17,7")
)


def rdma_facts(raw: Mapping[str, str], facts: HostFacts) -> RdmaFacts:
    """What the commands printed (a key whose command does not exist is not there), judged.

    :raises ParseError: an output was not understood.
    """
    switch = parse_rdma_ctl(raw["rdma_ctl"]) if raw.get("rdma_ctl", "").strip() else "absent"
    return rdma_verdict(facts, switch, _devices(raw))


def _devices(raw: Mapping[str, str]) -> Tuple[RdmaDevice, ...]:
    """Devices with their state; one that only ``ibv_devices`` lists counts as not active."""
    detailed = parse_ibv_devinfo(raw["ibv_devinfo"]) if raw.get("ibv_devinfo", "").strip() else ()
    listed = parse_ibv_devices(raw["ibv_devices"]) if raw.get("ibv_devices", "").strip() else ()
    known = {device.name for device in detailed}
    return detailed + tuple(RdmaDevice(name, 1, False) for name, _guid in listed if name not in known)


def rdma_verdict(facts: HostFacts, switch: str, devices: Tuple[RdmaDevice, ...]) -> RdmaFacts:
    """The first of the five verdicts that applies, hardware first."""
    verdict, reason = _linux(devices) if facts.system == "linux" else _macos(facts, switch, devices)
    return RdmaFacts(switch, devices, verdict, reason)


def _linux(devices: Tuple[RdmaDevice, ...]) -> Tuple[str, str]:
    if not devices:
        return "not-capable", "no RDMA device: this host takes part over TCP"
    return _by_devices(devices, "check that the interface of the device has a link and an address")


def _macos(facts: HostFacts, switch: str, devices: Tuple[RdmaDevice, ...]) -> Tuple[str, str]:
    if not _has_thunderbolt_5(facts):
        return (
            "not-capable",
            "RDMA needs Thunderbolt 5, and no port of this Mac ({0}) shows it: use the ring over TCP".format(
                facts.model or "model unknown"
            ),
        )
    if not _new_enough(facts.os_version):
        return "os-too-old", "RDMA needs macOS {0}, this is {1}: update macOS".format(
            MINIMUM_MACOS, facts.os_version or "of unknown version"
        )
    if switch != "enabled":
        return (
            "needs-recovery",
            "RDMA is {0}: start this Mac in Recovery, run 'rdma_ctl enable' in its Terminal, and restart "
            "(this cannot be done from afar)".format("disabled" if switch == "disabled" else "not switched on"),
        )
    return _by_devices(devices, _why_no_link(facts))


def _has_thunderbolt_5(facts: HostFacts) -> bool:
    fastest = max((max(port.capable_gbps, port.speed_gbps) for port in facts.ports), default=0)
    return fastest >= THUNDERBOLT_5_GBPS or facts.model in THUNDERBOLT_5_MODELS


def _new_enough(version: str) -> bool:
    try:
        return at_least(version, MINIMUM_MACOS)
    except ParseError:
        return False


def _by_devices(devices: Tuple[RdmaDevice, ...], advice: str) -> Tuple[str, str]:
    active = [device for device in devices if device.active]
    if active:
        bare = [device.name for device in active if device.gids and not any(map(_carries_ipv4, device.gids))]
        advice = "; {0} without IPv4 address, which JACCL needs: configure the cables".format(", ".join(bare))
        return "ready", "active: {0}{1}".format(", ".join(device.name for device in active), advice if bare else "")
    if not devices:
        return "no-link", "RDMA is enabled, but the system lists no device: restart this Mac"
    return "no-link", "no RDMA device has an active port: {0}".format(advice)


def _carries_ipv4(gid: str) -> bool:
    return gid.lower().startswith("::ffff:")


def _why_no_link(facts: HostFacts) -> str:
    """A port turns active only once both ends are enabled; the peer's service tells whether the other end is."""
    cabled: List[int] = []
    silent: List[int] = []
    for port in facts.ports:
        hosts = [peer for peer in port.peers if peer.kind == "host"]
        if hosts:
            cabled.append(port.receptacle)
        if hosts and all(peer.rdma_service is False for peer in hosts):  # None: not known
            silent.append(port.receptacle)
    if not cabled:
        return "no cable to another host is plugged in"
    if silent:
        return "the host at Thunderbolt {0} does not offer RDMA, enable it there".format(
            ", ".join(str(number) for number in silent)
        )
    return "plug the cable in anew, or restart both hosts"
