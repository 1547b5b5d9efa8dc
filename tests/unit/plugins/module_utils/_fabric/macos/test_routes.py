# SPDX-License-Identifier: Apache-2.0
"""Shortened destinations, and tables with more or fewer columns."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.routes import parse_routes
from unit.plugins.module_utils._fabric.recordings import capture, own


def test_our_own_recording_and_nothing_of_its_ipv6_table():
    routes = parse_routes(own("mac_studio", "netstat.txt"))
    assert routes[:3] == (("0.0.0.0/0", "en0"), ("0.0.0.0/0", "bridge100"), ("100.64.0.0/10", "utun4"))
    assert ("127.0.0.0/8", "lo0") in routes
    assert ("169.254.0.0/16", "bridge0") in routes
    assert ("192.168.64.1/32", "en0") in routes  # with an expiry behind the device
    assert len(routes) == 12


def test_a_real_studio_with_containers_and_a_vpn():
    routes = parse_routes(capture("netstat-rn", "m3ultra-studio"))
    assert ("10.211.55.0/24", "bridge100") in routes
    assert ("100.64.0.0/10", "utun4") in routes
    assert ("192.168.68.0/22", "en1") in routes
    assert ("192.168.68.52/32", "lo0") in routes
    assert len(routes) == 28


def test_old_systems_have_two_more_columns():
    routes = parse_routes(capture("netstat-rn", "old-format"))
    assert routes == (("0.0.0.0/0", "en0"), ("127.0.0.0/8", "lo0"), ("192.168.1.0/24", "en0"))


def test_another_table_of_netstat_is_an_error():
    with pytest.raises(ParseError, match="Netif"):
        parse_routes(capture("netstat-rn", "i-style"))


@pytest.mark.parametrize("row", ["what", "300.1 link#4 UCS en0", "10/99 link#4 UCS en0"])
def test_a_row_that_makes_no_sense_is_an_error(row):
    with pytest.raises(ParseError, match="row not understood"):
        parse_routes("Destination Gateway Flags Netif Expire\n" + row + "\n")


@pytest.mark.parametrize(
    "destination", ["1.2.3.4.5/24", "10.0.0.1/0.0.0.255", "10/²", "٣", "9" * 5000, "10.0.0.1/", "a.b"]
)
def test_a_destination_that_is_no_network_is_never_another_one(destination):
    with pytest.raises(ParseError, match="row not understood"):
        parse_routes(f"Destination Gateway Flags Netif Expire\n{destination} link#4 UCS en0\n")


def test_a_device_that_no_command_can_be_given_is_refused():
    with pytest.raises(ParseError, match="row not understood"):
        parse_routes("Destination Gateway Flags Netif Expire\n10/8 link#4 UCS -x\n")
