# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What a host looks like after steps: for ``--diff``, and to test a diff without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, Sequence, Tuple

from .model import Bridge, HostFacts, Port, Service
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


def foresee(facts: HostFacts, steps: Sequence[Step]) -> HostFacts:
    """The facts as they will be after the steps."""
    for step in steps:
        facts = _EFFECTS[step.kind](facts, step)
    return facts


def _disable_bridge_service(facts: HostFacts, step: Step) -> HostFacts:
    def disabled(bridge: Bridge) -> Bridge:
        return replace(bridge, service=replace(bridge.service, enabled=False) if bridge.service else None)

    return _with_bridge(facts, step.bridge, disabled)


def _release(facts: HostFacts, step: Step) -> HostFacts:
    def without(bridge: Bridge) -> Bridge:
        return replace(bridge, members=tuple(member for member in bridge.members if member != step.device))

    freed = _with_port(facts, step.device, lambda port: replace(port, bridge=""))
    return _without_empty_bridges(_with_bridge(freed, step.bridge, without))


def _destroy(facts: HostFacts, step: Step) -> HostFacts:
    return _without_empty_bridges(
        _with_bridge(facts, step.bridge, lambda bridge: replace(bridge, members=(), up=False))
    )


def _set_members(facts: HostFacts, step: Step) -> HostFacts:
    """Also the effect of forgetting a bridge: then the step has no members."""
    changed = _with_bridge(facts, step.bridge, lambda bridge: replace(bridge, configured=step.members))
    return _without_empty_bridges(changed)


def _create_service(facts: HostFacts, step: Step) -> HostFacts:
    created = Service(step.service, enabled=True, method="dhcp")
    return _with_port(facts, step.device, lambda port: replace(port, service=created))


def _set_manual(facts: HostFacts, step: Step) -> HostFacts:
    def configured(port: Port) -> Port:
        enabled = port.service.enabled if port.service else True
        service = Service(step.service, enabled, "manual", step.address, step.netmask)
        return _settled(replace(port, service=service))

    return _with_port(facts, step.device, configured)


def _enable_service(facts: HostFacts, step: Step) -> HostFacts:
    def enabled(port: Port) -> Port:
        if port.service is None or port.service.name != step.service:
            return port
        return _settled(replace(port, service=replace(port.service, enabled=True)))

    return replace(facts, ports=tuple(enabled(port) for port in facts.ports))


def _settled(port: Port) -> Port:
    """An enabled manual service puts its address on a port that has a link and is in no bridge, and only that one."""
    service = port.service
    if service is None or not service.enabled or service.method != "manual" or not port.up or port.bridge:
        return port
    prefix = sum(bin(int(octet)).count("1") for octet in service.netmask.split("."))
    return replace(port, addresses=("{0}/{1}".format(service.address, prefix),))


def _add_address(facts: HostFacts, step: Step) -> HostFacts:
    added = "{0}/{1}".format(step.address, step.prefix)
    return _with_port(facts, step.device, lambda port: replace(port, addresses=(*port.addresses, added)))


def _remove_address(facts: HostFacts, step: Step) -> HostFacts:
    removed = "{0}/{1}".format(step.address, step.prefix)

    def without(port: Port) -> Port:
        return replace(port, addresses=tuple(address for address in port.addresses if address != removed))

    return _with_port(facts, step.device, without)


def _with_port(facts: HostFacts, device: str, change: Callable[[Port], Port]) -> HostFacts:
    return replace(facts, ports=tuple(change(port) if port.device == device else port for port in facts.ports))


def _with_bridge(facts: HostFacts, device: str, change: Callable[[Bridge], Bridge]) -> HostFacts:
    bridges: Tuple[Bridge, ...] = tuple(
        change(bridge) if bridge.device == device else bridge for bridge in facts.bridges
    )
    return replace(facts, bridges=bridges)


def _without_empty_bridges(facts: HostFacts) -> HostFacts:
    """Facts list only bridges that have, or will have, Thunderbolt ports."""
    ports = {port.device for port in facts.ports}
    kept = tuple(bridge for bridge in facts.bridges if ports & (set(bridge.members) | set(bridge.configured)))
    return replace(facts, bridges=kept)


_EFFECTS: Dict[str, Callable[[HostFacts, Step], HostFacts]] = {
    DISABLE_BRIDGE_SERVICE: _disable_bridge_service,
    RELEASE_PORT_FROM_BRIDGE: _release,
    DESTROY_BRIDGE: _destroy,
    FORGET_BRIDGE: _set_members,
    SET_BRIDGE_MEMBERS: _set_members,
    CREATE_SERVICE: _create_service,
    REMOVE_ADDRESS: _remove_address,
    SET_MANUAL: _set_manual,
    ENABLE_SERVICE: _enable_service,
    ADD_ADDRESS: _add_address,
}
