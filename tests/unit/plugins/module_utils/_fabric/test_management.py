# SPDX-License-Identifier: Apache-2.0
"""One network that all hosts have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.management import pick_management
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Nic
from unit.plugins.module_utils._fabric.racks import PAIR, names, rack


def hosts(*nics, routes=()):
    """mac1, mac2, ... with these interfaces."""
    facts = rack(names(len(nics)), PAIR if len(nics) > 1 else [])
    return {host: replace(facts[host], nics=tuple(nics[i]), routes=tuple(routes)) for i, host in enumerate(facts)}


def wired(number, network="192.168.64", device="en0"):
    return Nic(device, f"{network}.{number}/24")


def wifi(number, network="192.168.70"):
    return Nic("en1", f"{network}.{number}/24", "wifi")


def test_the_common_network():
    assert pick_management(rack(names(3), [])) == {
        "mac1": "192.168.64.11",
        "mac2": "192.168.64.12",
        "mac3": "192.168.64.13",
    }


def test_wired_before_wifi_whatever_stands_first():
    facts = hosts([wifi(1), wired(1)], [wifi(2), wired(2)])
    assert pick_management(facts) == {"mac1": "192.168.64.1", "mac2": "192.168.64.2"}


def test_wired_at_every_host_before_wired_at_some():
    half = Nic("en1", "10.3.3.2/24", "wifi")
    facts = hosts([wired(1, "10.3.3", "en5"), wired(1)], [half, wired(2)])
    assert pick_management(facts) == {"mac1": "192.168.64.1", "mac2": "192.168.64.2"}


def test_wifi_where_the_wires_are_not_common():
    facts = hosts([wired(1), wifi(1)], [wired(2, "10.1.1"), wifi(2)])
    assert pick_management(facts) == {"mac1": "192.168.70.1", "mac2": "192.168.70.2"}


def test_one_network_over_wire_and_wifi():
    facts = hosts([wired(1)], [Nic("en1", "192.168.64.2/24", "wifi")])
    assert pick_management(facts) == {"mac1": "192.168.64.1", "mac2": "192.168.64.2"}


def test_the_network_with_the_router_before_one_without():
    facts = hosts(
        [wired(1, "10.9.9", "en7"), wired(1)], [wired(2, "10.9.9", "en7"), wired(2)], routes=[("0.0.0.0/0", "en0")]
    )
    assert pick_management(facts) == {"mac1": "192.168.64.1", "mac2": "192.168.64.2"}


@pytest.mark.parametrize(
    "one, two",
    [
        ([Nic("utun4", "100.64.0.1/10", "vpn")], [Nic("utun4", "100.64.0.2/10", "vpn")]),
        ([Nic("bridge100", "10.1.0.1/24", "other")], [Nic("bridge100", "10.1.0.2/24", "other")]),
        ([wired(1, "169.254.1")], [wired(2, "169.254.1")]),
        ([wired(1)], [wired(1)]),  # each host's own virtual network: same network, same address
        ([wired(1)], [wired(2, "192.168.65")]),
        ([wired(1)], []),
    ],
)
def test_what_is_no_management_network(one, two):
    with pytest.raises(AddressError, match="no management network is common to all hosts") as caught:
        pick_management(hosts(one, two))
    assert "mac1" in caught.value.message and "mac2" in caught.value.message


def test_one_host_needs_only_itself():
    assert pick_management(hosts([wired(1)])) == {"mac1": "192.168.64.1"}
