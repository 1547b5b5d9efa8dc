# SPDX-License-Identifier: Apache-2.0
"""The fabric in text: everything is in it, and it fits."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.picture import WIDTH, cables_picture, plan_table
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    PAIR_TWO_CABLES,
    RING_OF_FOUR,
    full_mesh,
    names,
    rack,
)

FLEETS = [
    (1, []),
    (2, PAIR_TWO_CABLES),
    (3, []),
    (4, MESH_OF_FOUR),
    (4, RING_OF_FOUR),
    (4, BROKEN_MESH),
    (8, full_mesh(8)),
]


def plan_of(count, cables):
    return make_plan(rack(names(count), cables), PlanOptions())


@pytest.mark.parametrize("count, cables", FLEETS)
def test_every_cable_stands_at_both_of_its_hosts(count, cables):
    plan = plan_of(count, cables)
    lines = cables_picture(plan).splitlines()
    for link in plan.links:
        for host in link.hosts:
            start = lines.index("  " + host)
            near, far = link.end(host), link.other(host)
            mine = lines[start + 1 : start + 1 + len(cables) + count]
            assert any(
                f"Thunderbolt {near.receptacle} ({near.device})" in line
                and f"{far.host}, Thunderbolt {far.receptacle} ({far.device})" in line
                and "80 Gb/s" in line
                for line in mine
            )


@pytest.mark.parametrize("count, cables", FLEETS)
def test_it_fits_with_the_longest_names(count, cables):
    facts = rack(names(count), cables)
    long = {host + "." + "x" * 60: facts[host] for host in facts}
    plan = make_plan(long, PlanOptions())
    for line in (cables_picture(plan) + "\n" + plan_table(plan)).splitlines():
        assert len(line) <= WIDTH and line == line.rstrip()


def test_rails_are_named_where_there_are_several():
    assert cables_picture(plan_of(2, PAIR_TWO_CABLES)).count("rail 1") == 2
    assert "rail" not in cables_picture(plan_of(4, MESH_OF_FOUR))


def test_a_missing_cable_is_shown_in_a_broken_mesh_only():
    assert cables_picture(plan_of(4, BROKEN_MESH)).count("no cable to") == 2
    assert "no cable to" not in cables_picture(plan_of(4, RING_OF_FOUR))


def test_the_heading_and_the_order_of_ranks():
    lines = cables_picture(plan_of(4, MESH_OF_FOUR)).splitlines()
    assert lines[0] == "4 hosts, 6 cables: a full mesh"
    assert lines[2] == "  ranks  0 mac1 ══ 1 mac2 ══ 2 mac3 ══ 3 mac4 ══ back to 0"


@pytest.mark.parametrize("count, cables", FLEETS)
def test_the_table_has_a_line_per_link(count, cables):
    plan = plan_of(count, cables)
    lines = plan_table(plan).splitlines()
    assert len(lines) == 1 + len(plan.links) if plan.links else len(lines) == 1
    for index, link in enumerate(plan.links):
        words = lines[index + 1].split()
        assert words[0] == str(index + 1)
        for word in (link.a.host, link.b.host, link.a.device, link.b.device, link.network, str(link.speed_gbps)):
            assert word in words
        assert [word for word in words if word.startswith(".")] == [
            "." + link.a.address.split(".")[3],
            "." + link.b.address.split(".")[3],
        ]
