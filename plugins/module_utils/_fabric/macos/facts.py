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
from typing import Callable, Dict, List, Mapping, Optional, Tuple, TypeVar, Union

from ..errors import ParseError
from ..model import Bridge, HostFacts, Port
from ..reading import device as is_device
from ..reading import lines, number, printable
from . import settings
from .ifconfig import Interface, parse_ifconfig
from .networksetup import (
    HardwarePort,
    ServiceEntry,
    parse_current_location,
    parse_hardware_ports,
    parse_service_order,
)
from .nics import nics
from .preferences import parse_configured_bridges
from .routes import parse_routes
from .services import DNS_PREFIX, GETINFO_PREFIX, Services, on_devices
from .system_profiler import MOST_RECEPTACLES, Receptacle, parse_system_profiler
from .versions import SystemVersion, parse_sw_vers

Noun = TypeVar("Noun")
Raw = Mapping[str, Union[str, bytes]]
PREFERENCES_KEY = "preferences"  # the bytes of preferences.plist; absent where it cannot be read
FAILED_PREFIX = "failed:"  # + key of a command: its complaint, where its output is missing

_THUNDERBOLT_PORT = re.compile(
    r"Thunderbolt ([0-9]{1,3})"
)  # "Thunderbolt Bridge", "Thunderbolt Ethernet Slot 1" are none
_MOST_WARNINGS = 40


def services_to_ask(raw: Raw) -> Tuple[str, ...]:
    """Services of Thunderbolt ports and of bridges, in the order of the system.

    :raises ParseError: the lists are not understood, or one of these services cannot be named unambiguously.
    """
    devices = {port.device for port in _thunderbolt_ports(_hardware(raw)).values()}
    return tuple(entry.name for entry in _ours(_entries(raw), devices))


def macos_facts(raw: Raw) -> HostFacts:
    """The facts of one Mac. :raises ParseError: an indispensable output is missing or not understood."""
    hardware = _hardware(raw)
    by_number = _thunderbolt_ports(hardware)
    interfaces = parse_ifconfig(_required(raw, "ifconfig"))
    thunderbolt = parse_system_profiler(_required(raw, "system_profiler"))
    warnings = _failures(raw) + list(thunderbolt.warnings)
    _compare(thunderbolt.receptacles, by_number, warnings)
    devices = {port.device for port in by_number.values()}
    entries = _entries(raw)
    services = Services(_ours(entries, devices), _outputs(raw), warnings)
    bridges = _bridges(interfaces, devices, _configured(raw, warnings), services)
    bridge_of = {member: bridge.device for bridge in bridges for member in bridge.members}
    ports = tuple(
        _port(receptacle, by_number.get(receptacle.number), interfaces, bridge_of, services)
        for receptacle in thunderbolt.receptacles
    )
    version = _version(raw, warnings)
    _warn_of_interfaces(interfaces, warnings)
    kept = _Kept(raw, entries, warnings)
    return HostFacts(
        system="macos",
        hostname=_name(raw, "hostname"),
        model=_name(raw, "hw_model"),
        os_version=version.version,
        os_build=version.build,
        ports=ports,
        bridges=bridges,
        nics=nics(interfaces, hardware, devices | {bridge.device for bridge in bridges}),
        routes=_routes(raw, warnings),
        boot=kept.boot,
        location=kept.location,
        foreign=kept.foreign,
        sleeps_after_minutes=kept.sleeps_after_minutes,
        firewall=kept.firewall,
        memory_bytes=kept.memory_bytes,
        wired_limit_mb=kept.wired_limit_mb,
        warnings=_bounded(warnings),
    )


class _Kept:
    """How this Mac is kept. The plan can do without all of it, so what is not understood is a warning."""

    def __init__(self, raw: Raw, entries: Tuple[ServiceEntry, ...], warnings: List[str]) -> None:
        sysctl = settings.parse_sysctl(_optional(raw, "sysctl"))
        self.boot = settings.boot_of(sysctl)
        self.memory_bytes = settings.memory_of(sysctl)
        self.wired_limit_mb = settings.wired_limit_of(sysctl)
        self.location = _understood(raw, "location", parse_current_location, "", warnings)
        self.sleeps_after_minutes = _understood(raw, "pmset", settings.parse_sleep, -1, warnings)
        self.firewall = _understood(raw, "firewall", settings.parse_firewall, "", warnings)
        self.foreign = settings.foreign_managers(self.location, entries, _optional(raw, "launch_daemons"))


def _understood(raw: Raw, key: str, parse: Callable[[str], Noun], unknown: Noun, warnings: List[str]) -> Noun:
    """What one command says; what is not understood of it costs nothing else."""
    text = _optional(raw, key)
    try:
        return parse(text) if text else unknown
    except ParseError as error:
        warnings.append(error.one_line())
        return unknown


def _compare(receptacles: Tuple[Receptacle, ...], by_number: Dict[int, HardwarePort], warnings: List[str]) -> None:
    """What networksetup and system_profiler say of the same ports. :raises ParseError: they contradict each other."""
    unseen = sorted(set(by_number) - {receptacle.number for receptacle in receptacles})
    if not unseen:
        return
    listed = ", ".join("Thunderbolt {0} ({1})".format(number, by_number[number].device) for number in unseen[:8])
    if not receptacles:
        raise ParseError(
            "system_profiler reports no Thunderbolt port, but networksetup lists {0}".format(listed),
            "run 'system_profiler SPThunderboltDataType' on this host; a restart helps when it stays empty",
        )
    warnings.append("networksetup lists {0}, which system_profiler does not report".format(listed))


def _warn_of_interfaces(interfaces: Dict[str, Interface], warnings: List[str]) -> None:
    for interface in interfaces.values():
        warnings.extend("ifconfig: {0}: {1}".format(interface.name, words) for words in interface.odd[:5])


def _bounded(warnings: List[str]) -> Tuple[str, ...]:
    """The same words once, and not without end."""
    once = list(dict.fromkeys(warnings))
    more = ["and {0} warnings more".format(len(once) - _MOST_WARNINGS)] if len(once) > _MOST_WARNINGS else []
    return tuple(once[:_MOST_WARNINGS] + more)


def _port(
    receptacle: Receptacle,
    hardware: Optional[HardwarePort],
    interfaces: Dict[str, Interface],
    bridge_of: Dict[str, str],
    services: Services,
) -> Port:
    device = hardware.device if hardware else ""
    interface = interfaces.get(device, Interface(device, up=False, active=False, mtu=0))
    services.warn_of_several(device)
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
        services=services.all(device),
        lease=services.lease(device),
    )


def _bridges(
    interfaces: Dict[str, Interface],
    devices: "set[str]",
    configured: Dict[str, Tuple[str, ...]],
    services: Services,
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


def _hardware(raw: Raw) -> Tuple[HardwarePort, ...]:
    return parse_hardware_ports(_required(raw, "hardware_ports"))


def _thunderbolt_ports(hardware: Tuple[HardwarePort, ...]) -> Dict[int, HardwarePort]:
    """The N of "Thunderbolt N" -> its hardware port."""
    found: Dict[int, HardwarePort] = {}
    for port in hardware:
        match = _THUNDERBOLT_PORT.fullmatch(port.name)
        receptacle = number(match.group(1), MOST_RECEPTACLES) if match else None
        if receptacle and is_device(port.device):
            found[receptacle] = port
    return found


def _entries(raw: Raw) -> Tuple[ServiceEntry, ...]:
    return parse_service_order(_required(raw, "service_order"))


def _ours(entries: Tuple[ServiceEntry, ...], devices: "set[str]") -> Tuple[ServiceEntry, ...]:
    """The services of these ports, and those of bridges."""
    bridges = {entry.device for entry in entries if entry.device.startswith("bridge")}
    return on_devices(entries, devices | bridges)


def _outputs(raw: Raw) -> Dict[str, str]:
    return {key: _optional(raw, key) for key in raw if key.startswith((GETINFO_PREFIX, DNS_PREFIX))}


def _failures(raw: Raw) -> List[str]:
    """The complaints of commands that gave nothing."""
    told = FAILED_PREFIX + PREFERENCES_KEY  # says it where it matters
    return [printable(_optional(raw, key), 300) for key in raw if key.startswith(FAILED_PREFIX) and key != told]


def _configured(raw: Raw, warnings: List[str]) -> Dict[str, Tuple[str, ...]]:
    data = raw.get(PREFERENCES_KEY)
    if data is None:
        why = printable(_optional(raw, FAILED_PREFIX + PREFERENCES_KEY))
        warnings.append(
            "preferences.plist could not be read{0}: whether a bridge comes back at the next boot is not known".format(
                " ({0})".format(why) if why else ""
            )
        )
        return {}
    try:
        return parse_configured_bridges(data if isinstance(data, bytes) else data.encode("utf-8", "replace"))
    except ParseError as error:
        warnings.append(error.one_line())
        return {}


def _version(raw: Raw, warnings: List[str]) -> SystemVersion:
    if FAILED_PREFIX + "sw_vers" in raw:  # and among the warnings
        return SystemVersion("", "")
    try:
        return parse_sw_vers(_optional(raw, "sw_vers"))
    except ParseError as error:
        warnings.append(error.one_line())
        return SystemVersion("", "")


def _routes(raw: Raw, warnings: List[str]) -> Tuple[Tuple[str, str], ...]:
    try:
        return parse_routes(_optional(raw, "netstat"))
    except ParseError as error:
        said = FAILED_PREFIX + "netstat" in raw
        what = "the routes are not known" if said else error.one_line()
        warnings.append(what + "; overlaps with other networks were not checked")
        return ()


def _required(raw: Raw, key: str) -> str:
    text = _optional(raw, key)
    if not text.strip():
        why = _optional(raw, FAILED_PREFIX + key)
        raise ParseError(
            "the output of {0!r} is missing{1}".format(key, " ({0})".format(printable(why)) if why else ""),
            "run the command by hand on this host",
        )
    return text


def _optional(raw: Raw, key: str) -> str:
    value = raw.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _name(raw: Raw, key: str) -> str:
    """The first line of an output that is one name; people read it."""
    return printable(lines(_optional(raw, key))[0].strip(), 255)
