# SPDX-License-Identifier: Apache-2.0
"""No cables at all: a hostfile over Ethernet, with a word why, and nothing is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.fleet
FLEET = "no_cables"


@pytest.fixture(scope="module")
def configured(rack):
    before = rack.network_state()
    return rack.play("configure"), before, rack.network_state()


def test_it_says_why_ethernet(configured):
    assert "no Thunderbolt cable joins two of the hosts; the hostfile goes over Ethernet" in configured[0].flat


def test_no_port_is_touched(configured):
    _played, before, after = configured
    assert before == after


def test_the_hostfile_has_the_management_addresses(rack, configured):
    for host in rack.hostfile["hosts"]:
        (address,) = host["ips"]
        assert f"inet {address} " in rack.on(host["ssh"], "/sbin/ifconfig", "en0")


def test_the_second_run_changes_nothing(rack, configured):
    assert rack.play("configure").changed() == 0


def test_hosts_on_the_command_line_have_their_hostfile_in_the_current_folder(rack, configured):
    played = rack.play("configure", "--check", "-e", "boltloom_hosts=all", inventory="mac1,mac2,")
    assert f"would write {Path.cwd()}/boltloom-hostfile.json: 2 ranks, backend ring, over ethernet" in played.flat


def test_cables_can_be_demanded(rack, configured):
    played = rack.play("configure", "-e", "thunderbolt_net_over=thunderbolt", fails=True)
    assert "no Thunderbolt cable joins two of the hosts: plug the cables in" in played.flat
