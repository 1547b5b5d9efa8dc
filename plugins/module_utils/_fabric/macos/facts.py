# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Join what the commands of macOS printed to the facts of one host.

The chain is: receptacle N of system_profiler, hardware port "Thunderbolt N", its device, the
service that names the device, the interface. Nothing is computed from an interface's name.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Tuple, Union

from ..errors import ParseError
from ..model import Bridge, HostFacts, Nic, Port, Service
from .ifconfig import Interface, parse_ifconfig
from .networksetup import HardwarePort, ServiceEntry, parse_getinfo, parse_hardware_ports, parse_service_order
from .preferences import parse_configured_bridges
from .routes import parse_routes
from .system_profiler import Receptacle, parse_system_profiler
from .versions import SystemVersion, parse_sw_vers

Raw = Mapping[str, Union[str, bytes]]
GETINFO_PREFIX = "getinfo:"

_THUNDERBOLT_PORT = re.compile(r"^Thunderbolt (\d+)$")  # "Thunderbolt Bridge", "Thunderbolt Ethernet Slot 1" are none
_VPN_DEVICE = re.compile(r"^(utun|ipsec|ppp|tun|tap|wg)\d")


def services_to_ask(raw: Raw) -> Tuple[str, ...]:
    """Services of Thunderbolt ports and of bridges, in the order of the system."""
    devices = {port.device for port in _thunderbolt_ports(_hardware(raw)).values()}
    services = parse_service_order(_required(raw, "service_order"))
    return tuple(entry.name for entry in services if entry.device in devices or entry.device.startswith("bridge"))


def macos_facts(raw: Raw) -> HostFacts:
    """The facts of one Mac. :raises ParseError: an indispensable output is missing or not understood."""
    hardware = _hardware(raw)
    by_number = _thunderbolt_ports(hardware)
    interfaces = parse_ifconfig(_required(raw, "ifconfig"))
    thunderbolt = parse_system_profiler(_required(raw, "system_profiler"))
    warnings = list(thunderbolt.warnings)
    services = _Services(parse_service_order(_required(raw, "service_order")), raw, warnings)
    devices = {port.device for port in by_number.values()}
    bridges = _bridges(interfaces, devices, _configured(raw, warnings), services)
    bridge_of = {member: bridge.device for bridge in bridges for member in bridge.members}
    ports = tuple(
        _port(receptacle, by_number.get(receptacle.number), interfaces, bridge_of, services)
        for receptacle in thunderbolt.receptacles
    )
    version = _version(raw, warnings)
    return HostFacts(
        system="macos",
        hostname=_optional(raw, "hostname").strip(),
        model=_optional(raw, "hw_model").strip(),
        os_version=version.version,
        os_build=version.build,
        ports=ports,
        bridges=bridges,
        nics=_nics(interfaces, hardware, devices | {bridge.device for bridge in bridges}),
        routes=_routes(raw, warnings),
        warnings=tuple(warnings),
    )


class _Services:
    """Which service is in force on a device: the first enabled one in the order, else the first."""

    def __init__(self, entries: Tuple[ServiceEntry, ...], raw: Raw, warnings: List[str]) -> None:
        self._entries = entries
        self._raw = raw
        self._warnings = warnings

    def of(self, device: str) -> Optional[Service]:
        """The service of the device with its configuration, None when it has no service."""
        mine = [entry for entry in self._entries if device and entry.device == device]
        enabled = [entry for entry in mine if entry.enabled]
        if len(enabled) > 1:
            names = ", ".join(repr(entry.name) for entry in enabled)
            self._warnings.append(
                "{0} has several enabled network services ({1}); the first counts".format(device, names)
            )
        chosen = (enabled or mine)[:1]
        return self._service(chosen[0]) if chosen else None

    def _service(self, entry: ServiceEntry) -> Service:
        text = _optional(self._raw, GETINFO_PREFIX + entry.name)
        if not text:
            return Service(entry.name, entry.enabled, "other")
        try:
            info = parse_getinfo(text)
        except ParseError as error:
            self._warnings.append(error.one_line())
            return Service(entry.name, entry.enabled, "other")
        configured = info.method == "manual"  # with DHCP the address is the lease, not the configuration
        return Service(
            entry.name,
            entry.enabled,
            info.method,
            info.address if configured else "",
            info.netmask if configured else "",
        )


def _port(
    receptacle: Receptacle,
    hardware: Optional[HardwarePort],
    interfaces: Dict[str, Interface],
    bridge_of: Dict[str, str],
    services: _Services,
) -> Port:
    device = hardware.device if hardware else ""
    interface = interfaces.get(device, Interface(device, up=False, active=False, mtu=0))
    return Port(
        receptacle=receptacle.number,
        device=device,
        uid=receptacle.uid,
        domain_uuid=receptacle.domain_uuid,
        speed_gbps=receptacle.speed_gbps,
        capable_gbps=receptacle.capable_gbps,
        peers=receptacle.peers,
        bridge=bridge_of.get(device, ""),
        up=interface.up and interface.active,
        mac=interface.mac or (hardware.mac if hardware else ""),
        mtu=interface.mtu,
        addresses=interface.addresses,
        service=services.of(device),
    )


def _bridges(
    interfaces: Dict[str, Interface],
    devices: "set[str]",
    configured: Dict[str, Tuple[str, ...]],
    services: _Services,
) -> Tuple[Bridge, ...]:
    """Only bridges that have or will have Thunderbolt ports: bridge100 and the like belong to virtual machines."""
    bridges = []
    for name in sorted(set(interfaces) | set(configured)):
        interface = interfaces.get(name, Interface(name, up=False, active=False, mtu=0))
        members = configured.get(name, ())
        if devices.intersection(interface.members) or devices.intersection(members):
            service = services.of(name)
            bridges.append(Bridge(name, interface.up, interface.members, members, service, interface.addresses))
    return tuple(bridges)


def _nics(interfaces: Dict[str, Interface], hardware: Tuple[HardwarePort, ...], ours: "set[str]") -> Tuple[Nic, ...]:
    names = {port.device: port.name for port in hardware}
    return tuple(
        Nic(interface.name, address, _nic_kind(interface.name, names.get(interface.name, "")))
        for interface in interfaces.values()
        if interface.name not in ours and not interface.name.startswith("lo")
        for address in interface.addresses
    )


def _nic_kind(device: str, port_name: str) -> str:
    if _VPN_DEVICE.match(device):
        return "vpn"
    if port_name in ("Wi-Fi", "AirPort"):
        return "wifi"
    return "ethernet" if "Ethernet" in port_name or port_name.endswith("LAN") else "other"


def _hardware(raw: Raw) -> Tuple[HardwarePort, ...]:
    return parse_hardware_ports(_required(raw, "hardware_ports"))


def _thunderbolt_ports(hardware: Tuple[HardwarePort, ...]) -> Dict[int, HardwarePort]:
    matches = ((_THUNDERBOLT_PORT.match(port.name), port) for port in hardware)
    return {int(match.group(1)): port for match, port in matches if match}


def _configured(raw: Raw, warnings: List[str]) -> Dict[str, Tuple[str, ...]]:
    data = raw.get("preferences")
    if data is None:
        warnings.append(
            "preferences.plist could not be read: whether a bridge comes back at the next boot is not known"
        )
        return {}
    try:
        return parse_configured_bridges(data if isinstance(data, bytes) else data.encode("utf-8"))
    except ParseError as error:
        warnings.append(error.one_line())
        return {}


def _version(raw: Raw, warnings: List[str]) -> SystemVersion:
    try:
        return parse_sw_vers(_optional(raw, "sw_vers"))
    except ParseError as error:
        warnings.append(error.one_line())
        return SystemVersion("", "")


def _routes(raw: Raw, warnings: List[str]) -> Tuple[Tuple[str, str], ...]:
    try:
        return parse_routes(_optional(raw, "netstat"))
    except ParseError as error:
        warnings.append(error.one_line() + "; overlaps with other networks were not checked")
        return ()


def _required(raw: Raw, key: str) -> str:
    text = _optional(raw, key)
    if not text.strip():
        raise ParseError("the output of {0!r} is missing".format(key), "run the command by hand on this host")
    return text


def _optional(raw: Raw, key: str) -> str:
    value = raw.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
