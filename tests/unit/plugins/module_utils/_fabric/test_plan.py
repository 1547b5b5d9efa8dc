# SPDX-License-Identifier: Apache-2.0
"""The decision over all hosts."""

from __future__ import annotations

import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    PAIR,
    RING_OF_FOUR,
    full_mesh,
    names,
    rack,
    unbridged,
)


@pytest.mark.parametrize(
    "cables, demand, words",
    [
        (BROKEN_MESH, "mesh", "a mesh is asked for, but there is no cable between mac2 and mac4"),
        (RING_OF_FOUR, "mesh", "no cable between mac1 and mac3, mac2 and mac4"),
        (
            RING_OF_FOUR[:3],
            "ring",
            "the cables make no ring: mac1 has a cable to mac2 only; mac4 has a cable to mac3 only",
        ),
        ([], "ring", "mac1, mac2, mac3, mac4 have no cable to any other host"),
        (MESH_OF_FOUR, "torus", "the shape 'torus' is not known: choose one of auto, mesh, ring"),
    ],
)
def test_a_demand_that_the_cables_do_not_meet_names_the_hosts(cables, demand, words):
    with pytest.raises(TopologyError) as caught:
        make_plan(rack(names(4), cables), PlanOptions(shape=demand))
    assert words in caught.value.one_line()


@pytest.mark.parametrize(
    "count, cables, demand, shape",
    [
        (4, MESH_OF_FOUR, "mesh", "mesh"),
        (4, MESH_OF_FOUR, "ring", "mesh"),
        (4, BROKEN_MESH, "ring", "ring"),
        (4, RING_OF_FOUR, "ring", "ring"),
        (2, PAIR, "mesh", "pair"),
        (2, PAIR, "ring", "pair"),
        (1, [], "ring", "none"),
        (4, RING_OF_FOUR[:3], "auto", "partial"),
    ],
)
def test_a_demand_that_is_met(count, cables, demand, shape):
    assert make_plan(rack(names(count), cables), PlanOptions(shape=demand)).shape == shape


def test_a_plain_ring_is_no_broken_mesh():
    assert make_plan(unbridged(rack(names(4), RING_OF_FOUR)), PlanOptions()).warnings == ()
    warning, advice = make_plan(unbridged(rack(names(4), BROKEN_MESH)), PlanOptions()).warnings
    assert advice == "for a mesh: add a cable from mac2 Thunderbolt 3 to mac4 Thunderbolt 2"
    assert "no cable between mac2 and mac4" in warning


def test_ranks_stand_in_the_order_of_the_inventory():
    facts = rack(names(4), MESH_OF_FOUR)
    order = ("mac3", "mac1", "mac4", "mac2")
    plan = make_plan(facts, PlanOptions(order=order))
    assert plan.order == order
    assert [want.host for want in plan.hosts] == list(order)
    assert set(plan.links) == set(make_plan(facts, PlanOptions()).links)


def test_a_ring_begins_at_the_first_host_and_goes_to_the_earlier_neighbour():
    plan = make_plan(rack(names(4), RING_OF_FOUR), PlanOptions(order=("mac3", "mac4", "mac1", "mac2")))
    assert plan.order == ("mac3", "mac4", "mac1", "mac2")


def test_ranks_follow_the_ring_where_the_inventory_does_not():
    plan = make_plan(rack(names(4), RING_OF_FOUR), PlanOptions(order=("mac1", "mac3", "mac2", "mac4")))
    assert plan.order == ("mac1", "mac2", "mac3", "mac4")
    assert [want.host for want in plan.hosts] == ["mac1", "mac3", "mac2", "mac4"]


def test_hosts_without_facts_are_not_planned():
    facts = rack(names(2), PAIR)
    assert make_plan(facts, PlanOptions(order=("mac9", "mac2", "mac1"))).order == ("mac2", "mac1")


def test_every_end_of_a_link_is_wanted_at_its_host():
    plan = make_plan(rack(names(4), MESH_OF_FOUR), PlanOptions())
    for link in plan.links:
        for host in link.hosts:
            (want,) = [want for want in plan.hosts if want.host == host]
            (port,) = [port for port in want.ports if port.receptacle == link.end(host).receptacle]
            assert (port.address, port.prefix) == (link.end(host).address, 30)
            assert (port.peer, port.peer_address) == (link.other(host).host, link.other(host).address)


def test_sixteen_hosts_are_planned_in_a_moment():
    facts = rack(names(16), full_mesh(16))
    begin = time.process_time()
    plan = make_plan(facts, PlanOptions())
    assert (plan.shape, len(plan.links)) == ("mesh", 120)
    assert time.process_time() - begin < 5
