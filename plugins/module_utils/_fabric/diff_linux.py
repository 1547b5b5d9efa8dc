# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The steps between a port of a Linux host and what the plan wants of it."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Tuple

from .errors import TopologyError
from .linux.keep import connection_uuid, is_own, mtu_path, own_file, own_paths
from .linux.managers import NETWORKD, NETWORKMANAGER
from .model import ConfigFile, HostFacts, Port, WantPort
from .steps import ACTIVATE_CONFIG, ADD_ADDRESS, REMOVE_ADDRESS, REMOVE_CONFIG, WRITE_CONFIG, Step

_APPLYING = (NETWORKMANAGER, NETWORKD)  # they put on an interface what a file says


def linux_port_steps(facts: HostFacts, port: Port, want: WantPort) -> List[Step]:
    """A file of ours that keeps the address, and the address now, by the manager that has the port or by ``ip``.

    :raises TopologyError: a file of the user would be preferred to ours.
    """
    steps = []
    file = own_file(facts.manager, port, want)
    if facts.manager == NETWORKD:
        _refuse_a_file_before_ours(port, in_force(NETWORKD, want))
    path = file.path if file else ""
    for other in own_paths(want.receptacle):  # of a manager that this host had before
        if other != path and any(known.path == other for known in facts.config):
            steps.append(Step(REMOVE_CONFIG, path=other, device=port.device))
    if file is not None and file not in facts.config:
        steps.append(Step(WRITE_CONFIG, path=file.path, text=file.text, device=port.device))
    written = any(step.kind == WRITE_CONFIG for step in steps)
    if facts.manager in _APPLYING and (written or _not_in_force(port, want, in_force(facts.manager, want))):
        steps.append(
            Step(
                ACTIVATE_CONFIG,
                path=path,
                device=port.device,
                connection=in_force(facts.manager, want),
                address=want.address,
                prefix=want.prefix,
                mac=port.mac,
            )
        )
    if facts.manager not in _APPLYING and _address(want) not in port.addresses:
        steps.append(Step(ADD_ADDRESS, device=port.device, address=want.address, prefix=want.prefix, mac=port.mac))
    return steps


def linux_leftovers(facts: HostFacts, noted: WantPort) -> List[Step]:
    """Our address and our files for a port that is planned no longer, whether its cable is plugged in or not."""
    steps = [
        Step(REMOVE_ADDRESS, device=port.device, address=noted.address, prefix=noted.prefix)
        for port in facts.ports
        if port.receptacle == noted.receptacle and _address(noted) in port.addresses
    ]
    present = {file.path for file in facts.config}
    for path in (*own_paths(noted.receptacle), mtu_path(noted.receptacle)):
        if path in present:
            steps.append(Step(REMOVE_CONFIG, path=path, device=noted.device))
    return steps


def named_as_now(applied: Tuple[WantPort, ...], ports: Tuple[Port, ...]) -> Tuple[WantPort, ...]:
    """What was configured last, with the names that the interfaces have since the last boot. One whose cable is out
    has none, and keeps the old one."""
    devices = {(port.receptacle, port.uid): port.device for port in ports if port.device}
    return tuple(replace(want, device=devices.get((want.receptacle, want.uid), want.device)) for want in applied)


def in_force(manager: str, want: WantPort) -> str:
    """What ``Port.configuration`` is when the manager applies our file."""
    if manager == NETWORKMANAGER:
        return connection_uuid(want.receptacle)
    return own_paths(want.receptacle)[1]


def activated(facts: HostFacts, step: Step) -> HostFacts:
    """A manager gives an interface exactly what its file says; on one without a link it waits for the cable."""

    def changed(port: Port) -> Port:
        if port.device != step.device or not port.up:
            return port
        return replace(port, configuration=step.connection, addresses=("{0}/{1}".format(step.address, step.prefix),))

    return replace(facts, ports=tuple(changed(port) for port in facts.ports))


def written(facts: HostFacts, step: Step) -> HostFacts:
    """Our file is there, with this text."""
    others = tuple(file for file in facts.config if file.path != step.path)
    return replace(facts, config=tuple(sorted((*others, ConfigFile(step.path, step.text)), key=lambda file: file.path)))


def removed(facts: HostFacts, step: Step) -> HostFacts:
    """Our file is gone."""
    return replace(facts, config=tuple(file for file in facts.config if file.path != step.path))


def _refuse_a_file_before_ours(port: Port, ours: str) -> None:
    """networkd applies the first file that fits, in the order of their names, whatever folder they are in."""
    theirs = port.configuration
    if theirs and not is_own(theirs) and theirs.rpartition("/")[2] < ours.rpartition("/")[2]:
        raise TopologyError(
            "Thunderbolt {0} ({1}) is configured by {2}, which systemd-networkd prefers to a file of ours ({3})".format(
                port.receptacle, port.device, theirs, ours.rpartition("/")[2]
            ),
            "take the interface out of its [Match], or give it a name that comes later (20-...)",
        )


def _not_in_force(port: Port, want: WantPort, configuration: str) -> bool:
    """On a port without a link the manager keeps the address back, which is no reason to ask for it again and again."""
    return port.up and (_address(want) not in port.addresses or port.configuration != configuration)


def _address(want: WantPort) -> str:
    return "{0}/{1}".format(want.address, want.prefix)
