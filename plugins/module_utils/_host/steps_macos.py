# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How steps are done on macOS. What they promised is verified by reading again when all of them are done."""

from __future__ import annotations

from .._fabric import steps as kinds
from .._fabric.steps import Step
from . import noted, preferences, things_macos
from .apply import Kind, System, Thing
from .commands import HostError, required
from .macos import preferences_path
from .networksetup import networksetup, require_service, service_order, set_service_order
from .options_macos import OPTIONS
from .target import Target
from .things_macos import IFCONFIG, write_service


def disable_service(step: Step, target: Target) -> None:
    """The bridge's address leaves it; the bridge itself stays."""
    require_service(step.service, step.bridge, target)
    networksetup(target, "-setnetworkserviceenabled", step.service, "off")


def enable_service(step: Step, target: Target) -> None:
    """A service of ours that does not count is made to count."""
    require_service(step.service, step.device, target)
    networksetup(target, "-setnetworkserviceenabled", step.service, "on")


def create_service(step: Step, target: Target) -> None:
    """A service of our own on the port. IPv6 stays on the cable: nobody behind it may hand out routes."""
    if any(entry.name == step.service for entry in service_order(target)):
        raise HostError("there is a network service {0!r} already".format(step.service), "rename it and run again")
    networksetup(target, "-createnetworkservice", step.service, step.port)
    networksetup(target, "-setv6LinkLocal", step.service)


def remove_service(step: Step, target: Target) -> None:
    """One of our own."""
    write_service(step.service, None, target)


def set_manual(step: Step, target: Target) -> None:
    """The empty router keeps the cable from becoming anybody's way to the Internet."""
    require_service(step.service, step.device, target)
    networksetup(target, "-setmanual", step.service, step.address, step.netmask, "")


def place_service(step: Step, target: Target) -> None:
    """Only the first enabled service of a port has its interface. All others keep their order."""
    require_service(step.service, step.device, target)
    names = [entry.name for entry in service_order(target) if entry.name != step.service]
    names.insert(names.index(step.behind), step.service)
    set_service_order(names, target)


def release_port(step: Step, target: Target) -> None:
    """At once, until the next boot."""
    required(target.run, [IFCONFIG, step.bridge, "deletem", step.device])


def destroy_bridge(step: Step, target: Target) -> None:
    """At once, until the next boot."""
    required(target.run, [IFCONFIG, step.bridge, "destroy"])


def forget_bridge(step: Step, target: Target) -> None:
    """From the next boot on."""
    preferences.forget_bridge(preferences_path(target.root), step.bridge)


def set_bridge_members(step: Step, target: Target) -> None:
    """From the next boot on."""
    preferences.set_members(preferences_path(target.root), step.bridge, step.members)


def remove_address(step: Step, target: Target) -> None:
    """An address that somebody set by ifconfig."""
    required(target.run, [IFCONFIG, step.device, "inet", step.address, "-alias"])


def _service(step: Step) -> "list[str]":
    return ["service:" + step.service]


def _placed(step: Step) -> "list[str]":
    return ["service:" + step.service, "order:"]


def _bridge(step: Step) -> "list[str]":
    return ["bridge:" + step.bridge]


def _configured(step: Step) -> "list[str]":
    return ["configured:" + step.bridge]


def _addresses(step: Step) -> "list[str]":
    return ["addresses:" + step.device]


MACOS = System(
    kinds={
        kinds.DISABLE_BRIDGE_SERVICE: Kind(_service, disable_service),
        kinds.RELEASE_PORT_FROM_BRIDGE: Kind(_bridge, release_port),
        kinds.DESTROY_BRIDGE: Kind(_bridge, destroy_bridge),
        kinds.FORGET_BRIDGE: Kind(_configured, forget_bridge),
        kinds.SET_BRIDGE_MEMBERS: Kind(_configured, set_bridge_members),
        kinds.CREATE_SERVICE: Kind(_placed, create_service),
        kinds.REMOVE_ADDRESS: Kind(_addresses, remove_address),
        kinds.SET_MANUAL: Kind(_service, set_manual),
        kinds.ENABLE_SERVICE: Kind(_service, enable_service),
        kinds.PLACE_SERVICE: Kind(_placed, place_service),
        kinds.REMOVE_SERVICE: Kind(_placed, remove_service),
        kinds.NOTE_PORTS: noted.KIND,
    },
    things={
        "service": Thing(things_macos.read_service, things_macos.write_service),
        "order": Thing(things_macos.read_order, things_macos.write_order, things_macos.same_order),
        "bridge": Thing(things_macos.read_bridge, things_macos.write_bridge, things_macos.same_bridge),
        "configured": Thing(things_macos.read_configured, things_macos.write_configured),
        "addresses": Thing(things_macos.read_addresses, things_macos.write_addresses, things_macos.same_addresses),
        "noted": noted.THING,
        **OPTIONS,
    },
)
