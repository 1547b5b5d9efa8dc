# SPDX-License-Identifier: Apache-2.0
"""Which interfaces are wired, whatever their makers called them."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.nics import nic_kind


@pytest.mark.parametrize(
    "device, port, kind",
    [
        ("en0", "Ethernet", "ethernet"),
        ("en7", "AX88179A", "ethernet"),
        ("en8", "TS4 Dock", "ethernet"),
        ("en8", "Thunderbolt 5 Dock", "ethernet"),
        ("en8", "CalDigit Thunderbolt 3 10GbE", "ethernet"),
        ("en9", "USB 10/100/1000 LAN", "ethernet"),
        ("en9", "USB-C Dual 2.5G \u2028\u3000网卡", "ethernet"),
        ("en10", "Thunderbolt Ethernet Slot 1, Port 1", "ethernet"),
        ("en4", "Ethernet Adapter (en4)", "ethernet"),
        ("en5", "", "ethernet"),
        ("vlan0", "", "ethernet"),
        ("bond0", "", "ethernet"),
        ("en1", "Wi-Fi", "wifi"),
        ("en1", "AirPort", "wifi"),
        ("en6", "iPhone USB", "other"),
        ("en6", "Bluetooth PAN", "other"),
        ("fw0", "FireWire", "other"),
        ("en2", "Thunderbolt 1", "other"),
        ("bridge0", "Thunderbolt Bridge", "other"),
        ("bridge0", "Thunderbolt-Brücke", "other"),
        ("bridge100", "", "other"),
        ("awdl0", "", "other"),
        ("vmenet0", "", "other"),
        ("utun4", "", "vpn"),
        ("ppp0", "PPPoE", "vpn"),
    ],
)
def test_kinds(device, port, kind):
    assert nic_kind(device, port) == kind
