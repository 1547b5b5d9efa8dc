# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""From what a host has and what the plan wants to the steps in between. Check mode ends here."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import List, Sequence, Set, Tuple

from .diff_linux import linux_leftovers, linux_port_steps
from .diff_macos import macos_port_steps, services_of
from .errors import TopologyError
from .foresee import foresee
from .host_text import host_text
from .model import Bridge, HostFacts, HostPlan, Port, WantPort
from .names import plain
from .steps import (
    DESTROY_BRIDGE,
    DISABLE_BRIDGE_SERVICE,
    FORGET_BRIDGE,
    NOTE_PORTS,
    RELEASE_PORT_FROM_BRIDGE,
    REMOVE_ADDRESS,
    REMOVE_SERVICE,
    SET_BRIDGE_MEMBERS,
    Step,
)


def diff_host(facts: HostFacts, want: HostPlan) -> Tuple[Step, ...]:
    """The steps in the order in which they are to be done; () when nothing is to do.

    Only ports of the plan are touched, and bridges that these ports are in. A host without a planned port keeps
    its bridge: there is no cable that the bridge could hide.

    :raises TopologyError: the plan wants a port that the host does not have (the plan is old).
    """
    steps: List[Step] = []
    wanted = [(_port(facts, want, port), port) for port in want.ports]
    if wanted:
        for bridge in facts.bridges:
            steps.extend(_bridge_steps(facts, bridge, {port.device for port, _want in wanted}))
    for port, want_port in wanted:
        steps.extend(_port_steps(facts, port, want_port))
    return tuple(steps + _note_steps(facts, want))


def leftover_steps(facts: HostFacts, want: HostPlan) -> Tuple[Step, ...]:
    """What takes our settings off the ports that were configured once and that the plan does not have.

    Whatever a port was before stays for ``restore``: it goes into no bridge.
    """
    planned = {port.receptacle for port in want.ports}
    gone = [port for port in facts.applied if port.receptacle not in planned]
    steps: List[Step] = []
    for noted in gone:
        steps.extend(_macos_leftovers(facts, noted) if facts.system == "macos" else linux_leftovers(facts, noted))
    if gone:
        kept = tuple(port for port in facts.applied if port.receptacle in planned)
        steps.append(Step(NOTE_PORTS, ports=kept))
    return tuple(steps)


def _macos_leftovers(facts: HostFacts, noted: WantPort) -> List[Step]:
    ports = [port for port in facts.ports if (port.receptacle, port.device) == (noted.receptacle, noted.device)]
    return [
        Step(REMOVE_SERVICE, service=service.name, device=port.device)
        for port in ports
        for service in services_of(port)
        if service.name == noted.service
    ]


def before_after(facts: HostFacts, want: HostPlan, steps: Sequence[Step]) -> Tuple[str, str]:
    """The host before and after the steps as text, for ``--diff``. Equal texts exactly when there are no steps."""
    receptacles = {port.receptacle for port in want.ports + facts.applied}
    return host_text(facts, receptacles), host_text(foresee(facts, steps), receptacles)


def _port(facts: HostFacts, want: HostPlan, want_port: WantPort) -> Port:
    for port in facts.ports:
        if port.receptacle == want_port.receptacle and port.device == want_port.device:
            _same_port(want.host, port, want_port)
            return port
    raise TopologyError(
        "{0} has no Thunderbolt {1} with the interface {2}, which the plan wants".format(
            want.host, want_port.receptacle, want_port.device
        ),
        "the plan is older than the host's state: plan again",
    )


def _same_port(host: str, port: Port, want: WantPort) -> None:
    """The inventory may name another computer than the one that was probed, or a task may be delegated to one."""
    if want.uid and port.uid and want.uid.lower() != port.uid.lower():
        raise TopologyError(
            "this is not the host that was planned as {0}: its Thunderbolt {1} is {2}, the planned one {3}".format(
                host, port.receptacle, port.uid, want.uid
            ),
            "see which computer the inventory's ansible_host (or delegate_to) leads to, and plan again",
        )


def _note_steps(facts: HostFacts, want: HostPlan) -> List[Step]:
    """What is configured is noted on the host. Ports that are planned no longer stay noted as long as they are so."""
    planned = {port.receptacle for port in want.ports}
    left_over = tuple(port for port in facts.applied if port.receptacle not in planned)
    ports = tuple(sorted(want.ports + left_over, key=lambda port: port.receptacle))
    same = [_noted(port) for port in ports] == [_noted(port) for port in facts.applied]
    return [] if same else [Step(NOTE_PORTS, ports=ports)]


def _noted(port: WantPort) -> WantPort:
    """A cable may be negotiated anew at another speed, and a boot may rename the interface of the Linux host at its
    other end, which changes nothing of what is configured."""
    return replace(port, speed_gbps=0, uid="", peer_device="")


def _bridge_steps(facts: HostFacts, bridge: Bridge, planned: Set[str]) -> List[Step]:
    """Free the planned ports; take the bridge apart when only ports without a host at the other end are left in it.

    Those leave it too, whether a dock, a drive or nothing is plugged in: the bridge would only swallow the next cable.
    A bridge of Linux is somebody's own, and only the planned ports leave it.
    """
    members = set(bridge.members) | set(bridge.configured)
    if not members & planned:
        return []
    idle = {port.device for port in facts.ports if not any(peer.kind == "host" for peer in port.peers)}
    dissolve = facts.system == "macos" and members <= planned | idle
    leaving = members if dissolve else members & planned
    steps = []
    if dissolve and bridge.service is not None and bridge.service.enabled:
        _sayable(bridge.service.name, bridge.device)
        steps.append(Step(DISABLE_BRIDGE_SERVICE, bridge=bridge.device, service=bridge.service.name))
    steps.extend(
        Step(RELEASE_PORT_FROM_BRIDGE, bridge=bridge.device, device=device)
        for device in bridge.members
        if device in leaving
    )
    if dissolve and bridge.members:
        steps.append(Step(DESTROY_BRIDGE, bridge=bridge.device))
    staying = tuple(device for device in bridge.configured if device not in leaving)
    if staying != bridge.configured:
        kind = SET_BRIDGE_MEMBERS if staying else FORGET_BRIDGE
        steps.append(Step(kind, bridge=bridge.device, members=staying))
    return steps


def _port_steps(facts: HostFacts, port: Port, want: WantPort) -> List[Step]:
    steps = [
        Step(REMOVE_ADDRESS, device=port.device, address=str(extra.ip), prefix=extra.network.prefixlen)
        for extra in _in_the_way(port, want)
    ]
    if facts.system != "macos":
        return steps + linux_port_steps(facts, port, want)
    for service in services_of(port):
        _sayable(service.name, port.device)
    return steps + macos_port_steps(facts, port, want)


def _sayable(name: str, device: str) -> None:
    """A name that a command would take for something else must not be given to one."""
    if not plain(name):
        raise TopologyError(
            "the network service {0!r} of {1} has characters in its name that no command can say".format(name, device),
            "rename it in System Settings > Network",
        )


def _in_the_way(port: Port, want: WantPort) -> List[ipaddress.IPv4Interface]:
    """Addresses that somebody else set, out of the cable's own network. Those of a service go with the service, and
    all others do no harm."""
    network = ipaddress.IPv4Interface(_wanted_address(want)).network
    configured = {service.address for service in port.services}
    held = [ipaddress.IPv4Interface(text) for text in port.addresses if text != _wanted_address(want)]
    return [address for address in held if address.network.overlaps(network) and str(address.ip) not in configured]


def _wanted_address(want: WantPort) -> str:
    return "{0}/{1}".format(want.address, want.prefix)
