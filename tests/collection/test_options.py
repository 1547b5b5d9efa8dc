# SPDX-License-Identifier: Apache-2.0
"""Options are off by default, and go back with everything else. And a program that uses RDMA is not pulled down."""

from __future__ import annotations

import pytest
from collection.mishaps import assert_same, states, wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.slow]
FLEET = """\
hosts:
  mac1: {model: "Mac16,11"}
  mac2: {model: "Mac16,11"}
cables:
  - [mac1:1, mac2:1]
"""
PROGRAM = "/usr/bin/python3"
OPTIONS = [
    *("-e", "thunderbolt_net_mtu=9000"),
    *("-e", "thunderbolt_net_no_sleep=true"),
    *("-e", "thunderbolt_net_wired_reserve_gb=8"),
    *("-e", f'{{"thunderbolt_net_firewall_programs": ["{PROGRAM}"]}}'),
]


def settings(rack, host):
    return {
        "sleep": [line for line in rack.on(host, "/usr/bin/pmset", "-g", "custom").split("\n") if " sleep " in line],
        "wired": rack.on(host, "/usr/sbin/sysctl", "-n", "iogpu.wired_limit_mb"),
        "firewall": rack.on(host, "/usr/libexec/ApplicationFirewall/socketfilterfw", "--listapps"),
        "mtu": rack.on(host, "/usr/sbin/networksetup", "-getMTU", "en2"),
    }


def test_a_program_that_has_an_rdma_device_open_is_named(rack):
    before = states(rack)
    script = "mkdir -p /.fleet/run/verbs; echo $$ python3.12 >/.fleet/run/verbs/rdma_en2; exec sleep 120"
    with rack.fleet.popen("mac2", ["/bin/sh", "-c", script], root=True) as holder:
        try:
            wait_for(lambda: "pid " in rack.on("mac2", "/usr/sbin/ioreg", "-l"))
            for arguments in ([], ["--check"]):
                played = rack.play("configure", *arguments, fails=True)
                assert "RDMA is in use: python3.12 (process " in played.flat and "has rdma_en2 open" in played.flat
                assert_same(rack, before, within=5)
        finally:
            holder.kill()


def test_options_are_set_and_stay_and_go_back(rack):
    before, owned = states(rack), settings(rack, "mac1")
    rack.on("mac1", "/usr/bin/pmset", "-a", "sleep", "10")
    owned = settings(rack, "mac1")
    looked = rack.play("configure", "--check", "--diff", *OPTIONS)
    assert settings(rack, "mac1") == owned
    assert "+sleep: 0" in looked.text and "-sleep: 10" in looked.text and "+mtu:en2: 9000" in looked.text
    rack.play("configure", *OPTIONS)
    now = settings(rack, "mac1")
    assert "sleep 0" in " ".join(now["sleep"][0].split())
    assert "Current Setting: 9000" in now["mtu"] and PROGRAM in now["firewall"] and now["wired"] != owned["wired"]
    assert rack.play("configure", *OPTIONS).changed() == 0
    rack.play("restore")
    assert settings(rack, "mac1") == owned
    assert_same(rack, before, within=5)
