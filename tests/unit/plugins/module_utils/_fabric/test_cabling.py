# SPDX-License-Identifier: Apache-2.0
"""A table of cables to lay: laid like that, it is the shape that was promised."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cabling import cabling_table, plan_cabling
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import names, rack


def laid(cabling):
    cables = [(cable.host, cable.receptacle, cable.other, cable.other_receptacle) for cable in cabling.cables]
    return make_plan(rack(cabling.hosts, cables, ports=cabling.ports), PlanOptions(order=cabling.hosts))


@pytest.mark.parametrize("hosts", range(2, 13))
@pytest.mark.parametrize("ports", range(1, 9))
def test_what_is_laid_is_what_was_promised(hosts, ports):
    if hosts > 2 and ports == 1:
        pytest.raises(TopologyError, plan_cabling, hosts, ports)
        return
    cabling = plan_cabling(hosts, ports, names(hosts))
    sockets = [(c.host, c.receptacle) for c in cabling.cables] + [(c.other, c.other_receptacle) for c in cabling.cables]
    assert len(sockets) == len(set(sockets)) and all(1 <= receptacle <= ports for _host, receptacle in sockets)
    plan = laid(cabling)
    assert plan.shape == cabling.shape and plan.order == cabling.hosts
    rails = [
        sum(set(link.hosts) == {one, plan.order[rank - 1]} for link in plan.links)
        for rank, one in enumerate(plan.order)
    ]
    assert min(rails) == cabling.rails
    assert max(rails) <= cabling.rails
    assert len(plan.links) == len(cabling.cables)


@pytest.mark.parametrize(
    "hosts, ports, shape, rails, chords, cables, words",
    [
        (1, 4, "none", 0, 0, 0, "One host needs no cable."),
        (2, 1, "pair", 1, 0, 1, "A pair"),
        (2, 3, "pair", 3, 0, 3, "3 rails"),
        (4, 3, "mesh", 1, 0, 6, "A full mesh"),
        (4, 6, "mesh", 2, 0, 12, "2 rails"),
        (4, 5, "mesh", 1, 0, 6, "2 ports of each host stay free"),
        (5, 3, "ring", 1, 2, 7, "host5 keeps it free"),
        (8, 4, "ring", 2, 0, 16, "4 ports are enough for 2 rails"),
        (8, 3, "ring", 1, 4, 12, "a chord across the ring"),
        (1000, 2, "ring", 1, 0, 1000, "needs 999 ports on each, and there are 2"),
    ],
)
def test_the_shape_and_its_reason(hosts, ports, shape, rails, chords, cables, words):
    cabling = plan_cabling(hosts, ports)
    assert (cabling.shape, cabling.rails, cabling.chords, len(cabling.cables)) == (shape, rails, chords, cables)
    assert words in cabling.reason


@pytest.mark.parametrize(
    "hosts, ports, given, words",
    [
        (0, 4, (), "0 hosts cannot be cabled: give a number from 1 to 1024"),
        (-3, 4, (), "give a number from 1"),
        (10**9, 4, (), "give a number from 1"),
        (4, 0, (), "a host with 0 Thunderbolt ports is not known"),
        (4, 10**9, (), "is not known: give a number from 1 to 32"),
        (3, 1, (), "3 hosts with one Thunderbolt port each cannot be joined"),
        (3, 2, ("a", "b"), "3 different names are needed for 3 hosts"),
        (2, 2, ("a", "a"), "2 different names are needed"),
    ],
)
def test_what_cannot_be_cabled(hosts, ports, given, words):
    with pytest.raises(TopologyError) as caught:
        plan_cabling(hosts, ports, given)
    assert words in caught.value.one_line()


def test_the_table():
    lines = cabling_table(plan_cabling(3, 2)).splitlines()
    assert lines == [
        "cable  host   port               host   port",
        "1      host1  Thunderbolt 1  ══  host2  Thunderbolt 1",
        "2      host1  Thunderbolt 2  ══  host3  Thunderbolt 1",
        "3      host2  Thunderbolt 2  ══  host3  Thunderbolt 2",
    ]
    assert cabling_table(plan_cabling(1, 2)) == "no cables"
