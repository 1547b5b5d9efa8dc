# SPDX-License-Identifier: Apache-2.0
"""A Mac Studio with six cables, and at the other end of each something else that is in the way of RDMA.

jaccl is refused before anything is changed, with the host, the cable and what to do; auto takes the ring and says why.
"""

from __future__ import annotations

import json
import re

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2)]
FLEET = """\
hosts:
  mac1: {model: "Mac15,14"}
  disabled: {model: "Mac16,11", rdma: false}
  old: {model: "Mac16,11", macos: "26.1"}
  four: {model: "Mac16,10"}
  slow: {model: "Mac16,11"}
  hanging: {model: "Mac16,11", rdma_ctl: hangs}
  broken: {model: "Mac16,11", rdma_broken: [1]}
cables:
  - [mac1:1, disabled:1]
  - [mac1:2, old:1]
  - [mac1:3, four:1]
  - {ends: [mac1:4, slow:1], speed: 40}
  - [mac1:5, hanging:1]
  - [mac1:6, broken:1]
"""
# host -> its verdict, and what stands in the way
IN_THE_WAY = {
    "disabled": ("needs-recovery", "disabled: RDMA is disabled: start this Mac in Recovery, run 'rdma_ctl enable'"),
    "old": ("os-too-old", "old: RDMA needs macOS 26.2, this is 26.1: update macOS"),
    "four": (
        "not-capable",
        "four: RDMA needs Thunderbolt 5, and no port of this Mac (Mac16,10) shows it: use the ring",
    ),
    "slow": ("slow-cable", "it has 40 Gb/s, and RDMA needs Thunderbolt 5 (80 Gb/s): put in a Thunderbolt 5 cable"),
    "hanging": ("not-understood", "rdma_ctl status did not end within 10 s"),
}


# What is in the way is looked for in one place: that each way to ask says it of every host is for the campaigns.
ONE_FIRST = [
    pytest.param(host, marks=[pytest.mark.campaign] if number else [], id=host)
    for number, host in enumerate(IN_THE_WAY)
]


def on_a_pair(rack, host):
    """Arguments for mac1 and one other host."""
    inventory = rack.folder / f"{host}.yml"
    inventory.write_text(json.dumps({"boltloom": {"hosts": {"mac1": None, host: None}}}))
    return {"inventory": inventory}


def state(rack, host):
    return {name: rack.on(name, "/sbin/ifconfig") for name in ("mac1", host)}


@pytest.mark.parametrize("host", ONE_FIRST)
def test_it_is_refused_in_check_mode_too(rack, host):
    refused(rack, host, "--check")


@pytest.mark.parametrize("host", IN_THE_WAY)
def test_it_is_refused_before_anything_is_changed(rack, host):
    refused(rack, host)


def refused(rack, host, *mode):
    before = state(rack, host)
    arguments = ("-e", "thunderbolt_net_backend=jaccl", *mode)
    played = rack.play("configure", *arguments, **on_a_pair(rack, host), fails=True)
    assert "jaccl needs a cable that is ready for RDMA between every two hosts" in played.flat
    assert re.search(
        rf"the cable from (mac1|{host}), Thunderbolt \d \(en\d\) to (mac1|{host}), Thunderbolt", played.flat
    )
    assert IN_THE_WAY[host][1] in played.flat
    assert played.changed() == 0
    assert state(rack, host) == before
    assert rack.hostfile is None
    assert ("Recovery" in played.text) == (host == "disabled")


@pytest.mark.parametrize("host", ONE_FIRST)
def test_auto_takes_the_ring_and_says_why(rack, host):
    arguments = ("-e", "thunderbolt_net_backend=auto", "--check", "--diff")
    played = rack.play("configure", *arguments, **on_a_pair(rack, host))
    assert "backend ring, the best there is here, as RDMA is not possible: the cable from" in played.flat
    assert IN_THE_WAY[host][1] in played.flat
    assert '"backend": "ring"' in played.text
    assert re.search(r'^\+.*"reason": "ring: the best there is here', played.text, re.MULTILINE)


@pytest.mark.parametrize("host", ONE_FIRST)
def test_probe_names_the_verdict_of_either_host(rack, host):
    played = rack.play("probe", **on_a_pair(rack, host))
    verdict, words = IN_THE_WAY[host]
    assert re.search(rf"^{host}\s+{verdict}\s", played.text, re.MULTILINE)
    assert re.search(rf"^mac1\s+{'slow-cable' if host == 'slow' else 'no-link'}\s", played.text, re.MULTILINE)
    assert words in played.flat


def test_a_port_that_stays_down_is_found_after_addressing_and_then_before(rack):
    """While the bridge owns the port nobody can know; the addresses are right all the same, and the ring works."""
    jaccl = ("-e", "thunderbolt_net_backend=jaccl")
    in_a_hurry = ("-e", "thunderbolt_net_rdma_timeout=1")
    pair = on_a_pair(rack, "broken")
    played = rack.play("configure", *jaccl, *in_a_hurry, **pair, fails=True)
    assert "is down (PORT_DOWN), although the cable is plugged in: plug it in anew at both ends" in played.flat
    assert rack.hostfile is None
    before = state(rack, "broken")
    again = rack.play("configure", *jaccl, **pair, fails=True)
    assert (again.changed(), state(rack, "broken")) == (0, before)
    ring = rack.play("configure", "-e", "thunderbolt_net_backend=auto", **pair)
    assert "backend ring, the best there is here, as RDMA is not possible" in ring.flat
    assert (rack.hostfile["backend"], ring.changed()) == ("ring", 1)  # the file alone
