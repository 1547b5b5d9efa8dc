# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How each kind of step is performed on macOS, and undone.

networksetup prints its errors on stdout and may exit with 0, so its text is looked
at too; and what it promised is verified by reading again when all steps are done.
"""

from __future__ import annotations

from typing import Callable, List, Sequence

from .._fabric.model import HostFacts, Service
from .._fabric.steps import Step
from . import preferences
from .commands import HostError, Run, required
from .macos import preferences_path

Undo = Callable[[], object]

NETWORKSETUP = "/usr/sbin/networksetup"
IFCONFIG = "/sbin/ifconfig"
COMPLAINTS = ("** Error", "is not a recognized", "Unable to access", "requires admin privileges")


def disable_service(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """Its address leaves the bridge; the bridge itself stays."""
    _networksetup(run, "-setnetworkserviceenabled", step.service, "off")
    return lambda: _networksetup(run, "-setnetworkserviceenabled", step.service, "on")


def enable_service(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """A service that does not count is made to count."""
    _networksetup(run, "-setnetworkserviceenabled", step.service, "on")
    return lambda: _networksetup(run, "-setnetworkserviceenabled", step.service, "off")


def create_service(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """A port that no service belongs to gets one."""
    _networksetup(run, "-createnetworkservice", step.service, step.port)

    def undo() -> None:
        try:
            _networksetup(run, "-removenetworkservice", step.service)
        except HostError:  # macOS does not remove the last service of a port; disabled it does nothing either
            _networksetup(run, "-setnetworkserviceenabled", step.service, "off")

    return undo


def set_manual(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """The empty router keeps the cable from becoming anybody's way to the Internet."""
    before = _service_before(have, step.service)
    _networksetup(run, "-setmanual", step.service, step.address, step.netmask, "")
    if before is None:
        return lambda: None  # the service is new; removing it is undone by its own step
    return lambda: _networksetup(run, *_configured_as(before))


def release_port(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """At once, until the next boot."""
    required(run, [IFCONFIG, step.bridge, "deletem", step.device])
    return lambda: required(run, [IFCONFIG, step.bridge, "addm", step.device])


def destroy_bridge(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """At once, until the next boot."""
    required(run, [IFCONFIG, step.bridge, "destroy"])

    def undo() -> None:
        required(run, [IFCONFIG, step.bridge, "create"])
        if any(bridge.device == step.bridge and bridge.up for bridge in have.bridges):
            required(run, [IFCONFIG, step.bridge, "up"])

    return undo


def forget_bridge(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """From the next boot on."""
    path = preferences_path(root)
    backup = preferences.forget_bridge(path, step.bridge)
    return lambda: preferences.restore(path, backup)


def set_bridge_members(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """From the next boot on."""
    path = preferences_path(root)
    backup = preferences.set_members(path, step.bridge, step.members)
    return lambda: preferences.restore(path, backup)


def remove_address(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """An address that somebody set by ifconfig."""
    required(run, [IFCONFIG, step.device, "inet", step.address, "-alias"])
    address = "{0}/{1}".format(step.address, step.prefix)
    return lambda: required(run, [IFCONFIG, step.device, "inet", address, "alias"])


def _networksetup(run: Run, *arguments: str) -> None:
    output = required(run, [NETWORKSETUP] + list(arguments))
    if any(complaint in output.stdout + output.stderr for complaint in COMPLAINTS):
        raise HostError("networksetup {0} failed: {1}".format(" ".join(arguments), output.words()))


def _service_before(have: HostFacts, name: str) -> "Service | None":
    for port in have.ports:
        if port.service is not None and port.service.name == name:
            return port.service
    return None


def _configured_as(service: Service) -> Sequence[str]:
    """The arguments of networksetup that configure a service as it was."""
    verbs: List[str] = {"off": ["-setv4off", service.name]}.get(service.method, ["-setdhcp", service.name])
    if service.method == "manual":
        verbs = ["-setmanual", service.name, service.address, service.netmask, ""]
    return verbs
