# SPDX-License-Identifier: Apache-2.0
"""A Mac and a Linux host: by RDMA only what exists, and no device of a Linux host is ever made up."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.fleet
FLEET = "linux_pair"


def test_jaccl_is_refused_and_names_the_host_without_a_device(rack):
    before = {host: rack.on(host, *argv) for host, argv in LOOK.items()}
    for mode in ((), ("--check",)):
        played = rack.play("configure", "-e", "thunderbolt_net_backend=jaccl", *mode, fails=True)
        assert "box1: no RDMA device on a Thunderbolt interface: this host takes part over TCP" in played.flat
        assert played.changed() == 0
    assert {host: rack.on(host, *argv) for host, argv in LOOK.items()} == before
    assert rack.hostfile is None


LOOK = {"mac1": ("/sbin/ifconfig",), "box1": ("ip", "-4", "-o", "address")}


def test_auto_takes_the_ring_and_no_device_is_made_up(rack):
    played = rack.play("configure", "-e", "thunderbolt_net_backend=auto")
    assert "backend ring, the best there is here, as RDMA is not possible: the cable from box1" in played.flat
    assert rack.hostfile["backend"] == "ring"
    assert "rdma_" not in str(rack.hostfile["hosts"]) + played.text


def test_probe_says_so_of_either_host(rack):
    played = rack.play("probe")
    assert re.search(r"^box1\s+not-capable\s", played.text, re.MULTILINE)
    assert re.search(r"^mac1\s+no-link\s", played.text, re.MULTILINE)
    assert "Recovery" not in played.text
