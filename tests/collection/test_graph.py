# SPDX-License-Identifier: Apache-2.0
"""The cables of a fleet, drawn by the playbooks: what is well, what is slow, loose, and gone."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1.5)]

FLEET = """
defaults: {model: "Mac15,14"}
hosts: {mac1: , mac2: , mac3: , mac4: }
cables:
  - [mac1:2, mac2:2]
  - {ends: [mac2:3, mac3:3], speed: 40}
  - [mac3:4, mac4:4]
  - [mac4:5, mac1:5]
  - {ends: [mac1:3, mac3:2], fault: half}
"""


def states(rack, playbook: str, fails: bool = False) -> dict[tuple[str, str], str]:
    """State by the two hosts of each cable, as the playbook drew it."""
    path = rack.folder / "cables.json"
    rack.play(playbook, "-e", f"thunderbolt_net_graph={path}", fails=fails)
    drawn = json.loads(path.read_text())
    return {tuple(end["host"] for end in cable["ends"]): cable["state"] for cable in drawn["cables"]}


def test_the_playbooks_draw_every_cable_with_what_is_wrong_with_it(rack) -> None:
    before = {
        ("mac1", "mac2"): "ok",
        ("mac1", "mac3"): "one-sided",
        ("mac1", "mac4"): "ok",
        ("mac2", "mac3"): "slow",
        ("mac3", "mac4"): "ok",
    }
    assert states(rack, "probe") == before
    assert states(rack, "configure") == before
    rack.fleet.cut("mac1", "mac2")
    assert states(rack, "probe") == {**before, ("mac1", "mac2"): "missing"}


def test_a_picture_of_it_has_the_gone_cable_in_red(rack) -> None:
    path = rack.folder / "cables.svg"
    rack.play("probe", "-e", f"thunderbolt_net_graph={path}")
    drawn = path.read_text()
    assert all(f">{host}<" in drawn for host in rack.hosts)
    assert 'stroke="red"' in drawn and "missing" in drawn


def test_a_name_that_does_not_say_how_is_one_line(rack) -> None:
    played = rack.play("probe", "-e", f"thunderbolt_net_graph={rack.folder}/cables", fails=True)
    assert "cables does not say what to draw: let its name end in" in played.flat
