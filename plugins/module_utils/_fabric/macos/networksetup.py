# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``networksetup``: hardware ports, and the network services on them.

Names are printed as they are, so one that contains a line of the format can look like another entry. Whatever such
a name can do shows as something that the real format never has (a line too many, a device or a name listed twice), and
is refused; ``macos/services.py`` does the latter for services.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from ..errors import ParseError
from ..reading import hardware_address, ip_address, ipv4, lines, prefix_of, printable, shown

_SERVICE = re.compile(r"\(([0-9]{1,9}|\*)\)(?: (.*))?", re.DOTALL)
_HARDWARE, _DEVICE = "(Hardware Port: ", ", Device: "
_BLANKS = " \t\r"  # what copies add and lose; other white space belongs to a name
_METHODS = {"dhcp": "dhcp", "manual": "manual", "off": "off", "ipv4: off": "off"}
_IPV6 = {"automatic": "automatic", "link local": "link-local", "manual": "manual", "off": "off"}
_NO_VALUE = ("", "(null)", "none")
_NO_DNS = "There aren't any DNS Servers set on "


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
    ipv6: str = ""  # as in model.Service
    odd: Tuple[str, ...] = ()  # lines whose value is none, in words; the value above is then ""


def parse_hardware_ports(text: str) -> Tuple[HardwarePort, ...]:
    """The hardware ports in the order of the list; VLANs are left out.

    :raises ParseError: there is no hardware port in it, or a device is listed twice.
    """
    blocks: List[Dict[str, str]] = []
    for line in lines(text):
        label, colon, value = line.strip(_BLANKS).partition(":")
        if label == "Hardware Port" and colon:
            blocks.append({label: value.strip(_BLANKS)})
        elif label in ("VLAN Configurations", "VLAN User Defined Name"):
            break
        elif blocks and label in ("Device", "Ethernet Address") and colon:
            blocks[-1].setdefault(label, value.strip(_BLANKS))
    ports = [
        HardwarePort(block["Hardware Port"], block["Device"], hardware_address(block.get("Ethernet Address", "")))
        for block in blocks
        if "Device" in block
    ]
    if not ports:
        _refuse_complaint("-listallhardwareports", text)
        raise ParseError("networksetup -listallhardwareports: no 'Hardware Port:' in {0}".format(shown(text)))
    _refuse_twice([port.device for port in ports], "device")
    _refuse_twice([port.name for port in ports if port.name.startswith("Thunderbolt ")], "port")
    return tuple(ports)


def _refuse_twice(names: List[str], what: str) -> None:
    seen = set()
    for name in names:
        if name and name in seen:
            raise ParseError(
                "networksetup -listallhardwareports: the {0} {1} is listed twice".format(what, shown(name)),
                "look for an adapter with a misleading name, and unplug it",
            )
        seen.add(name)


def parse_service_order(text: str) -> Tuple[ServiceEntry, ...]:
    """The services of the current location, first in order first. A line break in a name is part of the name.

    :raises ParseError: a service without the line that names its device, such a line too many, or an error text.
    """
    services: List[ServiceEntry] = []
    name: List[str] = []  # lines of the name whose second line is due
    enabled = heading = False
    for line in lines(text):
        hardware, service = _hardware(line), _SERVICE.fullmatch(line)
        if name and service:
            break
        if name and hardware:
            services.append(ServiceEntry("\n".join(name), enabled, *hardware))
            name = []
        elif name:
            name.append(line)
        elif hardware:
            raise _too_many(services, line)
        elif service:
            name, enabled = [service.group(2) or ""], service.group(1) != "*"
        heading = heading or line.startswith("An asterisk (*)")
    if name:
        what = "no '(Hardware Port: ..., Device: ...)' after service {0}".format(shown(name[0]))
        raise ParseError("networksetup -listnetworkserviceorder: " + what)
    if not services and not heading:
        _refuse_complaint("-listnetworkserviceorder", text)
        raise ParseError("networksetup -listnetworkserviceorder: no service in {0}".format(shown(text.strip())))
    return tuple(services)


def _hardware(line: str) -> Optional[Tuple[str, str]]:
    """Port and device; the former may contain the separator, the latter does not."""
    stripped = line.rstrip(" \t")
    if not stripped.startswith(_HARDWARE) or not stripped.endswith(")"):
        return None
    port, separator, device = stripped[len(_HARDWARE) : -1].rpartition(_DEVICE)
    if not separator and stripped.endswith(_DEVICE.rstrip() + ")"):  # a copy that lost the blank of an empty device
        return stripped[len(_HARDWARE) : -len(_DEVICE)], ""
    return (port, device.strip()) if separator else None


def _too_many(services: List[ServiceEntry], line: str) -> ParseError:
    before = shown(services[-1].name) if services else "the heading"
    return ParseError(
        "networksetup -listnetworkserviceorder: after {0} stands a second {1}".format(before, shown(line)),
        "a network service's name contains a line break: rename it in System Settings > Network",
    )


def parse_getinfo(text: str) -> ServiceInfo:
    """:raises ParseError: the service does not exist, or the first line is not of the form '... Configuration'."""
    found = lines(text)
    first = next((line.strip() for line in found if line.strip()), "")
    method = _method(first)
    fields = _fields(found)
    if any(line.startswith("** Error:") for line in found) or (not method and "ip address" not in fields):
        _refuse_complaint("-getinfo", text)
        raise ParseError("networksetup -getinfo: not understood: {0}".format(shown(text.strip())))
    odd: List[str] = []
    netmask = _value(fields, "subnet mask", odd)
    if netmask and prefix_of(netmask) is None:
        odd.append("the subnet mask {0} is none".format(netmask))
        netmask = ""
    return ServiceInfo(
        method=method or "other",
        address=_value(fields, "ip address", odd),
        netmask=netmask,
        router=_value(fields, "router", odd),
        ipv6=_IPV6.get(fields.get("ipv6", "").lower(), ""),
        odd=tuple(odd),
    )


def _method(first: str) -> str:
    """Method by the first line, "other" for one that we do not use, "" when it is no such line."""
    words = first.lower()
    if words.endswith(" configuration"):
        return _METHODS.get(words[: -len(" configuration")], "other")
    return _METHODS.get(words, "")


def _value(fields: Dict[str, str], label: str, odd: List[str]) -> str:
    value = fields.get(label, "")
    if value.lower() in _NO_VALUE:
        return ""
    address = ipv4(value)
    if address is None:
        odd.append("the {0} {1} is none".format("IP address" if label == "ip address" else label, shown(value)))
    return address or ""


def parse_dns_servers(text: str) -> Tuple[str, ...]:
    """``-getdnsservers``: the name servers set by hand. :raises ParseError: something else stands there."""
    found = [line.strip() for line in lines(text) if line.strip()]
    if found and found[0].startswith(_NO_DNS):
        return ()
    servers = [ip_address(line) for line in found]
    if not servers or None in servers:
        _refuse_complaint("-getdnsservers", text)
        raise ParseError("networksetup -getdnsservers: not understood: {0}".format(shown(text.strip())))
    return tuple(server for server in servers if server)


def parse_service_enabled(text: str) -> bool:
    """``-getnetworkserviceenabled``. :raises ParseError: neither Enabled nor Disabled."""
    word = text.strip().lower()
    if word not in ("enabled", "disabled"):
        _refuse_complaint("-getnetworkserviceenabled", text)
        raise ParseError("networksetup -getnetworkserviceenabled: not understood: {0}".format(shown(text)))
    return word == "enabled"


def parse_current_location(text: str) -> str:
    """``-getcurrentlocation``: the name. :raises ParseError: not one line, or an error text."""
    found = lines(text)
    name = found[0]
    if not name.strip() or any(line.strip() for line in found[1:]):
        _refuse_complaint("-getcurrentlocation", text)
        raise ParseError("networksetup -getcurrentlocation: not understood: {0}".format(shown(text.strip())))
    if complaint(text):
        raise ParseError("networksetup -getcurrentlocation: {0}".format(complaint(text)))
    return name


def complaint(text: str) -> str:
    """What networksetup complains of, "" when it does not: it prints that where its results belong.

    Only for an output that holds no result: in one that does, the same words may be part of a name.
    """
    for line in lines(text):
        if (
            line.rstrip().endswith("is not a recognized network service.")
            or line.startswith("** Error:")
            or line.startswith("Unable to access the System Configuration database")
        ):
            return printable(line.strip())
    return ""


def _refuse_complaint(verb: str, text: str) -> None:
    words = complaint(text)
    if words:
        raise ParseError("networksetup {0}: {1}".format(verb, words))


def _fields(found: List[str]) -> Dict[str, str]:
    """Label in lower case -> value. :raises ParseError: a label that we read stands there twice, and differently."""
    fields: Dict[str, str] = {}
    for line in found:
        label, colon, value = line.partition(":")
        key, value = label.strip().lower(), value.strip()
        if not colon:
            continue
        if key in ("ip address", "subnet mask", "router", "ipv6") and fields.get(key, value) != value:
            raise ParseError("networksetup -getinfo: {0} stands there twice".format(shown(label.strip())))
        fields.setdefault(key, value)
    return fields
