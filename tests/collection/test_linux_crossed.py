# SPDX-License-Identifier: Apache-2.0
"""Two cables, crossed, between controllers that /sys cannot tell apart at the far end: who is heard there tells."""

from __future__ import annotations

import json

import pytest
from collection.linux_hosts import addresses, files

pytestmark = pytest.mark.fleet
FLEET = """
hosts:
  box1: {system: linux, manager: networkmanager}
  box2: {system: linux, manager: networkmanager}
cables:
  - [box1:1, box2:2]
  - [box1:2, box2:1]
"""


def test_crossed_cables_are_planned_as_they_are(rack):
    played = rack.play("configure")
    assert "nothing tells which of them" not in played.flat
    cables = rack.hostfile["boltloom"]["cables"]
    ends = [tuple((end["host"], end["receptacle"]) for end in cable["ends"]) for cable in cables]
    assert sorted(ends) == [(("box1", 1), ("box2", 2)), (("box1", 2), ("box2", 1))]
    for one, two in (cable["ends"] for cable in cables):
        rack.ping(one["host"], two["address"])
        rack.ping(two["host"], one["address"])


def test_a_port_that_left_the_fabric_loses_our_file_when_asked(rack):
    rack.fleet.cut("box1", "box2", 1)  # one of the cables is gone, and its file stays
    task = {"boltloom.cluster.thunderbolt_net": {"host": "{{ inventory_hostname }}", "state": "absent"}, "become": True}
    playbook = rack.folder / "absent.json"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    rack.play(str(playbook))
    for host in rack.hosts:
        assert not [name for name in files(rack, host) if "boltloom-thunderbolt" in name]
        assert not any(addresses(rack, host).values())
    assert rack.play(str(playbook)).changed() == 0
