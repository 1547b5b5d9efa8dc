# SPDX-License-Identifier: Apache-2.0
"""Nouns to JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid, RdmaDevice, RdmaFacts, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import MESH_OF_FOUR, change_port, names, port_of, rack

FACTS = rack(names(4), MESH_OF_FOUR)


def through_json(data):
    return json.loads(json.dumps(data))


def test_facts_survive_json():
    change_port(FACTS, "mac1", replace(port_of(FACTS, "mac1", 4), service=Service("x", True, "manual", "10.0.0.1")))
    assert codec.facts_from_dict(through_json(codec.facts_to_dict(FACTS["mac1"]))) == FACTS["mac1"]


def test_a_plan_survives_json():
    plan = make_plan(FACTS, PlanOptions())
    assert codec.plan_from_dict(through_json(codec.plan_to_dict(plan))) == plan


def test_rdma_facts_survive_json():
    facts = RdmaFacts("enabled", (RdmaDevice("rdma_en2", 1, True, (Gid(0, "fe80::1"),)),), "ready", "active", ("x",))
    assert codec.rdma_from_dict(through_json(codec.rdma_to_dict(facts))) == facts


def changed(**changes):
    return dict(codec.facts_to_dict(FACTS["mac1"]), **changes)


@pytest.mark.parametrize(
    "data, words",
    [
        ([], "facts: expected a dictionary, found list"),
        (changed(schema=2), "facts: schema 2 is not known"),
        ({"system": "macos"}, "facts: schema None is not known"),
        ({"schema": 1, "system": "macos"}, "facts: 'hostname' is missing"),
        (changed(hostname=3), "facts.hostname: expected str, found 3"),
        (changed(ports={}), "facts.ports: expected a list, found {}"),
        (changed(ports=[{"receptacle": "1"}]), r"facts.ports\[0\].receptacle: expected int, found '1'"),
        (changed(ports=[{"receptacle": True}]), r"facts.ports\[0\].receptacle: expected int, found True"),
        (changed(ports=["en2"]), r"facts.ports\[0\]: expected a dictionary, found 'en2'"),
        (changed(routes=[["10.0.0.0/8"]]), r"facts.routes\[0\]: expected a list of 2"),
    ],
)
def test_wrong_data_is_one_line_with_the_place(data, words):
    with pytest.raises(ParseError, match=words) as caught:
        codec.facts_from_dict(data)
    assert "\n" not in caught.value.one_line()


def test_what_a_newer_copy_added_is_passed_over():
    assert codec.facts_from_dict(changed(later_addition=1)) == FACTS["mac1"]
