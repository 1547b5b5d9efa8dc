# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Can this host do RDMA over Thunderbolt, and if not, why not.

The order of the questions matters: on Thunderbolt 4 ``rdma_ctl`` may say "enabled" and devices may
even be listed, and still nothing works. So the hardware is asked first, then the version of macOS, then
the switch, then the devices, then every port that a cable leads to another host from; nobody is sent to
Recovery for a feature that his Mac does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Mapping, Optional, Tuple

from . import rdma_ends
from .errors import ParseError
from .linux.rdma import parse_infiniband_sysfs
from .macos.rdma import interface_of, parse_ibv_devices, parse_ibv_devinfo, parse_rdma_ctl
from .macos.versions import at_least
from .model import HostFacts, RdmaDevice, RdmaFacts
from .rdma_ends import THUNDERBOLT_5_GBPS, CableEnd, Problem, device_on

# key -> command; each may be missing. Before macOS 26.2 none of them exists.
MACOS_RDMA_COMMANDS: Mapping[str, Tuple[str, ...]] = {
    "rdma_ctl": ("/usr/bin/rdma_ctl", "status"),
    "ibv_devices": ("/usr/bin/ibv_devices",),
    "ibv_devinfo": ("/usr/bin/ibv_devinfo", "-v"),
}

MINIMUM_MACOS = "26.2"

# Macs with Thunderbolt 5, for the case that no port tells: a port in use shows the speed of its link, not its own.
THUNDERBOLT_5_MODELS = frozenset(
    ("Mac15,14", "Mac16,5", "Mac16,6", "Mac16,7", "Mac16,8", "Mac16,9", "Mac16,11", "Mac17,6", "Mac17,7")
)

_MOST_WORDS = 200  # letters of what a command complains
_MOST_SENTENCES = 3  # of a host's reason: whoever reads three knows where to begin


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended. macOS prints some answers on the one output and some on the other."""

    stdout: str
    stderr: str = ""
    rc: int = 0

    def words(self) -> str:
        """Its complaint in one line."""
        for text in (self.stderr, self.stdout):
            if text.strip():
                words = " ".join(text.split())[:_MOST_WORDS]
                return "".join(letter if letter.isprintable() else "?" for letter in words)
        return "exit status {0} and no message".format(self.rc)


def macos_rdma(said: Mapping[str, Said], facts: HostFacts) -> RdmaFacts:
    """What the commands said (a key whose command does not exist is not there), judged. Never raises: a command
    that was not understood is a verdict of its own."""
    problems: List[str] = []
    switch = _switch(said.get("rdma_ctl"), problems)
    return rdma_verdict(facts, switch, _devices(said, problems), tuple(problems))


def linux_rdma(tree: Mapping[str, str], facts: HostFacts) -> RdmaFacts:
    """What /sys says (paths below it -> contents and targets of links), judged."""
    return rdma_verdict(facts, "absent", parse_infiniband_sysfs(tree), ())


def rdma_verdict(
    facts: HostFacts, switch: str, devices: Tuple[RdmaDevice, ...], problems: Tuple[str, ...] = ()
) -> RdmaFacts:
    """Hardware first, cables last; without a plan every cable to another host counts, with whatever IPv4 address."""
    unfit = _unfit_linux(facts, devices) if facts.system == "linux" else _unfit_mac(facts, switch, devices, problems)
    found = (unfit,) if unfit else _cable_problems(facts, devices)
    if found:
        return RdmaFacts(switch, devices, rdma_ends.worst(found), sentences(found), problems)
    names = [device.name for device in devices if device.active]
    return RdmaFacts(switch, devices, rdma_ends.READY, "active: {0}".format(", ".join(names)), problems)


def sentences(problems: Tuple[Problem, ...]) -> str:
    """The problems in one line, the worst first, without repetitions."""
    order = rdma_ends.VERDICTS.index
    words: List[str] = []
    for problem in sorted(problems, key=lambda problem: order(problem.verdict)):
        if problem.words not in words:
            words.append(problem.words)
    more = len(words) - _MOST_SENTENCES
    return "; ".join(words[:_MOST_SENTENCES]) + ("; and {0} more".format(more) if more > 0 else "")


def port_name(receptacle: int, device: str) -> str:
    """How a port is called in a sentence."""
    return "Thunderbolt {0}{1}".format(receptacle, " ({0})".format(device) if device else "")


def _switch(said: Optional[Said], problems: List[str]) -> str:
    if said is None:
        return "absent"
    try:
        return parse_rdma_ctl(said.stdout if said.stdout.strip() else said.stderr)
    except ParseError:
        problems.append("rdma_ctl status: {0}".format(said.words()))
        return "failed"


def _devices(said: Mapping[str, Said], problems: List[str]) -> Tuple[RdmaDevice, ...]:
    """Devices with their state; one that only ``ibv_devices`` lists has none that is known."""
    detailed: Tuple[RdmaDevice, ...] = ()
    listed: Tuple[Tuple[str, str], ...] = ()
    for key in ("ibv_devinfo", "ibv_devices"):
        answer = said.get(key)
        if answer is None:
            continue
        try:
            if key == "ibv_devinfo":
                detailed = parse_ibv_devinfo(answer.stdout if "hca_id" in answer.stdout else _both(answer))
            else:
                listed = parse_ibv_devices(_both(answer))
        except ParseError:
            problems.append("{0}: {1}".format(key, answer.words()))
    known = {device.name for device in detailed}
    rest = tuple(
        RdmaDevice(name, 0, False, device=interface_of(name), guid=guid) for name, guid in listed if name not in known
    )
    return detailed + rest


def _both(answer: Said) -> str:
    return answer.stdout + "\n" + answer.stderr


def _unfit_linux(facts: HostFacts, devices: Tuple[RdmaDevice, ...]) -> Optional[Problem]:
    """An ordinary network card's RDMA device is none of ours: it must lie on a Thunderbolt interface."""
    if any(device_on(devices, port.device) for port in facts.ports):
        return None
    others = ", ".join(device.name for device in devices)
    but = " ({0} {1} on none)".format(others, "lies" if len(devices) == 1 else "lie") if devices else ""
    return Problem(
        rdma_ends.NOT_CAPABLE,
        "no RDMA device on a Thunderbolt interface{0}: this host takes part over TCP".format(but),
    )


def _unfit_mac(
    facts: HostFacts, switch: str, devices: Tuple[RdmaDevice, ...], problems: Tuple[str, ...]
) -> Optional[Problem]:
    """Why no cable of this Mac can do RDMA, whatever it is plugged into."""
    capable = _has_thunderbolt_5(facts)
    name = facts.model or "model unknown"
    if capable is False:
        words = "RDMA needs Thunderbolt 5, and no port of this Mac ({0}) shows it: use the ring over TCP".format(name)
        return Problem(rdma_ends.NOT_CAPABLE, words)
    if not facts.os_version:
        words = "the version of macOS is not known, and RDMA needs {0}: run sw_vers on this Mac to see what it says"
        return Problem(rdma_ends.NOT_UNDERSTOOD, words.format(MINIMUM_MACOS))
    if not _new_enough(facts.os_version):
        words = "RDMA needs macOS {0}, this is {1}: update macOS".format(MINIMUM_MACOS, facts.os_version)
        return Problem(rdma_ends.OS_TOO_OLD, words)
    if switch == "disabled" and capable is None:
        words = (
            "RDMA is disabled, and it is not known whether this Mac ({0}) has Thunderbolt 5, as all its ports are in "
            "use by slower links: pull one of these cables, and look again".format(name)
        )
        return Problem(rdma_ends.NOT_UNDERSTOOD, words)
    return _not_enabled(facts, switch, devices, problems)


def _not_enabled(
    facts: HostFacts, switch: str, devices: Tuple[RdmaDevice, ...], problems: Tuple[str, ...]
) -> Optional[Problem]:
    if switch == "disabled":
        words = (
            "RDMA is disabled: start this Mac in Recovery, run 'rdma_ctl enable' in its Terminal, and restart "
            "(this cannot be done from afar)"
        )
        return Problem(rdma_ends.NEEDS_RECOVERY, words)
    if problems:
        words = "what this Mac says of RDMA was not understood ({0}): run it by hand there".format("; ".join(problems))
        return Problem(rdma_ends.NOT_UNDERSTOOD, words)
    if switch != "enabled":
        words = "rdma_ctl is missing, which macOS {0} has: look for /usr/bin/rdma_ctl on this Mac"
        return Problem(rdma_ends.NOT_UNDERSTOOD, words.format(facts.os_version))
    if not devices:
        words = "RDMA is enabled, but the system lists no device: restart this Mac"
        return Problem(rdma_ends.PORT_DOWN, words)
    return None


def _has_thunderbolt_5(facts: HostFacts) -> Optional[bool]:
    """None where nothing tells: the model is not known to us, and every port shows the speed of a slower link."""
    fastest = max((max(port.capable_gbps, port.speed_gbps) for port in facts.ports), default=0)
    if fastest >= THUNDERBOLT_5_GBPS or facts.model in THUNDERBOLT_5_MODELS:
        return True
    told = not facts.ports or any(port.capable_gbps for port in facts.ports)
    return False if told or not facts.model.startswith("Mac") else None


def _new_enough(version: str) -> bool:
    try:
        return at_least(version, MINIMUM_MACOS)
    except ParseError:
        return False


def _cable_problems(facts: HostFacts, devices: Tuple[RdmaDevice, ...]) -> Tuple[Problem, ...]:
    cabled = [port for port in facts.ports if any(peer.kind == "host" for peer in port.peers)]
    if not cabled:
        words = "no cable to another host is plugged in: plug one in, host to host"
        return (Problem(rdma_ends.NO_LINK, words),)
    found: List[Problem] = []
    for port in cabled:
        device = device_on(devices, port.device)
        end = CableEnd("this host", "the host at the other end", facts.system, port, device)
        problem = (
            rdma_ends.dock_problem(end, device is not None and device.active)
            or rdma_ends.speed_problem(port.speed_gbps)
            or rdma_ends.end_problem(end, settled=True)
        )
        if problem:
            words = "the cable at {0}: {1}".format(port_name(port.receptacle, port.device), problem.words)
            found.append(Problem(problem.verdict, words))
    return tuple(found)
