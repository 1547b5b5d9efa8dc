# SPDX-License-Identifier: Apache-2.0
"""Two Macs, two cables: rail k is the same cable seen from both ends."""

from __future__ import annotations

import ipaddress

import pytest

pytestmark = pytest.mark.fleet
FLEET = "pair_two_cables"


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure")


def test_both_cables_are_in_the_hostfile_rail_by_rail(rack, configured):
    one, two = rack.hostfile["hosts"]
    assert len(one["ips"]) == len(two["ips"]) == 2
    for here, there in zip(one["ips"], two["ips"], strict=True):
        network = ipaddress.ip_interface(f"{here}/30").network
        assert ipaddress.ip_address(there) in network
        rack.ping(one["ssh"], there)
        rack.ping(two["ssh"], here)


@pytest.mark.campaign  # as everywhere
def test_the_second_run_changes_nothing(rack, configured):
    assert rack.play("configure").changed() == 0
