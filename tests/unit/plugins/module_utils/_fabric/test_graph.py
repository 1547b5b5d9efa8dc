# SPDX-License-Identifier: Apache-2.0
"""Which cables there are, and what is wrong with each: decided from the facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import graph
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    RING_OF_FOUR,
    change_port,
    names,
    plug,
    port_of,
    rack,
)


def states(seen):
    return [(edge.a.host, edge.b.host, edge.state) for edge in seen.edges]


@pytest.mark.parametrize("cables", [MESH_OF_FOUR, RING_OF_FOUR])
def test_cables_that_are_well_are_all_there_and_nothing_else(cables):
    facts = rack(names(4), cables)
    seen = graph.graph_of(facts)
    assert sorted((edge.a.host, edge.a.receptacle, edge.b.host, edge.b.receptacle) for edge in seen.edges) == sorted(
        cable if cable[0] < cable[2] else (*cable[2:], *cable[:2]) for cable in cables
    )
    assert {edge.state for edge in seen.edges} == {graph.OK} and seen.faults == ()
    assert all(edge.network and edge.a.address and edge.a.device for edge in seen.edges)


def test_two_cables_between_two_hosts_are_two_edges():
    seen = graph.graph_of(rack(names(2), PAIR_TWO_CABLES))
    assert sorted(edge.rail for edge in seen.edges) == [0, 1]


def test_what_a_mesh_lacks_is_missing_and_a_ring_lacks_nothing():
    seen = graph.graph_of(rack(names(4), BROKEN_MESH))
    (fault,) = seen.faults
    assert (fault.a.host, fault.b.host, fault.state) == ("mac2", "mac4", graph.MISSING)
    assert fault.words == "no cable between mac2 and mac4"


def test_a_cable_that_one_end_only_sees():
    facts = rack(names(2), [])
    plug(facts, "mac1", 2, "mac2", 3)
    (edge,) = graph.graph_of(facts).edges
    assert edge.state == graph.ONE_SIDED
    assert edge.words.startswith("mac1 Thunderbolt 2 (en3) sees mac2 Thunderbolt 3 (en4), which does not see it")


def test_the_first_host_comes_first_even_if_only_the_second_sees_the_cable():
    facts = rack(names(2), [])
    plug(facts, "mac2", 3, "mac1", 2)
    (edge,) = graph.graph_of(facts).edges
    assert (edge.a.host, edge.b.host) == ("mac1", "mac2")
    assert edge.words.startswith("mac2 Thunderbolt 3")


def test_a_port_without_a_link_is_named():
    facts = rack(names(2), PAIR)
    change_port(facts, "mac2", replace(port_of(facts, "mac2", 1), up=False))
    (edge,) = graph.graph_of(facts).edges
    assert (edge.state, edge.words) == (graph.NO_LINK, "no link on mac2 Thunderbolt 1 (en2)")


@pytest.mark.parametrize(
    ("speed", "able", "state"),
    [(40, (120, 120), graph.SLOW), (40, (120, 40), graph.OK), (80, (120, 120), graph.OK)],
)
def test_a_cable_is_slow_when_both_ports_can_do_more(speed, able, state):
    facts = rack(names(2), PAIR)
    for host, capable in zip(names(2), able):
        change_port(facts, host, replace(port_of(facts, host, 1), speed_gbps=speed, capable_gbps=capable))
    (edge,) = graph.graph_of(facts).edges
    assert edge.state == state
    assert ("runs at 40 Gb/s" in edge.words) == (state == graph.SLOW)


def test_a_linux_interface_that_nobody_brought_up_is_no_fault_of_the_cable():
    facts = rack(names(2), PAIR)
    change_port(facts, "mac2", replace(port_of(facts, "mac2", 1), up=False))
    facts["mac2"] = replace(facts["mac2"], system="linux")
    assert states(graph.graph_of(facts)) == [("mac1", "mac2", graph.OK)]


def test_a_cable_that_was_configured_and_is_gone():
    facts = rack(names(2), [])
    for host, peer, mine, its in (("mac1", "mac2", 2, 3), ("mac2", "mac1", 3, 2)):  # both ends remember it
        want = WantPort(mine, f"en{mine + 1}", "10.77.0.1", 30, peer, "10.77.0.2", "Boltloom", "", its, f"en{its + 1}")
        facts[host] = replace(facts[host], applied=(want,))
    (edge,) = graph.graph_of(facts).edges
    assert (edge.state, edge.a.receptacle, edge.b.receptacle) == (graph.MISSING, 2, 3)
    assert "from mac1 Thunderbolt 2 (en3) to mac2 Thunderbolt 3 (en4) is gone" in edge.words


def test_hosts_that_were_not_asked_for_are_drawn_each_once_and_are_no_fault():
    facts = rack(names(1), [])
    for receptacle in (1, 2):
        port = port_of(facts, "mac1", receptacle)
        change_port(facts, "mac1", replace(port, peers=(Peer("host", "mac1", "Mac16,9", f"X-{receptacle}"),)))
    seen = graph.graph_of(facts)
    assert [(node.name, node.asked) for node in seen.nodes] == [("mac1", True), ("mac1 #2", False), ("mac1 #3", False)]
    assert states(seen) == [("mac1", "mac1 #2", graph.STRANGER), ("mac1", "mac1 #3", graph.STRANGER)]
    assert seen.faults == ()


def test_docks_and_drives_are_no_cables():
    facts = rack(names(1), [])
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), peers=(Peer("device", "TS4 Dock"),)))
    assert graph.graph_of(facts).edges == ()


def test_the_hosts_stand_as_given():
    facts = rack(("mac3", "mac1", "mac2"), [("mac1", 1, "mac3", 1)])
    seen = graph.graph_of(facts)
    assert [node.name for node in seen.nodes] == ["mac3", "mac1", "mac2"]
    assert (seen.edges[0].a.host, seen.edges[0].b.host) == ("mac3", "mac1")


def test_the_cables_are_seen_where_no_addresses_can_be_given():
    seen = graph.graph_of(rack(names(4), MESH_OF_FOUR), pool="10.77.0.0/31")
    assert len(seen.edges) == 6 and not seen.faults
    assert "10.77.0.0/31" in seen.plan.warnings[0]


def test_the_graph_of_a_plan_is_the_one_of_its_facts():
    facts = rack(names(4), RING_OF_FOUR)
    assert graph.make_graph(facts, make_plan(facts, PlanOptions())) == graph.graph_of(facts)
