# SPDX-License-Identifier: Apache-2.0
"""A mesh of four with one cable missing: it works as a ring, and the two hosts are named."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.fleet
FLEET = "broken_mesh4"


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure")


def test_the_two_hosts_without_a_cable_are_named(configured):
    assert "no cable between mac2 and mac4: this is not a full mesh" in configured.flat


def test_the_ring_goes_around_the_missing_cable(rack, configured):
    hosts = [host["ssh"] for host in rack.hostfile["hosts"]]
    neighbours = [{hosts[rank - 1], hosts[rank]} for rank in range(4)]
    assert {"mac2", "mac4"} not in neighbours


def test_a_demanded_mesh_fails_before_anything_is_changed(rack):
    before = rack.network_state()
    played = rack.play("configure", "-e", "thunderbolt_net_shape=mesh", fails=True)
    assert "a mesh is asked for, but there is no cable between mac2 and mac4" in played.flat
    assert rack.network_state() == before
