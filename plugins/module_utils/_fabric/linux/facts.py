# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Join what Linux says to the facts of one host."""

from __future__ import annotations

import re
from typing import Collection, Dict, List, Mapping, Set, Tuple, Union

from ..errors import ParseError
from ..model import Bridge, ConfigFile, HostFacts, Nic, Port
from ..reading import device, whole_characters
from .ip import Interface, parse_ip_addr, parse_ip_neigh, parse_ip_route
from .keep import connection_files, is_own
from .managers import (
    FIREWALL_PROCESS,
    NETWORKD_PROCESS,
    NONE,
    Devices,
    choose_manager,
    networkd_device,
    networkmanager_devices,
)
from .thunderbolt import NETWORKS, Receptacle, parse_thunderbolt_sysfs

Raw = Mapping[str, Union[str, bytes]]
SYSFS_PREFIX = "sysfs:"
NETIF_PREFIX = "netif:"  # + index of an interface: networkd's file about it
CONFIG_PREFIX = "config:"  # + path: a file of our own that anybody may read

_VPN_DEVICE = re.compile(r"^(tun|tap|wg|tailscale|zt|ppp|ipsec|nordlynx)")
_WIRED_DEVICE = re.compile(r"^(en|eth|em|bond|team|vmbr|br)[0-9a-z]*$|^p\d+p\d+$")
_INNER_DEVICE = re.compile(r"^(lo$|docker|virbr|veth|br-|lxc|cni|flannel|podman)")
_MEMORY = re.compile(r"^MemTotal: +([0-9]{1,15}) kB$", re.MULTILINE)
_BRIDGED_AT_BOOT = re.compile(r"^[ \t]*bridge[-_]ports[ \t]+(.*)$", re.MULTILINE)


def linux_facts(raw: Raw) -> HostFacts:
    """The facts of one Linux host. :raises ParseError: the interfaces are missing or not understood."""
    tree = {key[len(SYSFS_PREFIX) :]: _text(raw, key) for key in raw if key.startswith(SYSFS_PREFIX)}
    interfaces = parse_ip_addr(_text(raw, "ip_addr"))
    receptacles = parse_thunderbolt_sysfs(tree)
    warnings = _missing_drivers(receptacles)
    devices = {receptacle.device for receptacle in receptacles if receptacle.device}
    networkmanager, networkd = _managed(raw, interfaces)
    manager = choose_manager(devices, networkmanager, networkd, _processes(raw))
    configurations = networkd if manager == "networkd" else networkmanager
    heard = _neighbours(_text(raw, "ip_neigh"))
    ports = tuple(_port(receptacle, interfaces, configurations, heard) for receptacle in receptacles)
    routes = _routes(_text(raw, "ip_route"), warnings)
    if ports and manager == NONE:
        warnings.append("neither NetworkManager nor systemd-networkd nor udev runs here: a reboot loses the addresses")
    return HostFacts(
        system="linux",
        hostname=_text(raw, "hostname").strip(),
        model=_text(raw, "product_name").strip(),
        os_version=_os_version(_text(raw, "os_release")),
        os_build=_text(raw, "kernel").strip(),
        ports=ports,
        bridges=_bridges(interfaces, devices),
        nics=_nics(interfaces, devices, tree),
        routes=routes,
        warnings=tuple(warnings),
        boot=_text(raw, "boot").strip(),
        manager=manager,
        config=_own_config(raw),
        foreign=_bridged_at_boot(_text(raw, "interfaces"), devices),
        firewall=_firewall(raw),
        memory_bytes=_memory(_text(raw, "meminfo")),
    )


def _missing_drivers(receptacles: Tuple[Receptacle, ...]) -> List[str]:
    return [
        "receptacle {0}: a host is connected, but there is no network interface for it: "
        "load the module (modprobe thunderbolt-net)".format(receptacle.number)
        for receptacle in receptacles
        if not receptacle.device and any(peer.kind == "host" for peer in receptacle.peers)
    ]


def _managed(raw: Raw, interfaces: Mapping[str, Interface]) -> Tuple[Devices, Devices]:
    """The interfaces that NetworkManager has, and those that networkd has.

    The files of networkd stay when it ends, so they count only while it runs.
    """
    networkd: Devices = {}
    if NETWORKD_PROCESS in _processes(raw):
        for interface in interfaces.values():
            configuration = networkd_device(_text(raw, "{0}{1}".format(NETIF_PREFIX, interface.index)))
            if configuration is not None:
                networkd[interface.name] = configuration
    return networkmanager_devices(_text(raw, "nm_devices")), networkd


def _neighbours(text: str) -> Mapping[str, Tuple[str, ...]]:
    try:
        return parse_ip_neigh(text)
    except ParseError:  # it only helps to tell cables apart
        return {}


def _port(
    receptacle: Receptacle,
    interfaces: Mapping[str, Interface],
    configurations: Mapping[str, str],
    heard: Mapping[str, Tuple[str, ...]],
) -> Port:
    interface = interfaces.get(receptacle.device, Interface(receptacle.device, False, 0, "", "", ()))
    return Port(
        receptacle=receptacle.number,
        device=receptacle.device,
        uid=receptacle.uid,
        domain_uuid=receptacle.domain_uuid,
        speed_gbps=receptacle.speed_gbps,
        peers=receptacle.peers,
        bridge=interface.master,
        up=interface.up,
        mac=interface.mac,
        mtu=interface.mtu,
        addresses=interface.addresses,
        neighbours=heard.get(receptacle.device, ()),
        configuration=configurations.get(receptacle.device, ""),
    )


def _bridges(interfaces: Mapping[str, Interface], devices: Set[str]) -> Tuple[Bridge, ...]:
    members: Dict[str, List[str]] = {}
    for interface in interfaces.values():
        if interface.master and device(interface.master) and device(interface.name):
            members.setdefault(interface.master, []).append(interface.name)
    return tuple(
        Bridge(name, name in interfaces and interfaces[name].up, tuple(names))
        for name, names in sorted(members.items())
        if devices.intersection(names)
    )


def _nics(interfaces: Mapping[str, Interface], devices: Set[str], tree: Mapping[str, str]) -> Tuple[Nic, ...]:
    wireless = {path.split("/")[2] for path in tree if path.startswith(NETWORKS) and path.endswith("/wireless")}
    return tuple(
        Nic(interface.name, address, _nic_kind(interface.name, wireless))
        for interface in interfaces.values()
        if interface.name not in devices and interface.name != "lo" and device(interface.name)
        for address in interface.addresses
    )


def _nic_kind(name: str, wireless: Collection[str]) -> str:
    if name in wireless:
        return "wifi"
    if _VPN_DEVICE.match(name):
        return "vpn"
    return "ethernet" if _WIRED_DEVICE.match(name) and not _INNER_DEVICE.match(name) else "other"


def _routes(text: str, warnings: List[str]) -> Tuple[Tuple[str, str], ...]:
    try:
        return tuple(route for route in parse_ip_route(text) if device(route[1]))
    except ParseError as error:
        warnings.append(error.one_line() + "; overlaps with other networks were not checked")
        return ()


def _own_config(raw: Raw) -> Tuple[ConfigFile, ...]:
    """Our own files: as NetworkManager understood them, and as they are where anybody may read them."""
    paths = sorted(key[len(CONFIG_PREFIX) :] for key in raw if key.startswith(CONFIG_PREFIX))
    read = tuple(ConfigFile(path, _text(raw, CONFIG_PREFIX + path)) for path in paths if is_own(path))
    return connection_files(_text(raw, "nm_properties")) + read


def _bridged_at_boot(interfaces_file: str, devices: Set[str]) -> Tuple[str, ...]:
    """ifupdown puts an interface into a bridge at each boot, whatever we do now: somebody has to be told."""
    named = {word for line in _BRIDGED_AT_BOOT.findall(interfaces_file) for word in line.split()}
    return tuple(
        "/etc/network/interfaces puts {0} into a bridge at each boot: take it out of bridge_ports there".format(name)
        for name in sorted(devices & named)
    )


def _firewall(raw: Raw) -> str:
    active = FIREWALL_PROCESS in _processes(raw) or re.search(r"^ENABLED=yes$", _text(raw, "ufw"), re.MULTILINE)
    return "on" if active else ""


def _memory(text: str) -> int:
    match = _MEMORY.search(text)
    return int(match.group(1)) * 1024 if match else 0


def _processes(raw: Raw) -> Set[str]:
    return set(_text(raw, "processes").split("\n"))


def _os_version(text: str) -> str:
    match = re.search(r'^VERSION_ID="?([^"\n]*)"?$', text, re.MULTILINE)
    return match.group(1) if match else ""


def _text(raw: Raw, key: str) -> str:
    value = raw.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else whole_characters(value)
