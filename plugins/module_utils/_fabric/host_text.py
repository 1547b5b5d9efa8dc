# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A host as text, as far as a plan is about it: what ``--diff`` compares."""

from __future__ import annotations

from typing import AbstractSet, List

from .diff_macos import services_of
from .linux.keep import own_paths
from .model import HostFacts, Port, Service


def host_text(facts: HostFacts, receptacles: AbstractSet[int]) -> str:
    """These ports of the host, and its bridges, one line for each thing."""
    lines = []
    for bridge in facts.bridges:
        service = ", service {0}".format(_on_off(bridge.service)) if bridge.service else ""
        lines.append("{0}: members {1}{2}".format(bridge.device, " ".join(bridge.members) or "none", service))
        lines.append("{0}: members at the next boot: {1}".format(bridge.device, " ".join(bridge.configured) or "none"))
    for port in facts.ports:
        if port.receptacle in receptacles:
            lines.extend(_port_text(port))
    own = {path for receptacle in receptacles for path in own_paths(receptacle)}
    for file in facts.config:
        if file.path in own:
            lines.append("{0}:".format(file.path))
            lines.extend("    {0}".format(line) for line in file.text.split("\n") if line)
    for noted in facts.applied:
        lines.append(
            "noted on the host: Thunderbolt {0.receptacle} ({0.device}) {0.address}/{0.prefix} to {0.peer} "
            "{0.peer_address}, Thunderbolt {0.peer_receptacle} ({0.peer_device}), service {0.service!r}".format(noted)
        )
    return "".join(line + "\n" for line in lines)


def _port_text(port: Port) -> List[str]:
    name = "Thunderbolt {0} ({1})".format(port.receptacle, port.device)
    lines = ["{0}: addresses {1}".format(name, " ".join(port.addresses) or "none")]
    if port.configuration:
        lines.append("{0}: configured by {1}".format(name, port.configuration))
    if port.bridge:
        lines.append("{0}: in {1}".format(name, port.bridge))
    lines.extend("{0}: service {1}".format(name, _service_text(service)) for service in services_of(port))
    return lines


def _service_text(service: Service) -> str:
    words = [repr(service.name), _on_off(service), service.method, service.address, service.netmask]
    if service.router:
        words.append("router " + service.router)
    if service.dns:
        words.append("name servers " + " ".join(service.dns))
    return " ".join(word for word in words if word)


def _on_off(service: Service) -> str:
    return "on" if service.enabled else "off"
