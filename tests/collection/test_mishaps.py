# SPDX-License-Identifier: Apache-2.0
"""Whatever dies in the middle - the control machine, ssh, the module, the power -, every host is as it was before."""

from __future__ import annotations

import re
import signal
import time

import pytest
from collection.mishaps import (
    Running,
    assert_same,
    journal_of,
    module_pid,
    networksetup_that,
    states,
    wait_for,
    without_ethernet,
    without_power,
)

pytestmark = [pytest.mark.fleet, pytest.mark.slow, pytest.mark.minutes(3)]
FLEET = """\
hosts:
  mac1: {model: "Mac16,11"}
  mac2: {model: "Mac16,11"}
cables:
  - [mac1:1, mac2:1]
  - [mac1:2, mac2:2]
"""
SECOND_FAILS = """case "$2" in *2) echo "** Error: The parameters were not valid."; exit 0;; esac"""
HANGS = "sleep 15; exit 4"


@pytest.fixture(scope="module")
def before(rack):
    return states(rack)


def in_the_middle(rack):
    """mac1 is changed and waits for a confirmation, mac2 is at work."""
    wait_for(lambda: '{"applied": true}' in journal_of(rack, "mac1"), 90)
    wait_for(lambda: '{"step": ' in journal_of(rack, "mac2"), 30)


def test_the_second_cable_fails_and_the_truth_is_said(rack, before):
    """Everything on both hosts is as it was: the words say so, and it is so."""
    with networksetup_that(rack, "mac2", "-setmanual", SECOND_FAILS):
        played = rack.play("configure", fails=True)
    assert re.search(r"fatal: \[mac2\]: .*could not give the network service 'Boltloom Thunderbolt 2'", played.flat)
    assert "everything done before it on this host was undone" in played.flat
    assert "mac1: what was changed here is taken back, because a host failed" in played.flat
    assert_same(rack, before, within=5)
    assert rack.hostfile is None


@pytest.mark.campaign
def test_the_control_machine_is_killed_in_the_middle_and_each_host_takes_it_back_by_itself(rack, before):
    with networksetup_that(rack, "mac2", "-setmanual", HANGS):
        running = Running(rack, "configure", "-e", "thunderbolt_net_confirm_within=25")
        in_the_middle(rack)
        running.kill()
        assert_same(rack, before, within=120)
    wait_for(lambda: not (journal_of(rack, "mac1") or journal_of(rack, "mac2")), 60)
    played = rack.play("probe")
    assert "mac1: a change by" in played.flat and "the host took it back by itself" in played.flat


def test_two_at_once_the_second_is_refused_and_told_who_the_first_is(rack, before):
    with networksetup_that(rack, "mac2", "-setmanual", "sleep 12"):
        first = Running(rack, "configure")
        in_the_middle(rack)
        second = rack.play("configure", fails=True)
        assert re.search(r"another run is at work on this host: .*@control, process \d+", second.flat)
        played = first.end(120)
    assert played.rc == 0, played.text
    assert rack.play("configure").changed() == 0
    rack.play("restore")
    assert_same(rack, before, within=5)
    (rack.folder / "boltloom-hostfile.json").unlink()


def test_a_module_that_is_killed_is_completed_by_the_next_run(rack, before):
    with networksetup_that(rack, "mac2", "-setmanual", HANGS):
        running = Running(rack, "configure")
        in_the_middle(rack)
        rack.on("mac2", "/bin/kill", f"-{signal.SIGKILL.value}", str(module_pid(rack, "mac2")))
        assert running.end(120).rc != 0
    assert journal_of(rack, "mac2") != ""
    assert "it was neither confirmed nor undone, and is completed" in rack.play("configure").flat
    rack.play("restore")
    assert_same(rack, before, within=5)
    (rack.folder / "boltloom-hostfile.json").unlink()


def test_a_module_that_is_told_to_end_undoes_first(rack, before):
    with networksetup_that(rack, "mac2", "-setmanual", HANGS):
        running = Running(rack, "configure")
        in_the_middle(rack)
        rack.on("mac2", "/bin/kill", "-TERM", str(module_pid(rack, "mac2")))
        played = running.end(120)
    assert re.search(r"fatal: \[mac2\]: .*stopped by SIGTERM at the step to give the network service", played.flat)
    assert_same(rack, before, within=10)


@pytest.mark.campaign
def test_a_reboot_in_the_middle(rack, before):
    with networksetup_that(rack, "mac2", "-setmanual", HANGS):
        running = Running(rack, "configure", "-e", "thunderbolt_net_task_timeout=40")
        in_the_middle(rack)
        rack.fleet.reboot("mac2")
        assert running.end(120).rc != 0
    assert "mac2: a change by" in rack.play("probe").flat
    rack.play("restore")
    assert_same(rack, before, within=5)


def test_ssh_is_lost_in_the_middle(rack, before):
    with networksetup_that(rack, "mac2", "-setmanual", "sleep 6"):
        running = Running(
            rack, "configure", "-e", "thunderbolt_net_confirm_within=30", "-e", "thunderbolt_net_task_timeout=40"
        )
        in_the_middle(rack)
        with without_ethernet(rack, "mac2"):
            played = running.end(120)
            assert re.search(r"fatal: \[mac2\]: (UNREACHABLE|FAILED)", played.flat)
            wait_for(lambda: not journal_of(rack, "mac2"), 90)
    assert_same(rack, before, within=10)


@pytest.mark.campaign
def test_the_power_is_lost_in_the_middle(rack, before):
    begin = time.monotonic()
    with networksetup_that(rack, "mac2", "-setmanual", HANGS):
        running = Running(rack, "configure", "-e", "thunderbolt_net_task_timeout=40")
        in_the_middle(rack)
        with without_power(rack, "mac2"):
            played = running.end(150)
    assert re.search(r"fatal: \[mac2\]: (UNREACHABLE|FAILED)", played.flat)
    assert time.monotonic() - begin < 200
    rack.play("restore")
    assert_same(rack, before, within=5)
