# SPDX-License-Identifier: Apache-2.0
"""The fabric in text: everything is in it, and it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.picture import WIDTH, cables_picture, plan_table
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    PAIR_TWO_CABLES,
    RING_OF_FOUR,
    change_port,
    full_mesh,
    names,
    port_of,
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


def grouped(count, cables):
    return cables_picture(plan_of(count, cables)).splitlines()


def test_from_sixteen_hosts_on_each_has_a_paragraph_with_every_cable():
    lines = grouped(16, full_mesh(16))
    text = "\n".join(lines)
    assert lines[0] == "16 hosts, 120 cables: a full mesh"
    assert "receptacle ══ host receptacle; 80 Gb/s" in text and "unless" not in text
    for one, one_port, two, two_port in full_mesh(16):
        for host, near, far in ((one, one_port, f"{two} {two_port}"), (two, two_port, f"{one} {one_port}")):
            start = next(index for index, line in enumerate(lines) if line.startswith(f"  {host} "))
            assert f"{near} ══ {far}" in "\n".join(lines[start : start + 3]).replace(",", "\n").replace("  ", "\n")
    assert len(lines) < 16 * 3 + 10


def test_a_group_says_what_is_slower_and_what_is_missing():
    facts = rack(names(16), full_mesh(16)[:-1])
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), speed_gbps=40))
    text = cables_picture(make_plan(facts, PlanOptions()))
    assert text.count("(40 Gb/s)") == 2 and "80 Gb/s unless said otherwise" in text
    assert "no cable to mac16" in text and "no cable to mac15" in text


def test_what_does_not_fit_is_counted():
    lines = grouped(40, full_mesh(40))
    start = next(index for index, line in enumerate(lines) if line.startswith("  mac7 "))
    shown = sum(line.count(" ══ ") for line in lines[start : start + 3])
    assert lines[start + 2].endswith(f" and {39 - shown} more")
    assert all(len(line) <= WIDTH for line in lines)


@pytest.mark.parametrize("count", [16, 64, 65, 200])
def test_a_large_ring_fits_too(count):
    hosts = names(count)
    cables = [(hosts[index], 2, hosts[(index + 1) % count], 1) for index in range(count)]
    facts = rack(hosts, cables)
    long = {host + "." + "x" * 60: facts[host] for host in facts}
    plan = make_plan(long, PlanOptions())
    lines = (cables_picture(plan) + "\n" + plan_table(plan)).splitlines()
    assert all(len(line) <= WIDTH and line == line.rstrip() for line in lines)
    assert sum("1 ══ " in line for line in lines) == count


def test_the_table_of_a_great_many_links_is_cut():
    lines = plan_table(plan_of(30, full_mesh(30))).splitlines()
    assert len(lines) == 1 + 256 + 1 and lines[-1] == "and 179 more links"


@pytest.mark.slow
def test_no_warning_is_longer_than_three_lines():
    far = 64
    for cables in (full_mesh(far)[: far * 3], full_mesh(far)[:-700], [], full_mesh(far)[far:]):
        facts = rack(names(far), cables)
        long = {host + "." + "x" * 30: facts[host] for host in facts}
        for warning in make_plan(long, PlanOptions()).warnings:
            assert len(warning) <= 3 * WIDTH, warning


def test_names_are_only_data():
    facts = rack(names(2), PAIR_TWO_CABLES)
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), device="en2\x1b[2J\u2028"))
    plan = make_plan(facts, PlanOptions())
    assert (cables_picture(plan) + plan_table(plan)).replace("\n", "").isprintable()
