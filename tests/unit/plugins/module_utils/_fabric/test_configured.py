# SPDX-License-Identifier: Apache-2.0
"""What hosts are configured for is known without their cables, and what became of a cable is said with both ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import configured
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables

from .racks import PAIR_TWO_CABLES, RING_OF_FOUR, change_port, names, plug, port_of, rack


def persistent(facts, plan):
    """The facts of hosts on which the plan was applied by something that keeps no record."""
    for host in plan.hosts:
        for want in host.ports:
            service = Service("Thunderbolt", True, "manual", want.address, "255.255.255.252")
            change_port(facts, host.host, replace(port_of(facts, host.host, want.receptacle), service=service))
    return facts


def recorded(facts, plan):
    """The same, with our own record."""
    ports = {host.host: host.ports for host in plan.hosts}
    return {host: replace(facts[host], applied=ports[host]) for host in facts}


def unplugged(facts, *cables):
    """The same hosts with only these cables."""
    bare = rack(facts, cables, ports=2)
    for host in facts:
        for port in bare[host].ports:
            old = port_of(facts, host, port.receptacle)
            change_port(facts, host, replace(old, peers=port.peers, up=port.up, speed_gbps=port.speed_gbps))
    return facts


@pytest.fixture(params=[persistent, recorded])
def ring(request):
    facts = rack(names(4), RING_OF_FOUR, ports=2)
    plan = make_plan(facts, PlanOptions())
    return request.param(facts, plan), plan


def lost(facts):
    found = configured.lost_cables(configured.configured_plan(facts).links, facts, find_cables(facts).links)
    return [one.words for one in found]


def test_the_configured_links_are_those_of_the_plan(ring):
    facts, plan = ring
    seen = configured.configured_plan(facts)
    assert [(link.a, link.b, link.rail, link.network) for link in seen.links] == [
        (link.a, link.b, link.rail, link.network) for link in plan.links
    ]
    assert {host.host: len(host.ports) for host in seen.hosts} == dict.fromkeys(names(4), 2)
    assert lost(facts) == []


def test_a_cut_cable_is_named_with_both_ends(ring):
    facts = unplugged(ring[0], *RING_OF_FOUR[:3])
    assert len(configured.configured_plan(facts).links) == 4
    assert lost(facts) == [
        "no link on Thunderbolt 1 (en2) of mac1, which was joined to mac4 Thunderbolt 2 (en3): "
        "plug the cable in at both ends, or try another"
    ]


def test_a_moved_cable_is_named_with_where_it_leads_now(ring):
    facts = unplugged(ring[0], *RING_OF_FOUR[1:3], ("mac1", 2, "mac4", 2))
    (words,) = [words for words in lost(facts) if words.startswith("the cable from mac1 Thunderbolt 2 (en3) to mac2")]
    assert words.endswith("was moved: mac1 Thunderbolt 2 (en3) is joined to mac4 Thunderbolt 2 (en3) now")


def test_a_cable_that_is_loose_at_one_end_is_named(ring):
    facts = unplugged(ring[0], *RING_OF_FOUR[:3])
    plug(facts, "mac4", 2, "mac1", 1)
    assert lost(facts) == [
        "the cable from mac1 Thunderbolt 1 (en2) to mac4 Thunderbolt 2 (en3) has a link at mac4 only: "
        "plug it in anew at both ends"
    ]


def test_a_part_of_the_hosts_knows_the_links_to_the_others_if_it_keeps_a_record():
    facts = rack(names(4), RING_OF_FOUR, ports=2)
    facts = recorded(facts, make_plan(facts, PlanOptions()))
    alone = configured.configured_plan({"mac1": facts["mac1"]})
    assert [link.hosts for link in alone.links] == [("mac1", "mac2"), ("mac1", "mac4")]
    assert configured.lost_cables(alone.links, {"mac1": facts["mac1"]}, ()) == ()  # their ends are not known


def test_rails_are_numbered_as_the_planner_numbers_them():
    facts = rack(names(2), PAIR_TWO_CABLES, ports=2)
    plan = make_plan(facts, PlanOptions())
    seen = configured.configured_plan(recorded(facts, plan))
    assert [(link.a.receptacle, link.rail) for link in seen.links] == [
        (link.a.receptacle, link.rail) for link in plan.links
    ]


@pytest.mark.parametrize(
    ("address", "netmask"),
    [
        ("10.77.0.1", "255.0.255.0"),
        ("10.77.0.1", "255.255.255.0"),
        ("10.77.0.3", "255.255.255.252"),
        ("no address", "255.255.255.252"),
        ("10.77.0.1", ""),
    ],
)
def test_what_somebody_else_configured_is_no_link(address, netmask):
    facts = rack(names(2), (), ports=2)
    for host in facts:
        service = Service("NAS", True, "manual", address, netmask)
        change_port(facts, host, replace(port_of(facts, host, 1), service=service))
    assert configured.configured_plan(facts).links == ()


def test_a_cable_that_got_slower_is_named():
    facts = rack(names(2), PAIR_TWO_CABLES, ports=2)
    links = make_plan(facts, PlanOptions()).links
    now = [replace(find_cables(facts).links[0], speed_gbps=40), find_cables(facts).links[1]]
    (words,) = configured.slower_cables(links, now)
    assert words.startswith("mac1 Thunderbolt 1 (en2) to mac2 Thunderbolt 2 (en3) runs at 40 Gb/s and did at 80 Gb/s")


def test_a_port_that_is_kept_for_a_host_which_left_is_named():
    facts = rack(names(4), RING_OF_FOUR, ports=2)
    facts = recorded(facts, make_plan(facts, PlanOptions()))
    words = configured.standing({"mac1": facts["mac1"]}, ["mac1", "mac2", "mac3"])
    assert [line.split(" is configured")[0] for line in words] == ["mac1 Thunderbolt 1 (en2)"]
    assert "to mac4, which is not in the inventory any more" in words[0]
    assert configured.standing({"mac1": facts["mac1"]}, names(4)) == []


def test_what_others_left_is_told_with_the_host():
    facts = rack(names(1), ())
    facts["mac1"] = replace(facts["mac1"], unfinished="a change by me", foreign=("exo: the network location is 'exo'",))
    unfinished, foreign = configured.standing(facts, names(1))
    assert unfinished.startswith("mac1: a change by me, is unfinished: the next boltloom.cluster.configure")
    assert foreign.startswith("mac1: another program manages") and "(exo: the network location is 'exo')" in foreign
