# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""From what a host has and what the plan wants to the steps in between. Check mode ends here."""

from __future__ import annotations

import ipaddress
from typing import List, Optional, Set, Tuple

from .errors import TopologyError
from .foresee import foresee
from .model import Bridge, HostFacts, HostPlan, Port, Service, WantPort
from .steps import (
    ADD_ADDRESS,
    CREATE_SERVICE,
    DESTROY_BRIDGE,
    DISABLE_BRIDGE_SERVICE,
    ENABLE_SERVICE,
    FORGET_BRIDGE,
    RELEASE_PORT_FROM_BRIDGE,
    REMOVE_ADDRESS,
    SET_BRIDGE_MEMBERS,
    SET_MANUAL,
    Step,
)

_LINK_LOCAL = ipaddress.IPv4Network("169.254.0.0/16")


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
        steps.extend(_port_steps(facts.system, port, want_port))
    return tuple(steps)


def before_after(facts: HostFacts, want: HostPlan) -> Tuple[str, str]:
    """The host before and after the steps as text, for ``--diff``. Equal texts exactly when there are no steps."""
    return _as_text(facts, want), _as_text(foresee(facts, diff_host(facts, want)), want)


def _port(facts: HostFacts, want: HostPlan, want_port: WantPort) -> Port:
    for port in facts.ports:
        if port.receptacle == want_port.receptacle and port.device == want_port.device:
            return port
    raise TopologyError(
        "{0} has no Thunderbolt {1} with the interface {2}, which the plan wants".format(
            want.host, want_port.receptacle, want_port.device
        ),
        "the plan is older than the host's state: plan again",
    )


def _bridge_steps(facts: HostFacts, bridge: Bridge, planned: Set[str]) -> List[Step]:
    """Free the planned ports; take the bridge apart when nothing is left in it that anybody could use."""
    members = set(bridge.members) | set(bridge.configured)
    if not members & planned:
        return []
    idle = {port.device for port in facts.ports if not any(peer.kind == "host" for peer in port.peers)}
    dissolve = members <= planned | idle  # idle Thunderbolt ports: the bridge would only swallow the next cable
    leaving = members if dissolve else members & planned
    steps = []
    if dissolve and bridge.service is not None and bridge.service.enabled:
        steps.append(Step(DISABLE_BRIDGE_SERVICE, bridge=bridge.device, service=bridge.service.name))
    steps.extend(
        Step(RELEASE_PORT_FROM_BRIDGE, bridge=bridge.device, device=device)
        for device in bridge.members
        if device in leaving
    )
    if dissolve and bridge.members and facts.system == "macos":
        steps.append(Step(DESTROY_BRIDGE, bridge=bridge.device))
    staying = tuple(device for device in bridge.configured if device not in leaving)
    if staying != bridge.configured:
        kind = SET_BRIDGE_MEMBERS if staying else FORGET_BRIDGE
        steps.append(Step(kind, bridge=bridge.device, members=staying))
    return steps


def _port_steps(system: str, port: Port, want: WantPort) -> List[Step]:
    steps = [
        Step(REMOVE_ADDRESS, device=port.device, address=str(extra.ip), prefix=extra.network.prefixlen)
        for extra in _extra_addresses(port, want)
    ]
    return steps + (_macos_port_steps(port, want) if system == "macos" else _linux_port_steps(port, want))


def _linux_port_steps(port: Port, want: WantPort) -> List[Step]:
    if _wanted_address(want) in port.addresses:
        return []
    return [Step(ADD_ADDRESS, device=port.device, address=want.address, prefix=want.prefix)]


def _macos_port_steps(port: Port, want: WantPort) -> List[Step]:
    steps = []
    service: Optional[Service] = port.service
    name = service.name if service is not None else want.service
    if service is None:
        steps.append(
            Step(CREATE_SERVICE, service=name, port="Thunderbolt {0}".format(port.receptacle), device=port.device)
        )
    if service is None or not _configured(service, want) or _not_in_force(port, want):
        steps.append(
            Step(
                SET_MANUAL,
                service=name,
                device=port.device,
                address=want.address,
                prefix=want.prefix,
                netmask=_netmask(want),
            )
        )
    if service is not None and not service.enabled:  # a new service is enabled
        steps.append(Step(ENABLE_SERVICE, service=name))
    return steps


def _configured(service: Service, want: WantPort) -> bool:
    return (service.method, service.address, service.netmask) == ("manual", want.address, _netmask(want))


def _not_in_force(port: Port, want: WantPort) -> bool:
    """A port with a link lacks its address: it was in a bridge, or somebody took the address off by hand.

    Without a link macOS keeps the address back, which is no reason to set it again and again.
    """
    return port.up and _wanted_address(want) not in port.addresses


def _extra_addresses(port: Port, want: WantPort) -> List[ipaddress.IPv4Interface]:
    """Addresses that are not in the plan. Self-assigned ones go by themselves."""
    held = [ipaddress.IPv4Interface(text) for text in port.addresses if text != _wanted_address(want)]
    return [address for address in held if address.ip not in _LINK_LOCAL]


def _wanted_address(want: WantPort) -> str:
    return "{0}/{1}".format(want.address, want.prefix)


def _netmask(want: WantPort) -> str:
    return str(ipaddress.IPv4Network((0, want.prefix)).netmask)


def _as_text(facts: HostFacts, want: HostPlan) -> str:
    receptacles = {port.receptacle for port in want.ports}
    lines = []
    for bridge in facts.bridges:
        service = ", service {0}".format(_on_off(bridge.service)) if bridge.service else ""
        lines.append("{0}: members {1}{2}".format(bridge.device, " ".join(bridge.members) or "none", service))
        lines.append("{0}: members at the next boot: {1}".format(bridge.device, " ".join(bridge.configured) or "none"))
    for port in facts.ports:
        if port.receptacle in receptacles:
            lines.extend(_port_text(port))
    return "".join(line + "\n" for line in lines)


def _port_text(port: Port) -> List[str]:
    name = "Thunderbolt {0} ({1})".format(port.receptacle, port.device)
    lines = ["{0}: addresses {1}".format(name, " ".join(port.addresses) or "none")]
    if port.bridge:
        lines.append("{0}: in {1}".format(name, port.bridge))
    if port.service is not None:
        configured = " ".join(part for part in (port.service.address, port.service.netmask) if part)
        lines.append(
            "{0}: service {1!r} {2} {3} {4}".format(
                name, port.service.name, _on_off(port.service), port.service.method, configured
            ).rstrip()
        )
    return lines


def _on_off(service: Service) -> str:
    return "on" if service.enabled else "off"
