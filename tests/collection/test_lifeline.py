# SPDX-License-Identifier: Apache-2.0
"""ssh over the Thunderbolt Bridge: nobody saws off the branch that he sits on, and check mode says so too."""

from __future__ import annotations

import json

import pytest
from collection.mishaps import assert_same, states

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2)]
FLEET = """\
hosts:
  mac1: {model: "Mac16,11", uplink: 3}
  mac2: {model: "Mac16,11", uplink: 3}
cables:
  - [mac1:1, mac2:1]
"""


@pytest.fixture
def over_the_bridge(rack):
    """An inventory in which the hosts have the addresses that somebody typed into the Thunderbolt Bridge."""
    inventory = rack.folder / "bridged.yml"
    hosts = {name: {"ansible_host": f"192.168.65.{11 + number}"} for number, name in enumerate(rack.hosts)}
    inventory.write_text(json.dumps({"boltloom": {"hosts": hosts}}))
    return inventory


@pytest.mark.parametrize("playbook", [["configure"], ["configure", "--check"], ["probe"]], ids=" ".join)
def test_it_is_refused_with_address_and_interface_and_nothing_is_changed(rack, over_the_bridge, playbook):
    before = rack.network_state()
    played = rack.play(*playbook, inventory=over_the_bridge, fails=True)
    assert rack.network_state() == before
    for number, host in enumerate(rack.hosts):
        words = f"{host} is reached at 192.168.65.{11 + number}, which is on its bridge bridge0 of Thunderbolt ports"
        assert f"{words} (it also has 192.168.64.{11 + number} on en0)" in played.flat
    assert "Ethernet or Wi-Fi" in played.flat
    assert rack.hostfile is None


def test_a_name_that_leads_there_is_seen_through(rack):
    """The inventory says nothing of it: what counts is the connection itself."""
    inventory = rack.folder / "named.yml"
    inventory.write_text(json.dumps({"boltloom": {"hosts": dict.fromkeys(rack.hosts)}}))
    config = rack.fleet.home / ".ssh/config"
    before = config.read_text()
    config.write_text(before.replace("HostName 192.168.64.", "HostName 192.168.65."))
    try:
        played = rack.play("configure", "--check", inventory=inventory, fails=True)
    finally:
        config.write_text(before)
    assert "mac2 is reached at 192.168.65.12, which is on its bridge bridge0" in played.flat


def test_who_insists_is_cut_off_and_the_host_comes_back_by_itself(rack, over_the_bridge):
    """The bridge goes, ssh with it, nobody can confirm: the switch on the host brings the bridge back."""
    before = states(rack)
    limits = {"confirm_within": 15, "task_timeout": 25, "allow_cutting_ssh": "true"}
    settings = [word for name, value in limits.items() for word in ("-e", f"thunderbolt_net_{name}={value}")]
    played = rack.play("configure", *settings, inventory=over_the_bridge, fails=True)
    assert "mac1 is reached at 192.168.65.11, which is on its bridge bridge0" in played.flat
    assert_same(rack, before, within=120)
    assert rack.hostfile is None


def test_over_ethernet_it_works(rack):
    inventory = rack.folder / "ethernet.yml"
    hosts = {name: {"ansible_host": f"192.168.64.{11 + number}"} for number, name in enumerate(rack.hosts)}
    inventory.write_text(json.dumps({"boltloom": {"hosts": hosts}}))
    rack.play("configure", inventory=inventory)
    assert len(rack.hostfile["hosts"]) == 2
