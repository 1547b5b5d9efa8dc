# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What a host looks like after steps: for ``--diff``, and to test a diff without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, Sequence, Tuple

from .diff_linux import activated, removed, written
from .diff_macos import in_force, services_of
from .model import Bridge, HostFacts, Port, Service
from .steps import (
    ACTIVATE_CONFIG,
    ADD_ADDRESS,
    CREATE_SERVICE,
    DESTROY_BRIDGE,
    DISABLE_BRIDGE_SERVICE,
    ENABLE_SERVICE,
    FORGET_BRIDGE,
    NOTE_PORTS,
    PLACE_SERVICE,
    RELEASE_PORT_FROM_BRIDGE,
    REMOVE_ADDRESS,
    REMOVE_CONFIG,
    REMOVE_SERVICE,
    SET_BRIDGE_MEMBERS,
    SET_MANUAL,
    SET_OPTION,
    WRITE_CONFIG,
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
    created = Service(step.service, enabled=True, method="dhcp", ipv6="link-local")
    return _with_port(facts, step.device, lambda port: _served(port, (*services_of(port), created)))


def _set_manual(facts: HostFacts, step: Step) -> HostFacts:
    def configured(service: Service) -> Service:
        return replace(service, method="manual", address=step.address, netmask=step.netmask, router="")

    return _with_service(facts, step, configured)


def _enable_service(facts: HostFacts, step: Step) -> HostFacts:
    return _with_service(facts, step, lambda service: replace(service, enabled=True))


def _place_service(facts: HostFacts, step: Step) -> HostFacts:
    def placed(port: Port) -> Port:
        ours = [service for service in services_of(port) if service.name == step.service]
        others = [service for service in services_of(port) if service.name != step.service]
        position = [service.name for service in others].index(step.behind)
        return _served(port, (*others[:position], *ours, *others[position:]))

    return _with_port(facts, step.device, placed)


def _remove_service(facts: HostFacts, step: Step) -> HostFacts:
    def without(port: Port) -> Port:
        left = tuple(service for service in services_of(port) if service.name != step.service)
        gone = [service for service in services_of(port) if service.name == step.service]
        held = tuple(text for text in port.addresses if text.split("/")[0] not in {old.address for old in gone})
        return _served(replace(port, addresses=held), left)

    return _with_port(facts, step.device, without)


def _set_option(facts: HostFacts, step: Step) -> HostFacts:
    return facts  # the facts do not have them


def _note_ports(facts: HostFacts, step: Step) -> HostFacts:
    return replace(facts, applied=step.ports)


def _with_service(facts: HostFacts, step: Step, change: Callable[[Service], Service]) -> HostFacts:
    def changed(port: Port) -> Port:
        services = services_of(port)
        return _served(port, tuple(change(old) if old.name == step.service else old for old in services))

    return _with_port(facts, step.device, changed)


def _served(port: Port, services: Tuple[Service, ...]) -> Port:
    """The port with these services. An enabled manual service puts its address on a port that has a link and is in no
    bridge, and takes those of the service before it off; what somebody set by hand stays."""
    used = in_force(services)
    after = replace(port, service=used or (services[0] if services else None), services=services)
    if used is None or used.method != "manual" or not (used.address and used.netmask) or not port.up or port.bridge:
        return after
    prefix = sum(bin(int(octet)).count("1") for octet in used.netmask.split("."))
    wanted = "{0}/{1}".format(used.address, prefix)
    served = {service.address for service in (*services_of(port), *services)}
    by_hand = tuple(text for text in port.addresses if text != wanted and text.split("/")[0] not in served)
    return replace(after, addresses=(*by_hand, wanted))


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
    PLACE_SERVICE: _place_service,
    REMOVE_SERVICE: _remove_service,
    SET_OPTION: _set_option,
    NOTE_PORTS: _note_ports,
    ADD_ADDRESS: _add_address,
    WRITE_CONFIG: written,
    REMOVE_CONFIG: removed,
    ACTIVATE_CONFIG: activated,
}
