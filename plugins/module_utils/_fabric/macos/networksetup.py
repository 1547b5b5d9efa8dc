# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``networksetup``: hardware ports, and the network services on them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Dict, List, Tuple

from ..errors import ParseError

_SERVICE = re.compile(r"^\((\d+|\*)\) (.*)$")
_HARDWARE = re.compile(r"^\(Hardware Port: (.*), Device: (.*?)\)$")  # greedy: a port's name may contain ", Device: "
_METHODS = {"DHCP Configuration": "dhcp", "Manual Configuration": "manual", "Off": "off"}


@dataclass(frozen=True)
class HardwarePort:
    """One block of ``-listallhardwareports``."""

    name: str  # "Thunderbolt 2"
    device: str  # "en3"
    mac: str  # "" when the system prints none


@dataclass(frozen=True)
class ServiceEntry:
    """One network service of ``-listnetworkserviceorder``."""

    name: str
    enabled: bool
    port: str
    device: str  # "" for a VPN


@dataclass(frozen=True)
class ServiceInfo:
    """``-getinfo``: what a service is configured to be, which need not be what its interface is."""

    method: str  # as in model.Service
    address: str = ""
    netmask: str = ""
    router: str = ""


def parse_hardware_ports(text: str) -> Tuple[HardwarePort, ...]:
    """The hardware ports in the order of the list; VLANs are left out.

    :raises ParseError: there is no hardware port in it.
    """
    refuse_error("-listallhardwareports", text)
    ports: List[HardwarePort] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        fields = _fields(block)
        if "Hardware Port" in fields and "Device" in fields:
            mac = fields.get("Ethernet Address", "").lower()
            ports.append(
                HardwarePort(
                    fields["Hardware Port"], fields["Device"], mac if re.match(r"^[0-9a-f]+(:|$)", mac) else ""
                )
            )
    if not ports:
        raise ParseError("networksetup -listallhardwareports: no 'Hardware Port:' in {0!r:.60}".format(text))
    return tuple(ports)


def parse_service_order(text: str) -> Tuple[ServiceEntry, ...]:
    """The services of the current location, first in order first.

    :raises ParseError: a service without the line that names its device, or an error text.
    """
    refuse_error("-listnetworkserviceorder", text)
    services: List[ServiceEntry] = []
    waiting: List[Tuple[str, bool]] = []  # the service whose second line is due
    for line in text.splitlines():
        hardware = _HARDWARE.match(line)
        service = _SERVICE.match(line)
        if hardware and waiting:
            name, enabled = waiting.pop()
            services.append(ServiceEntry(name, enabled, hardware.group(1), hardware.group(2)))
        elif service:
            waiting.append((service.group(2), service.group(1) != "*"))
        if len(waiting) > 1:
            break
    if waiting:
        raise ParseError(
            "networksetup -listnetworkserviceorder: no '(Hardware Port: ..., Device: ...)' after service {0!r}".format(
                waiting[0][0]
            )
        )
    return tuple(services)


def parse_getinfo(text: str) -> ServiceInfo:
    """:raises ParseError: the service does not exist, or the first line is not of the form '... Configuration'."""
    refuse_error("-getinfo", text)
    lines = text.splitlines()
    first = lines[0].strip() if lines else ""
    fields = _fields(text)
    if not lines or ("Configuration" not in first and "IP address" not in fields and first not in _METHODS):
        raise ParseError("networksetup -getinfo: not understood: {0!r:.60}".format(text))
    return ServiceInfo(
        method=_METHODS.get(first, "other"),
        address=_ipv4(fields.get("IP address", "")),
        netmask=_ipv4(fields.get("Subnet mask", "")),
        router=_ipv4(fields.get("Router", "")),
    )


def parse_service_enabled(text: str) -> bool:
    """``-getnetworkserviceenabled``. :raises ParseError: neither Enabled nor Disabled."""
    refuse_error("-getnetworkserviceenabled", text)
    word = text.strip().lower()
    if word not in ("enabled", "disabled"):
        raise ParseError("networksetup -getnetworkserviceenabled: not understood: {0!r:.60}".format(text))
    return word == "enabled"


def refuse_error(verb: str, text: str) -> None:
    """networksetup prints its errors where its results belong. :raises ParseError: this is one."""
    for line in text.splitlines():
        if (
            "is not a recognized network service" in line
            or "** Error:" in line
            or line.startswith("Unable to access the System Configuration database")
        ):
            raise ParseError("networksetup {0}: {1}".format(verb, line.strip()))


def _fields(text: str) -> Dict[str, str]:
    fields: Dict[str, str] = {}
    for line in text.splitlines():
        label, colon, value = line.partition(":")
        if colon:
            fields.setdefault(label.strip(), value.strip())
    return fields


def _ipv4(text: str) -> str:
    """The address, or "" for what stands there when there is none: "(null)", "none", nothing."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""
