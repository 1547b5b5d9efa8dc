# SPDX-License-Identifier: Apache-2.0
"""A fabric in the course of its life: a cable moves, a host comes, a cable dies, a host goes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(4)]
FLEET = """\
hosts:
  mac1: {model: "Mac16,11"}
  mac2: {model: "Mac16,11"}
  mac3: {model: "Mac16,11"}
cables:
  - [mac1:1, mac2:1]
  - [mac1:2, mac2:2]
  - {ends: [mac2:3, mac3:1], speed: 40}
  - {ends: [mac3:2, mac1:3], fault: slow, rate: 100mbit}
"""
EVIL = "\u202eNAS\u2028ok: [mac1]\x85x"  # a preferences file cannot hold an escape character, but these


@pytest.fixture(scope="module")
def two(rack):
    """An inventory beside the other, so that the hostfile is the same file."""
    path = rack.folder / "two.yml"
    path.write_text("boltloom: {hosts: {mac1: , mac2: }}\n")
    return path


@pytest.fixture(scope="module")
def moved(rack, two):
    """The pair with one cable, which is then plugged into the other ports."""
    rack.fleet.cut("mac1", "mac2", 1)
    rack.play("configure", inventory=two)
    before = rack.hostfile
    rack.fleet.cut("mac1", "mac2", 0)
    rack.fleet.plug("mac1", "mac2", 1)
    verified = rack.play("verify", inventory=two, fails=True)
    played = rack.play("configure", inventory=two)
    return verified, played, before, rack.hostfile


@pytest.fixture(scope="module")
def grown(rack, two, moved):
    """A third host, and the first cable again."""
    rack.fleet.plug("mac1", "mac2", 0)
    rack.play("configure", inventory=two)
    pair = rack.hostfile
    return rack.play("configure"), pair, rack.hostfile


def ends(hostfile, *hosts):
    """The addresses of the cables between two hosts, by port."""
    cables = [cable["ends"] for cable in hostfile["boltloom"]["cables"]]
    between = [pair for pair in cables if {end["host"] for end in pair} == set(hosts)]
    return sorted((end["host"], end["receptacle"], end["address"]) for pair in between for end in pair)


def test_a_cable_that_was_plugged_in_elsewhere_is_named_and_followed(moved):
    verified, played, before, after = moved
    assert re.search(r"no link on Thunderbolt 1 \(en2\) of mac1, which was joined to mac2 Thunderbolt 1", verified.flat)
    assert "the cable of mac1 to mac2 moved from Thunderbolt 1 to 2 since it was configured" in played.flat
    assert [port for _host, port, _address in ends(before, "mac1", "mac2")] == [1, 1]
    assert [port for _host, port, _address in ends(after, "mac1", "mac2")] == [2, 2]


def test_a_host_that_is_added_changes_no_address_of_the_others(grown):
    _played, pair, all_three = grown
    assert sorted(host["ssh"] for host in all_three["hosts"]) == ["mac1", "mac2", "mac3"]
    assert ends(pair, "mac1", "mac2") == ends(all_three, "mac1", "mac2")
    assert len(ends(pair, "mac1", "mac2")) == 4


def test_a_cable_that_carries_little_is_named_with_both_ends(grown):
    slow = r"mac1 Thunderbolt 3 \(en4\) to mac3 Thunderbolt 2 \(en3\) carries 0\.\d\d Gb/s to mac[13]"
    assert re.search(slow, grown[0].flat)
    assert "mac2 Thunderbolt 3 (en4) to mac3 Thunderbolt 1 (en2) carries" not in grown[0].flat


def test_a_slow_cable_is_an_error_where_that_is_asked(rack, grown):
    state = rack.network_state()
    played = rack.play("configure", "-e", "thunderbolt_net_slow_is_error=true", fails=True)
    assert re.search(r"mac2.*Thunderbolt 3.*mac3.*40 Gb/s", played.flat)
    verified = rack.play("verify", "-e", "thunderbolt_net_slow_is_error=true", fails=True)
    assert "mac1 Thunderbolt 3 (en4) to mac3 Thunderbolt 2 (en3) carries 0." in verified.flat
    assert rack.network_state() == state


def test_of_two_cables_the_dead_one_is_named_and_the_other_goes_on(rack, grown):
    rack.fleet.cut("mac1", "mac2", 1)
    try:
        verified = rack.play("verify", "--tags", "verify", fails=True)
        played = rack.play("configure")
        tagged = rack.play("configure", "--tags", "verify", fails=True)
    finally:
        rack.fleet.plug("mac1", "mac2", 1)
    for seen in (verified, tagged):
        assert "no link on Thunderbolt 2 (en3) of mac1, which was joined to mac2 Thunderbolt 2 (en3)" in seen.flat
        assert re.search(r"^mac1 Thunderbolt 1 \(en2\) to mac2 Thunderbolt 1 \(en2\): \d", seen.text, re.MULTILINE)
    assert (
        "the cable between mac1, Thunderbolt 2 and mac2, Thunderbolt 2, is gone since it was configured" in played.flat
    )
    assert rack.hostfile["hosts"][0]["ips"]


def test_what_a_host_calls_its_services_does_not_reach_the_terminal(rack, grown):
    rack.on("mac1", "/usr/sbin/networksetup", "-createnetworkservice", EVIL, "Thunderbolt 1")
    try:
        with rack.start("probe") as probe, rack.start("configure", "--check", "--diff") as check:
            said = probe.communicate(timeout=240)[0] + check.communicate(timeout=240)[0]
        assert "PLAY RECAP" in said
        assert not set("\u202e\u2028\x85") & set(said)
    finally:
        rack.on("mac1", "/usr/sbin/networksetup", "-removenetworkservice", EVIL)


def test_a_host_that_left_the_inventory_leaves_the_hostfile_and_its_ports_are_named(rack, two, grown):
    played = rack.play("configure", inventory=two)
    assert sorted(host["ssh"] for host in rack.hostfile["hosts"]) == ["mac1", "mac2"]
    left = r"mac1 Thunderbolt 3 \(en4\) is configured \(10\.77\.\d+\.\d+\) for a cable to mac3, which is not in the inv"
    assert re.search(left, played.flat)
    assert re.search(left, rack.play("probe", inventory=two).flat)


def test_a_cable_that_is_cut_between_the_plan_and_the_change_is_named(rack, two, grown):
    """The play waits between its phases until the cable is out."""
    hint = rack.folder / "cut"
    phase = {"name": "boltloom.cluster.thunderbolt_net"}
    wait = {
        "ansible.builtin.wait_for": {"path": str(hint), "timeout": 60},
        "delegate_to": "localhost",
        "run_once": True,
    }
    wait["vars"] = {"ansible_connection": "local"}
    steps = [
        {"ansible.builtin.import_role": {**phase, "tasks_from": name}} for name in ("probe", "plan", "apply", "verify")
    ]
    book = rack.folder / "slowly.yml"
    tasks = [*steps[:2], wait, *steps[2:]]
    book.write_text(
        json.dumps([{"hosts": "boltloom", "gather_facts": False, "any_errors_fatal": True, "tasks": tasks}])
    )
    waiting = rack.start(str(book), inventory=two)
    try:
        for line in waiting.stdout:
            if "wait_for" in line:
                break
        rack.fleet.cut("mac1", "mac2", 0)
        Path(hint).touch()
        said, _ = waiting.communicate(timeout=120)
    finally:
        waiting.kill()
        rack.fleet.plug("mac1", "mac2", 0)
    assert waiting.returncode != 0
    flat = re.sub(r"\s+", " ", said)
    assert "mac1 Thunderbolt 1 (en2) to mac2 Thunderbolt 1 (en2): no link on Thunderbolt 1 (en2)" in flat
