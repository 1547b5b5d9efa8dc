# SPDX-License-Identifier: Apache-2.0
"""Which hosts a plan has anything to do on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import diff_host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.todo import hosts_to_change, require_possible
from unit.plugins.module_utils._fabric.racks import RING_OF_FOUR, names, rack


def test_fresh_hosts_all_and_hosts_that_are_done_none():
    facts = rack(names(4), RING_OF_FOUR)
    plan = make_plan(facts, PlanOptions())
    assert hosts_to_change(facts, plan) == tuple(want.host for want in plan.hosts)
    done = {want.host: foresee(facts[want.host], diff_host(facts[want.host], want)) for want in plan.hosts}
    assert hosts_to_change(done, plan) == ()
    assert hosts_to_change({**done, "mac3": facts["mac3"]}, plan) == ("mac3",)


def test_what_an_earlier_run_left_unfinished_is_to_be_done():
    facts = rack(names(1), [])
    plan = make_plan(facts, PlanOptions())
    assert hosts_to_change(facts, plan) == ()
    assert hosts_to_change({"mac1": replace(facts["mac1"], unfinished="a run died")}, plan) == ("mac1",)


def test_what_the_module_would_refuse_is_left_to_the_module():
    facts = rack(names(4), RING_OF_FOUR)
    plan = make_plan(facts, PlanOptions())
    assert "mac2" in hosts_to_change({**facts, "mac2": replace(facts["mac2"], ports=())}, plan)


def test_what_a_module_would_refuse_is_refused_before_another_host_is_changed():
    facts = rack(names(4), RING_OF_FOUR)
    plan = make_plan(facts, PlanOptions())
    require_possible(facts, plan)
    port = replace(facts["mac2"].ports[0], service=Service("Ether\nnet", True, "dhcp"))
    facts["mac2"] = replace(facts["mac2"], ports=(port, *facts["mac2"].ports[1:]))
    with pytest.raises(TopologyError, match=r"^mac2: the network service 'Ether\\nnet' of en2 has characters"):
        require_possible(facts, plan)
