# SPDX-License-Identifier: Apache-2.0
"""A pair of Macs, played in all the ways in which people play roles and playbooks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2.5)]
FLEET = "pair"
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))


def site(rack, *roles, name="site", **play):
    """A playbook of somebody's own with our role in it."""
    before = {"name": "something else", "ansible.builtin.debug": {"msg": "before"}}
    path = rack.folder / f"{name}.yml"
    path.write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "pre_tasks": [before], "roles": roles, **play}])
    )
    return str(path)


def role(**variables):
    return {"role": "boltloom.cluster.thunderbolt_net", "vars": variables}


def errors(played):
    """The lines in which something went wrong, each once."""
    return re.findall(r"^\[ERROR\]: (.*)$", played.text, re.MULTILINE)


@pytest.fixture(scope="module")
def unconfigured(rack):
    """Nothing was configured yet."""
    return rack.play("verify", fails=True)


@pytest.fixture(scope="module")
def alone(rack, unconfigured):
    """One host of the pair, on its own, before anything was configured."""
    state = rack.network_state()
    played = rack.play("configure", "--limit", "mac1", "-e", f"thunderbolt_net_hostfile={rack.folder}/alone.json")
    return played, state == rack.network_state(), json.loads((rack.folder / "alone.json").read_text())


@pytest.fixture(scope="module")
def configured(rack, alone):
    return rack.play("configure")


def test_verifying_what_was_never_configured_says_what_to_run(unconfigured):
    (error,) = errors(unconfigured)
    assert "no Thunderbolt link is configured on mac1, mac2: run boltloom.cluster.configure first" in error


def test_one_host_alone_is_configured_without_a_cable(alone):
    played, unchanged, hostfile = alone
    assert unchanged
    assert [host["ssh"] for host in hostfile["hosts"]] == ["mac1"]
    assert "1 rank, backend ring" in played.flat


@pytest.mark.parametrize(
    ("playbook", "arguments", "words"),
    [
        *[(playbook, [], "the inventory has no hosts in a group 'boltloom': put them there") for playbook in PLAYBOOKS],
        ("configure", ["-e", "boltloom_hosts=rack7"], "boltloom_hosts=rack7 matches no host of the inventory"),
    ],
)
def test_a_playbook_never_takes_hosts_that_nobody_named(rack, playbook, arguments, words):
    inventory = rack.folder / "big.yml"
    inventory.write_text("all: {hosts: {mac1: , mac2: , printer: }}\n")
    played = rack.play(playbook, *arguments, inventory=inventory, fails=True)
    (error,) = errors(played)
    assert words in error
    assert "TASK" not in played.text


def test_a_limit_that_leaves_nobody_is_no_success(rack):
    inventory = rack.folder / "two.yml"
    inventory.write_text("all: {hosts: {printer: }, children: {boltloom: {hosts: {mac1: , mac2: }}}}\n")
    played = rack.play("configure", "--limit", "printer", inventory=inventory, fails=True)
    assert "--limit printer leaves none of the hosts of 'boltloom'" in errors(played)[0]


def test_a_part_keeps_the_hostfile_of_all(rack, configured):
    before = rack.hostfile
    played = rack.play("configure", "--limit", "mac1")
    assert "boltloom-hostfile.json keeps its 2 hosts: this play has only mac1" in played.flat
    assert (played.changed(), rack.hostfile) == (0, before)
    told = rack.play("configure", "--limit", "mac1", "--check", "-e", "thunderbolt_net_replace_hostfile=true")
    assert "would write" in told.flat and "1 rank" in told.flat


def test_one_host_verifies_its_links_from_its_own_end(rack, configured):
    played = rack.play("verify", "--limit", "mac1")
    assert re.search(r"mac1 Thunderbolt 2 \(en3\) to mac2 Thunderbolt \d \(en3\): \d+\.\d\d ms", played.flat)


@pytest.mark.parametrize("playbook", ["configure", "verify"])
def test_verify_as_a_tag_runs_what_it_needs(rack, configured, playbook):
    played = rack.play(playbook, "--tags", "verify")
    assert re.search(r"^mac1 Thunderbolt 2 \(en3\) to mac2 .* ms", played.text, re.MULTILINE)
    assert played.changed() == 0


def test_a_phase_can_be_run_by_its_tag(rack, configured):
    played = rack.play("configure", "--tags", "apply")
    assert played.changed() == 0
    assert played.count("mac2", "ok") >= 1


SPLIT = [
    ({"serial": 1}, "the play takes its hosts one batch after the other, and mac2 is not in this one"),
    ({"strategy": "free"}, "the play has 'strategy: free', and here all hosts must have reported first"),
]


@pytest.mark.parametrize(("play", "words"), SPLIT, ids=["serial", "free"])
def test_a_play_that_splits_its_hosts_is_told_what_to_remove(rack, configured, play, words):
    played = rack.play(site(rack, role(), **play), fails=True)
    assert words in played.flat
    assert "from the play" in played.flat
    assert played.changed() == 0


def test_a_role_in_a_site_of_others_is_quiet_and_changes_nothing_more(rack, configured):
    inventory = rack.folder / "others.yml"
    local = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    inventory.write_text(json.dumps({"all": {"hosts": {"printer": local, "mac1": None, "mac2": None}}}))
    ours, twice = (role(thunderbolt_net_hosts=["mac1", "mac2"], thunderbolt_net_show=show) for show in ("false", "no"))
    play = site(rack, ours, twice, gather_facts=True, become=True, any_errors_fatal=False)
    played = rack.play(play, inventory=inventory)
    assert "══" not in played.text and "boltloom-hostfile.json" not in played.text
    assert played.changed() == 0
    assert (played.count("printer", "failed"), played.count("printer", "changed")) == (0, 0)


def test_hosts_may_be_given_on_the_command_line(rack, configured):
    assert rack.play(site(rack, role()), "-e", 'thunderbolt_net_hosts=["mac1","mac2"]').changed() == 0


@pytest.mark.parametrize(
    ("hosts", "words"),
    [(["mac1", "mac9"], "mac9 is not in the inventory"), (["mac1", "printer"], "keeps its 2 hosts")],
)
def test_a_host_that_is_not_there_is_named(rack, configured, hosts, words):
    inventory = rack.folder / "named.yml"
    inventory.write_text("all: {hosts: {printer: , mac1: , mac2: }}\n")
    play = site(rack, role(thunderbolt_net_hosts=hosts), hosts="mac1,mac2")
    assert words in rack.play(play, inventory=inventory, fails="mac9" in hosts).flat


@pytest.mark.parametrize("arguments", [(), ("--tags", "hostfile")], ids=["whole", "hostfile"])
def test_a_condition_on_the_role_is_told_from_a_part_of_the_hosts(rack, configured, arguments):
    played = rack.play(site(rack, {**role(), "when": "inventory_hostname != 'mac1'"}), *arguments, fails=True)
    assert "use thunderbolt_net_hosts instead of it" in played.flat
    assert played.changed() == 0


def written(rack, play, *arguments):
    """The hostfile that a play of somebody's own writes."""
    path = rack.folder / "other.json"
    path.unlink(missing_ok=True)
    rack.play(play, "-e", f"thunderbolt_net_hostfile={path}", *arguments)
    return json.loads(path.read_text())


def test_the_management_address_is_a_role_argument_and_counts_for_each_host(rack, configured):
    inventory = rack.folder / "addressed.yml"
    addresses = {host: {"my_address": rack.fleet.addresses[host]} for host in rack.hosts}
    inventory.write_text(json.dumps({"all": {"hosts": addresses}}))
    play = site(rack, role(thunderbolt_net_management_address="{{ my_address }}", thunderbolt_net_over="ethernet"))
    path = rack.folder / "addressed.json"
    rack.play(play, "-e", f"thunderbolt_net_hostfile={path}", inventory=inventory)
    hosts = json.loads(path.read_text())["hosts"]
    assert {host["ssh"]: host["ips"] for host in hosts} == {host: [rack.fleet.addresses[host]] for host in rack.hosts}


def test_an_address_that_is_none_is_refused_before_anything_is_done(rack, configured):
    played = rack.play("configure", "-e", "thunderbolt_net_management_address=studio", fails=True)
    assert "thunderbolt_net_management_address of mac1 is 'studio', not an IP address" in played.flat


@pytest.mark.parametrize(
    ("arguments", "ssh"),
    [
        (["-u", "mac"], "mac@mac1"),
        (["-e", "me=mac", "-e", "ansible_ssh_user={{ me }}", "-e", "ansible_port=22"], "mac@mac1"),
    ],
)
def test_how_a_host_is_reached_gets_into_the_hostfile(rack, configured, arguments, ssh):
    assert written(rack, "configure", *arguments)["hosts"][0]["ssh"] == ssh


def test_a_play_may_say_the_user_too(rack, configured):
    assert written(rack, site(rack, role(), remote_user="mac"))["hosts"][1]["ssh"] == "mac@mac2"


def test_variables_of_the_ranks_stand_in_the_hostfile(rack, configured):
    assert written(rack, "configure", "-e", 'thunderbolt_net_envs=["A=1","B=x,y"]')["envs"] == ["A=1", "B=x,y"]


def test_a_variable_without_a_value_is_refused_as_the_launcher_would(rack, configured):
    played = rack.play(
        "configure", "-e", "thunderbolt_net_envs=FOO", "-e", "thunderbolt_net_replace_hostfile=yes", fails=True
    )
    assert 'envs[0] is "FOO", not NAME=VALUE' in played.flat


def test_a_file_that_is_no_hostfile_is_not_overwritten(rack, configured, text="hosts: {mac1: }\n"):
    precious = rack.folder / "precious.yml"
    precious.write_text(text)
    played = rack.play("configure", "-e", f"thunderbolt_net_hostfile={precious}", fails=True)
    assert "precious.yml: line 1 column 1 is not JSON" in played.flat and "so it is left as it is" in played.flat
    assert precious.read_text() == text
