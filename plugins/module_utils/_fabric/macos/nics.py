# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Interfaces that are no Thunderbolt ports: by which of them a host can be reached.

A hardware port is called whatever its maker liked ("AX88179A", "TS4 Dock", "USB 10/100/1000 LAN"), so a port is wired
unless it is known to be something else; an interface without a hardware port is the system's own, unless its device is
of a kind that is wired.
"""

from __future__ import annotations

import re
from typing import Dict, Tuple

from ..model import Nic
from .ifconfig import Interface
from .networksetup import HardwarePort

_VPN_DEVICE = re.compile(r"(utun|ipsec|ppp|tun|tap|wg)[0-9]")
_WIRED_DEVICE = re.compile(r"(en|bond|vlan)[0-9]+")
_BRIDGE_DEVICE = re.compile(r"bridge[0-9]+")
_WIFI_PORT = re.compile(r"(Wi-?Fi|AirPort|WLAN)\b", re.IGNORECASE)
_VPN_PORT = re.compile(r"\b(VPN|L2TP|PPTP|IPSec|IKEv2|PPPoE)\b", re.IGNORECASE)
_OTHER_PORT = re.compile(r"\b(Bluetooth|iPhone|iPad|iPod|FireWire|Modem|WWAN|Tethering)\b", re.IGNORECASE)
_CABLE_PORT = re.compile(r"Thunderbolt( [0-9]+| Bridge.*)?")  # and not "Thunderbolt Ethernet Slot 1"


def nics(interfaces: Dict[str, Interface], hardware: Tuple[HardwarePort, ...], ours: "set[str]") -> Tuple[Nic, ...]:
    """Each address of each interface that is neither ``ours`` nor the loopback."""
    names = {port.device: port.name for port in hardware}
    return tuple(
        Nic(interface.name, address, nic_kind(interface.name, names.get(interface.name, "")))
        for interface in interfaces.values()
        if interface.name not in ours and not interface.name.startswith("lo")
        for address in interface.addresses
    )


def nic_kind(device: str, port: str) -> str:
    """As in ``model.Nic``; ``port`` is the name of the hardware port, "" for an interface that has none."""
    if _VPN_DEVICE.match(device) or _VPN_PORT.search(port):
        return "vpn"
    if _WIFI_PORT.match(port):
        return "wifi"
    if _BRIDGE_DEVICE.fullmatch(device) or _CABLE_PORT.fullmatch(port) or _OTHER_PORT.search(port):
        return "other"
    return "ethernet" if port or _WIRED_DEVICE.fullmatch(device) else "other"
