# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Join what Linux says to the facts of one host."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Tuple, Union

from ..errors import ParseError
from ..model import Bridge, HostFacts, Nic, Port
from .ip import Interface, parse_ip_addr, parse_ip_route
from .thunderbolt import NETWORKS, Receptacle, parse_thunderbolt_sysfs

Raw = Mapping[str, Union[str, bytes]]
SYSFS_PREFIX = "sysfs:"

_VPN_DEVICE = re.compile(r"^(tun|tap|wg|tailscale|zt|ppp|ipsec|nordlynx)")
_WIRED_DEVICE = re.compile(r"^(en|eth|em|bond|team|vmbr|br)[0-9a-z]*$|^p\d+p\d+$")
_INNER_DEVICE = re.compile(r"^(lo$|docker|virbr|veth|br-|lxc|cni|flannel|podman)")


def linux_facts(raw: Raw) -> HostFacts:
    """The facts of one Linux host. :raises ParseError: the interfaces are missing or not understood."""
    tree = {key[len(SYSFS_PREFIX) :]: _text(raw, key) for key in raw if key.startswith(SYSFS_PREFIX)}
    interfaces = parse_ip_addr(_text(raw, "ip_addr"))
    receptacles = parse_thunderbolt_sysfs(tree)
    warnings = _missing_drivers(receptacles)
    ports = tuple(_port(receptacle, interfaces) for receptacle in receptacles)
    devices = {port.device for port in ports if port.device}
    return HostFacts(
        system="linux",
        hostname=_text(raw, "hostname").strip(),
        model=_text(raw, "product_name").strip(),
        os_version=_os_version(_text(raw, "os_release")),
        os_build=_text(raw, "kernel").strip(),
        ports=ports,
        bridges=_bridges(interfaces, devices),
        nics=_nics(interfaces, devices, tree),
        routes=_routes(_text(raw, "ip_route"), warnings),
        warnings=tuple(warnings),
    )


def _missing_drivers(receptacles: Tuple[Receptacle, ...]) -> List[str]:
    return [
        "receptacle {0}: a host is connected, but there is no network interface for it: "
        "load the module (modprobe thunderbolt-net)".format(receptacle.number)
        for receptacle in receptacles
        if not receptacle.device and any(peer.kind == "host" for peer in receptacle.peers)
    ]


def _port(receptacle: Receptacle, interfaces: Mapping[str, Interface]) -> Port:
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
    )


def _bridges(interfaces: Mapping[str, Interface], devices: "set[str]") -> Tuple[Bridge, ...]:
    members: Dict[str, List[str]] = {}
    for interface in interfaces.values():
        if interface.master:
            members.setdefault(interface.master, []).append(interface.name)
    return tuple(
        Bridge(name, name in interfaces and interfaces[name].up, tuple(names))
        for name, names in sorted(members.items())
        if devices.intersection(names)
    )


def _nics(interfaces: Mapping[str, Interface], devices: "set[str]", tree: Mapping[str, str]) -> Tuple[Nic, ...]:
    return tuple(
        Nic(interface.name, address, _nic_kind(interface.name, tree))
        for interface in interfaces.values()
        if interface.name not in devices and interface.name != "lo"
        for address in interface.addresses
    )


def _nic_kind(device: str, tree: Mapping[str, str]) -> str:
    if any(path.startswith("{0}{1}/wireless".format(NETWORKS, device)) for path in tree):
        return "wifi"
    if _VPN_DEVICE.match(device):
        return "vpn"
    return "ethernet" if _WIRED_DEVICE.match(device) and not _INNER_DEVICE.match(device) else "other"


def _routes(text: str, warnings: List[str]) -> Tuple[Tuple[str, str], ...]:
    try:
        return parse_ip_route(text)
    except ParseError as error:
        warnings.append(error.one_line() + "; overlaps with other networks were not checked")
        return ()


def _os_version(text: str) -> str:
    match = re.search(r'^VERSION_ID="?([^"\n]*)"?$', text, re.MULTILINE)
    return match.group(1) if match else ""


def _text(raw: Raw, key: str) -> str:
    value = raw.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
