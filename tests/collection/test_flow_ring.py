# SPDX-License-Identifier: Apache-2.0
"""A configured ring of four loses a cable, a host, a part of its play: nothing gets worse in silence."""

from __future__ import annotations

import re
import subprocess

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2)]
FLEET = "ring4"
LOST = "no link on Thunderbolt"


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure")


@pytest.fixture(scope="module")
def cut(rack, configured):
    """Without the cable from mac4 to mac1: what verify, configure in check mode and configure said, and the fleet."""
    hostfile = rack.hostfile
    rack.fleet.cut("mac4", "mac1")
    try:
        state = rack.network_state()
        verified = rack.play("verify", fails=True)
        checked = rack.play("configure", "--check", fails=True)
        again = rack.play("configure", fails=True)
        return verified, checked, again, state == rack.network_state(), hostfile == rack.hostfile
    finally:
        rack.fleet.plug("mac4", "mac1")


def test_the_links_are_shown_with_latency_and_throughput(configured):
    shown = re.findall(r"^mac\d Thunderbolt \d \(en\d\) to mac\d Thunderbolt \d \(en\d\): .*$", configured.text, re.M)
    assert len(shown) == 4
    assert all(re.search(r"\d+\.\d\d ms, \d+\.\d Gb/s to mac\d, \d+\.\d Gb/s to mac\d$", line) for line in shown)


def test_nothing_listens_any_more(rack, configured):
    for host in rack.hosts:
        listening = subprocess.run(
            ["nsenter", "-t", str(rack.fleet.pid(host)), "-n", "ss", "-tlnH"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "10.77." not in listening.stdout


def test_verify_checks_the_links_that_are_left_and_names_both_ends_of_the_dead_one(cut):
    verified = cut[0]
    assert re.search(rf"{LOST} \d \(en\d\) of mac1, which was joined to mac4 Thunderbolt \d \(en\d\)", verified.flat)
    assert len(re.findall(r"^mac\d Thunderbolt .*: \d+\.\d\d ms", verified.text, re.M)) == 3
    assert verified.changed() == 0


@pytest.mark.parametrize("which", [1, 2], ids=["in check mode", "for real"])
def test_configure_names_the_cable_and_leaves_the_hostfile_and_the_hosts_alone(cut, which):
    played = cut[which]
    assert re.search(r"boltloom-hostfile.json is over Thunderbolt and would go over Ethernet, and is left", played.flat)
    assert re.search(rf"{LOST} \d \(en\d\) of mac1, which was joined to mac4 Thunderbolt \d \(en\d\)", played.flat)
    assert "thunderbolt_net_replace_hostfile=true" in played.flat
    assert played.changed() == 0
    assert cut[3] and cut[4]


def test_plugged_in_again_all_is_as_before(rack, cut):
    assert rack.play("configure").changed() == 0
    rack.play("verify")
