# SPDX-License-Identifier: Apache-2.0
"""What was before comes back: all of it, or only what was not confirmed; and nobody is cut off by it."""

from __future__ import annotations

import copy
import os

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import HostFacts, Port, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import Step
from ansible_collections.boltloom.cluster.plugins.module_utils._host import apply, guard, journal, restore
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError
from ansible_collections.boltloom.cluster.plugins.module_utils._host.configure import Terms
from ansible_collections.boltloom.cluster.plugins.module_utils._host.lock import Busy
from ansible_collections.boltloom.cluster.plugins.module_utils._host.state import State
from ansible_collections.boltloom.cluster.plugins.module_utils._host.systems import SYSTEMS
from ansible_collections.boltloom.cluster.plugins.module_utils._host.target import Target
from unit.plugins.module_utils._host.fake_mac import FakeMac

MACOS = SYSTEMS["macos"]
OURS = "Boltloom Thunderbolt 2"
MASK = "255.255.255.252"
WANTED = WantPort(2, "en3", "10.77.0.1", 30, "mac2", "10.77.0.2", OURS)
FIRST = (
    Step(kinds.DISABLE_BRIDGE_SERVICE, bridge="bridge0", service="Thunderbolt Bridge"),
    Step(kinds.FORGET_BRIDGE, bridge="bridge0"),
    Step(kinds.CREATE_SERVICE, service=OURS, port="Thunderbolt 2", device="en3"),
    Step(kinds.NOTE_PORTS, ports=(WANTED,)),
)
SECOND = (Step(kinds.SET_MANUAL, service=OURS, device="en3", address="10.77.0.1", prefix=30, netmask=MASK),)
FACTS = HostFacts("macos", "mac1", "", "26.4", "", (Port(2, "en3", "0x1", "A", addresses=("10.77.0.1/30",)),))


@pytest.fixture
def mac(tmp_path, monkeypatch):
    monkeypatch.setattr(restore, "read_facts", lambda run, root: FACTS)
    monkeypatch.setattr(restore, "require_idle", lambda system, devices, target: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    mac = FakeMac(tmp_path)
    marker = tmp_path / "System/Library/CoreServices/SystemVersion.plist"
    marker.parent.mkdir(parents=True)
    marker.write_bytes(b"")
    return mac


@pytest.fixture
def place(mac):
    return State("macos", str(mac.root))


def do(mac, place, steps, confirmed):
    target = Target(mac, str(mac.root))
    found = apply.start(steps, MACOS, target, place, "ada@laptop, process 1", "boot 1")
    apply.apply_steps(steps, MACOS, target, place)
    if confirmed:
        journal.confirm(place, found)


def back(mac, everything=True, check_mode=False, terms=Terms(settle=0.0), reach=restore.Reach()):  # noqa: B008
    return restore.restore(everything, check_mode, mac, str(mac.root), terms, reach)


def test_everything_comes_back_and_a_second_time_there_is_nothing_to_do(mac, place):
    before = copy.deepcopy(mac.everything())
    do(mac, place, FIRST, True)
    do(mac, place, SECOND, False)
    changed = copy.deepcopy(mac.everything())
    looked = back(mac, check_mode=True)
    assert mac.everything() == changed
    outcome = back(mac)
    assert mac.everything() == before
    assert (outcome.steps, outcome.before, outcome.after) == (looked.steps, looked.before, looked.after)
    assert "bring back network service Thunderbolt Bridge" in outcome.steps
    assert "in the preferences the bridge bridge0: not there\n" in outcome.before
    assert f"network service {OURS}: not there\n" in outcome.after
    again = back(mac)
    assert again.steps == () and again.warnings == ("there is nothing to restore on this host",)
    assert sorted(os.listdir(place.folder)) == ["lock"]


def test_only_what_was_not_confirmed(mac, place):
    do(mac, place, FIRST, True)
    confirmed = copy.deepcopy(mac.everything())
    do(mac, place, SECOND, False)
    assert back(mac, everything=False).steps == (f"bring back network service {OURS}",)
    assert mac.everything() == confirmed
    assert back(mac, everything=False).steps == ()
    assert journal.read_origin(place) is not None


def test_what_could_not_be_brought_back_is_said_and_kept(mac, place):
    do(mac, place, FIRST, True)
    mac.fail["networksetup -setnetworkserviceenabled"] = "** Error: no\n"
    with pytest.raises(HostError, match="not everything could be brought back: service Thunderbolt Bridge is"):
        back(mac)
    mac.fail.clear()
    assert "bring back network service Thunderbolt Bridge" in back(mac).steps


def test_the_branch_that_one_sits_on(mac, place):
    do(mac, place, FIRST, True)
    reach = restore.Reach(("mac1", "10.77.0.1"))
    with pytest.raises(HostError, match="this host is reached at 10.77.0.1 on en3, which goes over Thunderbolt"):
        back(mac, check_mode=True, reach=reach)
    back(mac, reach=restore.Reach(("10.77.0.1",), allow_cutting=True))
    assert back(mac, reach=reach).steps == ()  # nothing to do cuts nobody off


def test_a_host_that_cannot_be_read_is_restored_when_told(mac, place, monkeypatch):
    def unreadable(run, root):
        raise HostError("system_profiler did not end within 60 s")

    before = copy.deepcopy(mac.everything())
    do(mac, place, FIRST, True)
    monkeypatch.setattr(restore, "read_facts", unreadable)
    with pytest.raises(HostError) as caught:
        back(mac)
    assert "nobody can tell whether restoring cuts the connection" in caught.value.message
    assert "system_profiler did not end" in caught.value.message
    assert "thunderbolt_net_allow_cutting_ssh=true" in caught.value.hint
    back(mac, reach=restore.Reach(allow_cutting=True))
    assert mac.everything() == before


def test_a_change_that_somebody_is_about_to_confirm(mac, place, monkeypatch):
    do(mac, place, FIRST, False)
    monkeypatch.setattr(guard, "stands", lambda place: True)
    with pytest.raises(Busy, match="a change by ada@laptop, process 1, .*, and not confirmed yet"):
        back(mac, terms=Terms(owner="bob@desk, process 2"))
    assert back(mac, terms=Terms(owner="ada@laptop, process 1", settle=0.0)).steps
    do(mac, place, FIRST, False)
    assert back(mac, terms=Terms(owner="bob", dead_owners=("ada@laptop, process 1",), settle=0.0)).steps


def test_root_is_needed_where_there_is_something_to_do(mac, place, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    assert back(mac).warnings == ("there is nothing to restore on this host",)
    do(mac, place, FIRST, True)
    with pytest.raises(HostError, match="root is needed to restore this host"):
        back(mac)
