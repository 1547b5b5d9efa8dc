# SPDX-License-Identifier: Apache-2.0
"""Read, compare, apply, read again: who stops where."""

from __future__ import annotations

import os

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import diff_host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError, TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import (
    FabricPlan,
    HostFacts,
    HostPlan,
    Peer,
    Port,
    WantPort,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._host import apply, configure
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError

WANT = HostPlan("box1", (WantPort(1, "thunderbolt0", "10.77.0.1", 30, "box2", "10.77.0.2", ""),))
PLAN = codec.plan_to_dict(FabricPlan(("box1", "box2"), (), (WANT,), "pair"))
HAVE = HostFacts(
    "linux",
    "box1",
    "",
    "12",
    "6.1",
    (Port(1, "thunderbolt0", "0x1", "A", peers=(Peer("host", "box2"),), up=True, addresses=("10.77.0.3/24",)),),
)
DONE = foresee(HAVE, diff_host(HAVE, WANT))
COMMANDS = [
    ["ip", "address", "delete", "10.77.0.3/24", "dev", "thunderbolt0"],
    ["ip", "address", "add", "10.77.0.1/30", "dev", "thunderbolt0"],
    ["ip", "link", "set", "dev", "thunderbolt0", "up"],
]


@pytest.fixture
def readings(monkeypatch):
    """What the host looks like each time it is read; the last one stays."""
    script = [HAVE]

    def read(run, root):
        reading = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(reading, Exception):
            raise reading
        return reading

    monkeypatch.setattr(configure, "read_facts", read)
    monkeypatch.setattr(configure, "SETTLE_PAUSE", 0.0)
    monkeypatch.setattr(apply, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return script


@pytest.fixture
def root(run, tmp_path):
    """A file system of its own for what is kept on the host."""
    run.answer("ip -j address show", stdout="[]")
    return str(tmp_path)


def changes(run):
    return [argv for argv in run.asked if argv[1] != "-j"]


def test_check_mode_compares_and_runs_nothing(run, root, readings):
    outcome = configure.configure(PLAN, "box1", True, run, root)
    assert outcome.steps == (
        "take 10.77.0.3/24 off thunderbolt0",
        "give thunderbolt0 the address 10.77.0.1/30",
        "note on the host what is configured: thunderbolt0 10.77.0.1/30",
    )
    assert "10.77.0.3" in outcome.before and "10.77.0.1" in outcome.after
    assert outcome.after.endswith("/var/lib/boltloom: what was before, for restore\n")
    assert changes(run) == []


def test_the_difference_is_applied_and_seen_to_be_gone(run, root, readings):
    readings[:] = [HAVE, HAVE, DONE]  # the second reading comes too early, as on a Mac
    assert len(configure.configure(PLAN, "box1", False, run, root).steps) == 3
    assert changes(run) == COMMANDS


def test_a_host_that_is_as_wanted_is_left_alone(run, root, readings):
    readings[:] = [DONE]
    outcome = configure.configure(PLAN, "box1", False, run, root)
    assert (outcome.steps, outcome.before, run.asked) == ((), outcome.after, [])


def test_commands_that_only_say_that_they_succeeded_are_undone(run, root, readings):
    with pytest.raises(HostError, match="every command succeeded, and yet .* it remains to take 10.77.0.3/24 off"):
        configure.configure(PLAN, "box1", False, run, root, configure.Terms(settle=0.05))
    assert changes(run) == COMMANDS


def test_a_host_that_cannot_be_read_any_more_is_undone(run, root, readings):
    readings[:] = [HAVE, ParseError("ifconfig: what is this")]
    with pytest.raises(HostError, match="cannot be read after the change: ifconfig: what is this"):
        configure.configure(PLAN, "box1", False, run, root)
    assert changes(run) == COMMANDS


def test_without_root_it_says_what_root_is_needed_for(run, root, readings, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    with pytest.raises(HostError, match="root is needed to take 10.77.0.3/24 off thunderbolt0"):
        configure.configure(PLAN, "box1", False, run, root)
    assert changes(run) == []


def test_without_root_a_host_that_is_as_wanted_is_fine(run, root, readings, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    readings[:] = [DONE]
    assert configure.configure(PLAN, "box1", False, run, root).steps == ()


def test_a_plan_without_this_host_is_refused(run, root, readings):
    with pytest.raises(TopologyError, match="the plan does not know the host box7"):
        configure.configure(PLAN, "box7", False, run, root)
