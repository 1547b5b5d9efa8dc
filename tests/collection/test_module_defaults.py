# SPDX-License-Identifier: Apache-2.0
"""The action groups of meta/runtime.yml: a play says once what several modules shall get."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan, HostPlan
from collection.plays import play, task

pytestmark = pytest.mark.slow
NOTHING = codec.plan_to_dict(FabricPlan(("localhost",), (), (HostPlan("localhost", ()),), "none"))
TASKS = [task("thunderbolt_facts"), task("fabric_plan"), task("link_check"), task("thunderbolt_net")]


def test_every_group_reaches_its_modules(tmp_path):
    defaults = {
        "group/boltloom.cluster.report": {"show": False},
        "group/boltloom.cluster.planned": {"plan": NOTHING, "host": "localhost"},
    }
    found, seen = play(tmp_path, TASKS, defaults=defaults)
    assert (found["link_check"]["links"], found["thunderbolt_net"]["steps"]) == ([], [])
    assert found["fabric_plan"]["picture"] not in seen


def test_without_them_the_same_tasks_lack_their_arguments(tmp_path):
    found, seen = play(tmp_path, TASKS)
    assert "missing required arguments: host, plan" in found["link_check"]["msg"]
    assert "missing required arguments: host" in found["thunderbolt_net"]["msg"]  # with state absent no plan is needed
    assert found["fabric_plan"]["picture"] in seen


def test_a_group_is_refused_what_one_of_its_modules_does_not_take(tmp_path):
    """The group "all" is for what all take; Ansible says so itself, this shows that the group is known."""
    found, _seen = play(tmp_path, [task("thunderbolt_facts")], defaults={"group/boltloom.cluster.all": {"show": False}})
    assert "Unsupported parameters" in found["thunderbolt_facts"]["msg"]
