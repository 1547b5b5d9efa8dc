# SPDX-License-Identifier: Apache-2.0
"""Which backend, and over what: what is asked for is done or refused, and "auto" says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.backend import asks_for_rdma, choose
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import End, FabricPlan, HostPlan, Link
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.ring import no_ring
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    RING_OF_FOUR,
    full_mesh,
    names,
    rack,
)
from unit.plugins.module_utils._fabric.rdma_racks import addressed, judged, judged_anew, recable

HOSTS = ("mac1", "mac2", "mac3")


def link(one, other):
    return Link(End(one, 1, "en2", "0x1"), End(other, 2, "en3", "0x2"), rail=0, speed_gbps=80)


def plan(shape, links=(), warnings=()):
    return FabricPlan(HOSTS, links, tuple(HostPlan(host, ()) for host in HOSTS), shape, warnings=warnings)


LINE = (link("mac1", "mac2"), link("mac2", "mac3"))


def chosen(backend, facts, over="auto", rdma=None):
    made, cables = judged(facts, rdma, settled=False)
    return choose(backend, over, made, facts, cables)


# The ring, over what


@pytest.mark.parametrize("shape", ["mesh", "ring", "pair"])
@pytest.mark.parametrize("over", ["auto", "thunderbolt"])
def test_cables_that_do_are_used_in_silence(over, shape):
    choice = choose("ring", over, plan(shape), {})
    assert (choice.over, choice.backend, choice.warnings) == ("thunderbolt", "ring", ())


def test_ethernet_is_used_in_silence_when_asked_for():
    for backend in ("ring", "auto"):
        choice = choose(backend, "ethernet", plan("mesh"), {})
        assert (choice.over, choice.backend, choice.warnings) == ("ethernet", "ring", ())


def test_no_cables_fall_back_and_say_why():
    choice = choose("ring", "auto", plan("none"), {})
    (warning,) = choice.warnings
    assert choice.over == "ethernet"
    assert "no Thunderbolt cable joins two of the hosts" in warning
    assert "no Thunderbolt cable joins two of the hosts" in choice.reason


def test_cables_that_make_no_ring_fall_back_and_name_the_hosts_once():
    why = no_ring(HOSTS, LINE).message
    choice = choose("ring", "auto", plan("partial", LINE, warnings=(why, "something else")), {})
    first, second = choice.warnings
    assert (choice.over, first) == ("ethernet", "something else")
    assert "mac1 has a cable to mac2 only; mac3 has a cable to mac2 only" in second


def test_the_plan_s_own_warnings_are_kept():
    assert choose("ring", "auto", plan("ring", warnings=("slow cable",)), {}).warnings == ("slow cable",)


@pytest.mark.parametrize("backend", ["ring", "auto"])
def test_one_host_alone_needs_no_cables(backend):
    alone = FabricPlan(("mac1",), (), (HostPlan("mac1", ()),), "none")
    choice = choose(backend, "auto", alone, {}, ())
    assert (choice.over, choice.backend, choice.warnings) == ("thunderbolt", "ring", ())


@pytest.mark.parametrize(("shape", "words"), [("none", "no Thunderbolt cable"), ("partial", "the cables make no ring")])
def test_demanded_cables_that_do_not_do_are_an_error(shape, words):
    with pytest.raises(TopologyError, match=words):
        choose("ring", "thunderbolt", plan(shape, LINE), {})


def test_whoever_asks_for_the_ring_is_told_what_the_macs_offer():
    facts = rack(names(2), PAIR)
    assert "thunderbolt_net_backend=auto" in chosen("ring", facts).reason
    facts["mac1"] = replace(facts["mac1"], ports=tuple(replace(port, peers=()) for port in facts["mac1"].ports))
    assert chosen("ring", facts).reason == "over Ethernet, as no Thunderbolt cable joins two of the hosts"


def test_where_nobody_asked_it_is_the_ring_and_that_is_said():
    choice = chosen("", rack(names(2), PAIR))
    assert (choice.backend, choice.over) == ("ring", "thunderbolt")
    assert choice.reason.startswith("nobody asked for another (thunderbolt_net_backend); the hosts offer RDMA")


# What RDMA allows

SLOW_IN_A_MESH = [cable for cable in MESH_OF_FOUR if (cable[0], cable[2]) == ("mac1", "mac3")]


def with_slow(cables, slow):
    facts = rack(names(4), cables)
    for one, one_port, two, two_port in slow:
        recable(facts, one, one_port, 40)
        recable(facts, two, two_port, 40)
    return facts


@pytest.mark.parametrize(
    ("facts", "backend", "words"),
    [
        (rack(names(2), PAIR), "jaccl", "every two hosts"),
        (rack(names(4), MESH_OF_FOUR), "jaccl", "every two hosts"),
        (rack(names(7), full_mesh(7)), "jaccl", "every two hosts"),
        (rack(names(4), RING_OF_FOUR), "jaccl-ring", "into a ring, but not every two"),
        (with_slow(MESH_OF_FOUR, SLOW_IN_A_MESH), "jaccl-ring", "into a ring, but not every two"),
        (with_slow(RING_OF_FOUR, RING_OF_FOUR[:1]), "ring", "the cable from mac1, Thunderbolt 2 (en3) to mac2"),
    ],
)
def test_auto_takes_the_best_and_says_why(facts, backend, words):
    choice = chosen("auto", facts)
    assert (choice.backend, choice.over) == (backend, "thunderbolt")
    assert words in choice.reason
    assert choice.reason.startswith("the best there is here")


def test_auto_without_a_ring_goes_over_ethernet_unless_cables_are_demanded():
    facts = rack(names(3), PAIR)
    assert (chosen("auto", facts).backend, chosen("auto", facts).over) == ("ring", "ethernet")
    with pytest.raises(TopologyError, match="the cables make no ring"):
        chosen("auto", facts, over="thunderbolt")


def test_auto_names_the_host_whose_rdma_is_off():
    facts = rack(names(4), MESH_OF_FOUR)
    rdma = addressed(make_plan(facts, PlanOptions()), facts)
    for host in ("mac2", "mac3"):
        rdma[host] = judged_anew(facts[host], (), "disabled")
    choice = chosen("auto", facts, rdma=rdma)
    assert (choice.backend, choice.over) == ("ring", "thunderbolt")
    assert "mac2: RDMA is disabled: start this Mac in Recovery" in choice.reason
    assert choice.reason.count("mac2: RDMA is disabled") == 1  # it has three cables
    assert "3 cables, the cable from mac1, Thunderbolt 1 (en2) to mac2, Thunderbolt 1 (en2) among them" in choice.reason
    assert len(choice.reason) < 600


@pytest.mark.parametrize("backend", ["jaccl", "jaccl-ring"])
def test_rdma_that_is_off_on_one_host_is_an_error_that_names_it(backend):
    facts = rack(names(4), MESH_OF_FOUR)
    rdma = addressed(make_plan(facts, PlanOptions()), facts)
    for host in ("mac2", "mac3", "mac4"):
        rdma[host] = judged_anew(facts[host], (), "disabled")
    with pytest.raises(TopologyError, match="mac2: RDMA is disabled: start this Mac in Recovery"):
        chosen(backend, facts, rdma=rdma)


def test_a_mesh_without_a_cable_names_the_pair_and_what_would_do():
    with pytest.raises(TopologyError) as caught:
        chosen("jaccl", rack(names(4), BROKEN_MESH))
    assert "there is none between mac2 and mac4" in caught.value.message
    assert "use the backend jaccl-ring or ring" in caught.value.hint


def test_a_chain_makes_no_ring_by_rdma():
    with pytest.raises(TopologyError, match="jaccl-ring is not possible: the cables make no ring: mac1 has a cable to"):
        chosen("jaccl-ring", rack(names(3), [PAIR[0], ("mac2", 2, "mac3", 1)]))


def test_the_ring_by_rdma_goes_around_the_cable_that_does_not_count():
    """The plan's own order crosses the slow cable where nothing tells it not to."""
    facts = with_slow(MESH_OF_FOUR, [MESH_OF_FOUR[0]])
    made, cables = judged(facts, settled=False)
    made = replace(made, order=("mac1", "mac2", "mac3", "mac4"))
    choice = choose("jaccl-ring", "auto", made, facts, cables)
    order = choice.plan.order
    assert all({order[rank - 1], order[rank]} != {"mac1", "mac2"} for rank in range(4))
    assert any("left out of jaccl-ring: the cable from mac1, Thunderbolt 1" in words for words in choice.warnings)


def test_of_two_cables_to_the_same_peer_the_slow_one_is_left_out_with_a_warning():
    facts = rack(names(2), PAIR_TWO_CABLES)
    recable(facts, "mac1", 2, 40)
    recable(facts, "mac2", 1, 40)
    choice = chosen("jaccl", facts)
    (warning,) = [words for words in choice.warnings if "left out" in words]
    assert warning.startswith(
        "left out of jaccl: the cable from mac1, Thunderbolt 2 (en3) to mac2, Thunderbolt 1 (en2)"
    )
    assert "it has 40 Gb/s" in warning


@pytest.mark.parametrize("backend", ["jaccl", "jaccl-ring"])
def test_rdma_needs_cables_and_a_second_host(backend):
    with pytest.raises(TopologyError, match="needs Thunderbolt cables, and Ethernet is asked for"):
        chosen(backend, rack(names(2), PAIR), over="ethernet")
    with pytest.raises(TopologyError, match="needs two hosts or more"):
        chosen(backend, rack(names(1), []))


def test_what_the_decision_rests_on():
    assert asks_for_rdma("auto", "auto") and asks_for_rdma("jaccl", "thunderbolt")
    assert not asks_for_rdma("", "auto") and not asks_for_rdma("ring", "auto") and not asks_for_rdma("auto", "ethernet")
