# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What the values of the nouns must look like when they come from elsewhere.

Facts are read on one computer and believed on another, and commands are built from plans. So the type is not
enough: an address is an address, and a device is a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping

from .model import Bridge, End, Gid, HostFacts, Link, Nic, Peer, Port, RdmaDevice, Service, WantPort
from .reading import device, hardware_address, identity, interface_address, ip_address, ipv4, prefix_of

MOST_RECEPTACLES = 9999  # Linux counts those of all its controllers
_MOST = 1 << 62


@dataclass(frozen=True)
class Door:
    """What a value must look like, in words and as a question. Lists pass item by item."""

    expected: str
    opens: Callable[[Any], bool]


def _or_nothing(door: Door) -> Door:
    return Door(door.expected + " or nothing", lambda value: value == "" or door.opens(value))


def _between(least: int, most: int) -> Door:
    return Door("a number from {0} to {1}".format(least, most), lambda value: bool(least <= value <= most))


def _one_of(*words: str) -> Door:
    return Door("one of {0}".format(", ".join(word or "nothing" for word in words)), lambda value: value in words)


def _is_interface(value: str) -> bool:
    return interface_address(value) is not None


def _is_mask(value: str) -> bool:
    return ipv4(value) is not None and prefix_of(value) is not None


def _is_route(value: Any) -> bool:
    return interface_address(value[0]) is not None and device(value[1])


def _is_name(value: str) -> bool:
    """Of a network service: it becomes a word of a command, and must be the whole name."""
    return 0 < len(value) < 256 and not any(letter < " " or letter in "\x7f\ufffd" for letter in value)


_ADDRESS = Door("an address such as 10.77.0.1", lambda value: ipv4(value) is not None)
_ANY_ADDRESS = Door("an IP address", lambda value: ip_address(value) is not None)
_INTERFACE = Door(
    "an address with its length, such as 10.77.0.1/30", lambda value: interface_address(value) is not None
)
_MASK = Door(
    "a netmask such as 255.255.255.252", lambda value: ipv4(value) is not None and prefix_of(value) is not None
)
_DEVICE = Door("the name of an interface", device)
_IDENTITY = Door("a uid or UUID", identity)
_MAC = Door("a MAC address", lambda value: bool(hardware_address(value)))
_NAME = Door("the name of a network service, on one line", _is_name)
_ROUTE = Door("a network and an interface", _is_route)
_RECEPTACLE = _between(1, MOST_RECEPTACLES)
_SPEED = _between(0, 1_000_000)

DOORS: Mapping[Any, Dict[str, Door]] = {
    Peer: {
        "kind": _one_of("host", "device"),
        "domain_uuid": _or_nothing(_IDENTITY),
        "depth": _between(0, 64),
    },
    Service: {
        "name": _NAME,
        "method": _one_of("manual", "dhcp", "off", "other"),
        "address": _or_nothing(_ADDRESS),
        "netmask": _or_nothing(_MASK),
        "router": _or_nothing(_ADDRESS),
        "dns": _ANY_ADDRESS,
        "ipv6": _one_of("", "automatic", "link-local", "manual", "off"),
    },
    Port: {
        "receptacle": _RECEPTACLE,
        "device": _or_nothing(_DEVICE),
        "uid": _or_nothing(_IDENTITY),
        "domain_uuid": _or_nothing(_IDENTITY),
        "speed_gbps": _SPEED,
        "capable_gbps": _SPEED,
        "bridge": _or_nothing(_DEVICE),
        "mac": _or_nothing(_MAC),
        "mtu": _between(0, 1 << 24),
        "addresses": _INTERFACE,
        "lease": _or_nothing(_ADDRESS),
        "neighbours": _MAC,
    },
    Bridge: {"device": _DEVICE, "members": _DEVICE, "configured": _DEVICE, "addresses": _INTERFACE},
    Nic: {"device": _DEVICE, "address": _INTERFACE, "kind": _one_of("ethernet", "wifi", "vpn", "other")},
    WantPort: {
        "receptacle": _RECEPTACLE,
        "device": _DEVICE,
        "address": _ADDRESS,
        "prefix": _between(0, 32),
        "peer_address": _ADDRESS,
        "service": _or_nothing(_NAME),
        "uid": _or_nothing(_IDENTITY),
        "peer_receptacle": _between(0, MOST_RECEPTACLES),
        "peer_device": _or_nothing(_DEVICE),
        "speed_gbps": _SPEED,
    },
    HostFacts: {
        "system": _one_of("macos", "linux"),
        "routes": _ROUTE,
        "ssh_address": _or_nothing(_ANY_ADDRESS),
        "sleeps_after_minutes": _between(-1, _MOST),
        "manager": _one_of("", "networkmanager", "networkd", "udev", "none"),
        "firewall": _one_of("", "on", "off"),
        "memory_bytes": _between(0, _MOST),
        "wired_limit_mb": _between(-1, _MOST),
    },
    RdmaDevice: {"name": _DEVICE, "port": _between(0, MOST_RECEPTACLES), "device": _or_nothing(_DEVICE)},
    Gid: {"index": _between(0, 999_999), "address": _ANY_ADDRESS},
    End: {
        "receptacle": _RECEPTACLE,
        "device": _or_nothing(_DEVICE),
        "uid": _or_nothing(_IDENTITY),
        "address": _or_nothing(_ADDRESS),
    },
    Link: {"rail": _between(0, MOST_RECEPTACLES), "speed_gbps": _SPEED, "network": _or_nothing(_INTERFACE)},
}
