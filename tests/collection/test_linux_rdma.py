# SPDX-License-Identifier: Apache-2.0
"""A Mac with RDMA and a Linux host with RDMA devices: nothing is invented, and an ordinary card is no Thunderbolt."""

from __future__ import annotations

import json

import pytest
from collection.linux_hosts import state

pytestmark = pytest.mark.fleet
FLEET = """
hosts:
  mac1: {model: "Mac15,14"}
  box1: {system: linux, manager: networkd, infiniband: [ethernet, thunderbolt]}
cables:
  - [mac1:2, box1:1]
"""


def test_jaccl_is_refused_by_the_name_of_the_cable_before_anything_is_changed(rack):
    before = state(rack, "box1")
    played = rack.play("configure", "-e", "thunderbolt_net_backend=jaccl", fails=True)
    assert "box1" in played.flat and "mac1" in played.flat
    assert "40 Gb/s" in played.flat
    for invented in ("rdma_thunderbolt", "mlx5_0"):
        assert invented not in played.text
    assert "Recovery" not in played.text
    assert state(rack, "box1") == before
    assert rack.hostfile is None


def test_the_automatic_choice_is_the_ring_and_the_hostfile_names_no_device(rack):
    rack.play("configure")
    assert rack.hostfile["backend"] == "ring"
    text = json.dumps(rack.hostfile["hosts"])
    assert "rdma_" not in text and "mlx5" not in text
    one, two = rack.hostfile["hosts"]
    assert len(one["ips"]) == len(two["ips"]) == 1
    rack.ping(one["ssh"], two["ips"][0])
