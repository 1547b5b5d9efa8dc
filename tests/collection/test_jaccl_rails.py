# SPDX-License-Identifier: Apache-2.0
"""Two Mac Studios and three cables, one of them of 40 Gb/s: jaccl takes two rails, the ring over TCP all three."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.fleet
FLEET = """\
hosts:
  mac1: {model: "Mac15,14"}
  mac2: {model: "Mac15,14"}
cables:
  - [mac1:6, mac2:1]
  - {ends: [mac1:3, mac2:3], speed: 40}
  - [mac1:1, mac2:6]
"""
LEFT_OUT = "left out of jaccl: the cable from mac1, Thunderbolt 3 (en4) to mac2, Thunderbolt 3 (en4): it has 40 Gb/s"


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure", "-e", "thunderbolt_net_backend=jaccl")


def test_the_slow_cable_is_left_out_with_a_warning(rack, configured):
    one, two = rack.hostfile["hosts"]
    assert (one["rdma"], two["rdma"]) == ([None, ["rdma_en2", "rdma_en7"]], [["rdma_en7", "rdma_en2"], None])
    assert "[WARNING]: " + LEFT_OUT in configured.flat
    verdicts = [cable["verdict"] for cable in rack.hostfile["boltloom"]["rdma"]]
    assert sorted(verdicts) == ["ready", "ready", "slow-cable"]


def test_the_second_run_changes_nothing_and_warns_again(rack, configured):
    again = rack.play("configure", "-e", "thunderbolt_net_backend=jaccl")
    assert again.changed() == 0
    assert "[WARNING]: " + LEFT_OUT in again.flat


def test_ready_is_who_has_every_cable_ready(rack, configured):
    played = rack.play("probe")
    for host in rack.hosts:
        assert re.search(rf"^{host}\s+slow-cable\s+the cable from mac1, Thunderbolt 3", played.text, re.MULTILINE)
    rack.play("probe", "-e", "rdma_check_required=true", fails=True)


def test_the_ring_over_tcp_takes_every_cable(rack, configured):
    path = rack.folder / "ring.json"
    rack.play("configure", "-e", "thunderbolt_net_backend=ring", "-e", f"thunderbolt_net_hostfile={path}")
    assert path.read_text().count("10.77.") >= 6
