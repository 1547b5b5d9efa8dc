# SPDX-License-Identifier: Apache-2.0
"""Two Linux hosts that nobody manages but udev: addresses and MTU come with the cable, and go with restore."""

from __future__ import annotations

import json

import pytest
from collection.linux_hosts import addresses, files, within

pytestmark = pytest.mark.fleet
FLEET = """
hosts:
  box1: {system: linux, manager: udev}
  box2: {system: linux, manager: udev}
cables:
  - [box1:1, box2:2]
"""
MTU = ("-e", "thunderbolt_net_mtu=9000")


def mtu(rack, host):
    listing = json.loads(rack.on(host, "/usr/sbin/ip", "-j", "link"))
    return [link["mtu"] for link in listing if link["ifname"].startswith("thunderbolt")]


def test_the_mtu_is_set_now_and_comes_with_the_cable_and_after_a_boot(rack):
    rack.play("configure", *MTU)
    assert rack.play("configure", *MTU).changed() == 0
    kept = {host: addresses(rack, host) for host in rack.hosts}
    rack.fleet.cut("box1", "box2")
    rack.fleet.plug("box1", "box2")
    within(10, lambda: {host: addresses(rack, host) for host in rack.hosts} == kept)
    assert [mtu(rack, host) for host in rack.hosts] == [[9000], [9000]]
    for host in rack.hosts:
        rack.fleet.reboot(host)
    within(10, lambda: {host: addresses(rack, host) for host in rack.hosts} == kept)
    assert [mtu(rack, host) for host in rack.hosts] == [[9000], [9000]]
    rack.play("verify")


def test_restore_gives_back_the_mtu_after_a_boot_too(rack):
    rack.play("restore")
    for host in rack.hosts:
        assert mtu(rack, host) == [1500]
        assert not any(addresses(rack, host).values())
        assert not [name for name in files(rack, host) if "/udev/" in name]
