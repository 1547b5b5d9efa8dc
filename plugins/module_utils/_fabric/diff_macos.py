# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What is to be done to the network services of one port of a Mac.

A service that somebody else made is never written to. Ours stands beside it, and before it in the
order, because only the first enabled service of a port has the port's interface.
"""

from __future__ import annotations

import ipaddress
from typing import List, Optional, Tuple

from .errors import TopologyError
from .model import HostFacts, Port, Service, WantPort
from .steps import CREATE_SERVICE, ENABLE_SERVICE, PLACE_SERVICE, SET_MANUAL, Step


def macos_port_steps(facts: HostFacts, port: Port, want: WantPort) -> List[Step]:
    """The steps for a port that is in no bridge by then. :raises TopologyError: our service's name is taken."""
    services = services_of(port)
    used = in_force(services)
    if used is not None and _is_wanted(used, want):  # ours, or one that an older set-up or its user gave the address
        return [_set_manual(used.name, port, want)] if _not_in_force(port, want) else []
    ours = next((service for service in services if service.name == want.service), None)
    if ours is None:
        _require_free(facts, port, want)
    steps: List[Step] = []
    if ours is None:
        name = "Thunderbolt {0}".format(port.receptacle)
        steps.append(Step(CREATE_SERVICE, service=want.service, port=name, device=port.device))
    if ours is None or not _is_wanted(ours, want) or _not_in_force(port, want):
        steps.append(_set_manual(want.service, port, want))
    if ours is not None and not ours.enabled:  # a new service is enabled
        steps.append(Step(ENABLE_SERVICE, service=want.service, device=port.device))
    rival = _rival(services, want.service)
    if rival is not None:
        steps.append(Step(PLACE_SERVICE, service=want.service, device=port.device, behind=rival.name))
    return steps


def services_of(port: Port) -> Tuple[Service, ...]:
    """All services of the port, in the order of the system."""
    return port.services or ((port.service,) if port.service is not None else ())


def in_force(services: Tuple[Service, ...]) -> Optional[Service]:
    """The service that has the interface."""
    return next((service for service in services if service.enabled), None)


def netmask(want: WantPort) -> str:
    """The mask in the spelling of networksetup."""
    return str(ipaddress.IPv4Network((0, want.prefix)).netmask)


def _set_manual(name: str, port: Port, want: WantPort) -> Step:
    return Step(
        SET_MANUAL,
        service=name,
        device=port.device,
        address=want.address,
        prefix=want.prefix,
        netmask=netmask(want),
    )


def _is_wanted(service: Service, want: WantPort) -> bool:
    configured = (service.method, service.address, service.netmask, service.router)
    return configured == ("manual", want.address, netmask(want), "")


def _not_in_force(port: Port, want: WantPort) -> bool:
    """A port with a link lacks its address: it was in a bridge, or somebody took the address off by hand.

    Without a link macOS keeps the address back, which is no reason to set it again and again.
    """
    return port.up and "{0}/{1}".format(want.address, want.prefix) not in port.addresses


def _rival(services: Tuple[Service, ...], ours: str) -> Optional[Service]:
    """The first enabled service that stands before ours (a new one of ours is the last)."""
    for service in services:
        if service.name == ours:
            return None
        if service.enabled:
            return service
    return None


def _require_free(facts: HostFacts, port: Port, want: WantPort) -> None:
    for other in facts.ports:
        if other.device != port.device and any(service.name == want.service for service in services_of(other)):
            raise TopologyError(
                "the network service {0!r} belongs to Thunderbolt {1} ({2}), not to Thunderbolt {3}".format(
                    want.service, other.receptacle, other.device, port.receptacle
                ),
                "rename it in System Settings > Network",
            )
