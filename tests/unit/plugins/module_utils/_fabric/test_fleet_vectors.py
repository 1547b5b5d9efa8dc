# SPDX-License-Identifier: Apache-2.0
"""The golden vectors of contracts/facts: facts of whole fleets, and the plan that follows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import before_after, diff_host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.recordings import REPOSITORY

VECTORS = sorted((REPOSITORY / "contracts" / "facts").glob("*.json"))


def load(path):
    vector = json.loads(path.read_text(encoding="utf-8"))
    facts = {host: codec.facts_from_dict(data) for host, data in vector["facts"].items()}
    return vector, facts, PlanOptions(**vector["options"])


def test_there_are_vectors_of_every_shape():
    shapes = {json.loads(path.read_text(encoding="utf-8"))["plan"]["shape"] for path in VECTORS}
    assert shapes == {"mesh", "ring", "pair", "partial", "none"}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_plan_follows_from_the_facts(path):
    vector, facts, options = load(path)
    assert codec.plan_to_dict(make_plan(facts, options)) == vector["plan"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_after_the_steps_nothing_is_left_to_do_and_nothing_is_planned_otherwise(path):
    vector, facts, options = load(path)
    plan = make_plan(facts, options)
    for want in plan.hosts:
        steps = diff_host(facts[want.host], want)
        before, after = before_after(facts[want.host], want, steps)
        assert (before != after) == bool(steps)
        facts[want.host] = foresee(facts[want.host], steps)
        assert diff_host(facts[want.host], want) == ()
    assert replace(make_plan(facts, options), warnings=()) == replace(plan, warnings=())  # (bridges are gone)
