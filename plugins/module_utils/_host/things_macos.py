# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What steps change on macOS: how its complete value is read, and how a value is brought back."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._fabric.macos.ifconfig import Interface, parse_ifconfig
from .._fabric.macos.networksetup import parse_getinfo
from . import preferences
from .apply import Value
from .commands import HostError, required
from .macos import preferences_path
from .networksetup import (
    NETWORKSETUP,
    networksetup,
    remove_ours,
    require_service,
    service_entry,
    service_order,
    set_service_order,
)
from .target import Target

IFCONFIG = "/sbin/ifconfig"
_IPV6 = re.compile(r"^IPv6( IP address| Prefix Length| Router)?: *(.*)$", re.MULTILINE)
_IPV6_VERBS = {"Automatic": "-setv6automatic", "Link Local": "-setv6LinkLocal", "Off": "-setv6off"}
_SELF_ASSIGNED = "169.254."


def read_service(name: str, target: Target) -> Value:
    """All that networksetup tells of a service: port, state, IPv4, IPv6 and name servers."""
    entry = service_entry(name, target)
    if entry is None:
        return None
    text = target.said([NETWORKSETUP, "-getinfo", name])
    info = parse_getinfo(text)
    manual = info.method == "manual"  # with DHCP the address is the lease, not the configuration
    servers = target.said([NETWORKSETUP, "-getdnsservers", name]).split("\n")
    return {
        "port": entry.port,
        "device": entry.device,
        "enabled": entry.enabled,
        "method": info.method,
        "address": info.address if manual else "",
        "netmask": info.netmask if manual else "",
        "router": info.router if manual else "",
        "dns": [line.strip() for line in servers if line.strip() and " " not in line.strip()],
        "ipv6": _ipv6(text),
    }


def write_service(name: str, value: Value, target: Target) -> None:
    """Bring a service back, or remove one of our own that was not there before."""
    entry = service_entry(name, target)
    if value is None:
        if entry is not None:
            remove_ours(entry, target)
        return
    if entry is None:
        networksetup(target, "-createnetworkservice", name, value["port"])
    require_service(name, value["device"], target.fresh())
    now = read_service(name, target.fresh())
    if _ipv4(now) != _ipv4(value):
        networksetup(target, *_ipv4_arguments(name, value))
    if now["ipv6"] != value["ipv6"]:
        networksetup(target, *_ipv6_arguments(name, value["ipv6"]))
    if now["dns"] != value["dns"]:
        networksetup(target, "-setdnsservers", name, *(value["dns"] or ["empty"]))
    if now["enabled"] != value["enabled"]:
        networksetup(target, "-setnetworkserviceenabled", name, "on" if value["enabled"] else "off")


def read_order(_name: str, target: Target) -> Value:
    """The names of all services, the first one first."""
    return [entry.name for entry in service_order(target)]


def write_order(_name: str, value: Value, target: Target) -> None:
    """The services that there were in the order that they had; those made since stay behind the one before them."""
    now = read_order("", target)
    wanted = [name for name in value if name in now]
    for position, name in enumerate(now):
        if name not in value:
            behind = wanted.index(now[position - 1]) + 1 if position else 0
            wanted.insert(behind, name)
    if wanted != now:
        set_service_order(wanted, target)


def same_order(now: Value, before: Value) -> bool:
    """Services made or removed since by somebody else do not matter."""
    return [name for name in now if name in before] == [name for name in before if name in now]


def read_bridge(name: str, target: Target) -> Value:
    """The running bridge."""
    interface = _interface(name, target)
    if interface is None:
        return None
    members = list(interface.members)
    return {"members": members, "up": interface.up, "addresses": _lasting(interface), "mac": interface.mac}


def write_bridge(name: str, value: Value, target: Target) -> None:
    """The running bridge with its members; what its network service gives it comes by itself."""
    now = read_bridge(name, target)
    if value is None:
        if now is not None:
            required(target.run, [IFCONFIG, name, "destroy"])
        return
    if now is None:
        required(target.run, [IFCONFIG, name, "create"])
        if value["mac"]:
            target.run([IFCONFIG, name, "lladdr", value["mac"]])  # a system that refuses that gives it another one
        now = {"members": [], "up": not value["up"], "addresses": []}
    for member in [member for member in now["members"] if member not in value["members"]]:
        required(target.run, [IFCONFIG, name, "deletem", member])
    for member in [member for member in value["members"] if member not in now["members"]]:
        required(target.run, [IFCONFIG, name, "addm", member])
    if now["up"] != value["up"]:
        required(target.run, [IFCONFIG, name, "up" if value["up"] else "down"])
    _add_addresses(name, now["addresses"], value["addresses"], target)


def same_bridge(now: Value, before: Value) -> bool:
    """In any order of the members; what it has more of addresses, its network service gave it."""
    if now is None or before is None:
        return now is before
    return (
        sorted(now["members"]) == sorted(before["members"])
        and now["up"] == before["up"]
        and set(before["addresses"]) <= set(now["addresses"])
    )


def read_configured(name: str, target: Target) -> Value:
    """The bridge in the preferences."""
    return preferences.read_bridge(preferences_path(target.root), name)


def write_configured(name: str, value: Value, target: Target) -> None:
    """The bridge in the preferences."""
    preferences.write_bridge(preferences_path(target.root), name, value)


def read_addresses(device: str, target: Target) -> Value:
    """The addresses of an interface, but for those that come and go by themselves. None: no such interface."""
    interface = _interface(device, target)
    return None if interface is None else _lasting(interface)


def write_addresses(device: str, value: Value, target: Target) -> None:
    """What somebody had set by hand is set by hand again."""
    _add_addresses(device, read_addresses(device, target) or [], value or [], target)


def same_addresses(now: Value, before: Value) -> bool:
    """None of them is missing. Those that are new belong to a service, which is a thing of its own."""
    return set(before or []) <= set(now or [])


def _ipv4(value: Mapping[str, Any]) -> Tuple[str, ...]:
    return (value["method"], value["address"], value["netmask"], value["router"])


def _ipv4_arguments(name: str, value: Mapping[str, Any]) -> List[str]:
    if value["method"] == "manual":
        return ["-setmanual", name, value["address"], value["netmask"], value["router"]]
    return ["-setv4off" if value["method"] == "off" else "-setdhcp", name]


def _ipv6(text: str) -> Dict[str, str]:
    """What ``-getinfo`` says of IPv6; of an automatic one only that it is, because the rest comes and goes."""
    fields = {label.strip() or "method": value.strip() for label, value in _IPV6.findall(text)}
    method = fields.get("method", "")
    return fields if method == "Manual" else {"method": method}


def _ipv6_arguments(name: str, value: Mapping[str, str]) -> List[str]:
    method = value.get("method", "")
    if method == "Manual":
        return ["-setv6manual", name, value["IP address"], value["Prefix Length"], value.get("Router", "")]
    if method not in _IPV6_VERBS:
        raise HostError("the IPv6 setting {0!r} of {1!r} is not known".format(method, name))
    return [_IPV6_VERBS[method], name]


def _interface(name: str, target: Target) -> Optional[Interface]:
    return parse_ifconfig(target.said([IFCONFIG])).get(name)


def _lasting(interface: Interface) -> List[str]:
    return [address for address in interface.addresses if not address.startswith(_SELF_ASSIGNED)]


def _add_addresses(device: str, now: List[str], before: List[str], target: Target) -> None:
    for address in [address for address in before if address not in now]:
        required(target.run, [IFCONFIG, device, "inet", address, "alias"])
