# SPDX-License-Identifier: Apache-2.0
"""The plan as a hostfile."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError, TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.ranks import hostfile_from_plan
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    RING_OF_FOUR,
    names,
    rack,
)
from unit.plugins.module_utils._fabric.rdma_racks import judged, recable


def by_rdma(count, cables, backend="jaccl", change=None):
    """The hostfile of a rack whose cables are all ready, but for what ``change`` does to the facts."""
    facts = rack(names(count), cables)
    if change:
        change(facts)
    plan, cables_judged = judged(facts)
    return hostfile_from_plan(plan, management(count), {}, backend, judged=cables_judged, reason="asked for")


def plan_of(count, cables):
    return make_plan(rack(names(count), cables), PlanOptions())


def management(count):
    return {host: f"192.168.64.1{number}" for number, host in enumerate(names(count), start=1)}


@pytest.mark.parametrize("count, cables", [(4, MESH_OF_FOUR), (4, RING_OF_FOUR), (4, BROKEN_MESH)])
def test_every_rank_listens_at_its_end_of_the_cable_to_the_rank_before(count, cables):
    plan = plan_of(count, cables)
    made = hostfile_from_plan(plan, management(count), {})
    for rank, host in enumerate(made.hosts):
        previous = plan.order[rank - 1]
        (link,) = [link for link in plan.links if set(link.hosts) == {previous, plan.order[rank]}]
        assert host.ips == (link.end(plan.order[rank]).address,)
        assert host.ssh == plan.order[rank]
        assert host.rdma == ()


def test_two_hosts_list_their_own_ends_of_all_cables_rail_by_rail():
    plan = plan_of(2, PAIR_TWO_CABLES)
    one, two = hostfile_from_plan(plan, {}, {"mac2": "admin@192.168.64.12"}).hosts
    assert one.ips == tuple(link.a.address for link in plan.links)
    assert two.ips == tuple(link.b.address for link in plan.links)
    assert two.ssh == "admin@192.168.64.12"


def test_a_ring_is_as_wide_as_its_narrowest_hop():
    plan = plan_of(3, [*PAIR_TWO_CABLES, ("mac1", 3, "mac3", 1), ("mac2", 3, "mac3", 2), ("mac2", 4, "mac3", 3)])
    assert [len(host.ips) for host in hostfile_from_plan(plan, {}, {}).hosts] == [1, 1, 1]


@pytest.mark.parametrize("over", ["ethernet", "thunderbolt"])
def test_one_host_and_ethernet_use_the_management_address(over):
    (host,) = hostfile_from_plan(plan_of(1, []), management(1), {}, over=over).hosts
    assert host.ips == ("192.168.64.11",)


def test_ethernet_needs_no_cables():
    made = hostfile_from_plan(plan_of(3, []), management(3), {}, over="ethernet")
    assert [host.ips for host in made.hosts] == [("192.168.64.11",), ("192.168.64.12",), ("192.168.64.13",)]
    assert made.backend == "ring"


def test_what_is_missing_is_named():
    with pytest.raises(TopologyError, match="mac1 has a cable to mac2 only"):
        hostfile_from_plan(plan_of(3, PAIR), management(3), {})
    with pytest.raises(AddressError, match="mac3 has no management address"):
        hostfile_from_plan(plan_of(3, []), management(2), {}, over="ethernet")
    with pytest.raises(TopologyError, match="jaccl: no cable between mac2 and mac4 is ready for RDMA now"):
        by_rdma(4, BROKEN_MESH)
    with pytest.raises(TopologyError, match="jaccl-ring: no cable between mac1 and mac2 is ready"):
        hostfile_from_plan(plan_of(2, PAIR), management(2), {}, "jaccl-ring")  # nobody judged it


def test_jaccl_lists_the_device_towards_every_other_rank():
    made = by_rdma(4, MESH_OF_FOUR)
    assert [host.rdma for host in made.hosts] == [
        ((), ("rdma_en2",), ("rdma_en3",), ("rdma_en4",)),
        (("rdma_en2",), (), ("rdma_en3",), ("rdma_en4",)),
        (("rdma_en2",), ("rdma_en3",), (), ("rdma_en4",)),
        (("rdma_en2",), ("rdma_en3",), ("rdma_en4",), ()),
    ]
    assert made.hosts[1].ips == ("192.168.64.12",)


def test_jaccl_ring_lists_the_devices_towards_the_neighbours():
    made = by_rdma(4, RING_OF_FOUR, "jaccl-ring")
    assert made.hosts[0].rdma == ((), ("rdma_en3",), (), ("rdma_en2",))


@pytest.mark.parametrize("backend", ["jaccl", "jaccl-ring"])
def test_rail_k_is_the_same_cable_from_both_ends(backend):
    """mac1's Thunderbolt 1 leads to mac2's Thunderbolt 2, and the other way about."""
    one, two = by_rdma(2, PAIR_TWO_CABLES, backend).hosts
    assert (one.rdma, two.rdma) == (((), ("rdma_en2", "rdma_en3")), (("rdma_en3", "rdma_en2"), ()))


WIDE_AND_NARROW = [*PAIR_TWO_CABLES, ("mac1", 3, "mac3", 1), ("mac2", 3, "mac3", 2), ("mac2", 4, "mac3", 3)]


@pytest.mark.parametrize("backend", ["jaccl", "jaccl-ring"])
def test_every_pair_lists_as_many_devices_as_the_narrowest(backend):
    """JACCL's ring demands it, and mlx.distributed_config writes its mesh so, too."""
    made = by_rdma(3, WIDE_AND_NARROW, backend)
    assert {len(devices) for host in made.hosts for devices in host.rdma if devices} == {1}


def slow_second_cable(facts):
    recable(facts, "mac1", 2, 40)
    recable(facts, "mac2", 1, 40)


def test_a_cable_that_does_not_count_is_in_no_list():
    made = by_rdma(2, PAIR_TWO_CABLES, change=slow_second_cable)
    assert [host.rdma for host in made.hosts] == [((), ("rdma_en2",)), (("rdma_en3",), ())]
    assert [cable["verdict"] for cable in made.boltloom["rdma"]] == ["ready", "slow-cable"]
    facts = rack(names(2), PAIR_TWO_CABLES)
    slow_second_cable(facts)
    ring = hostfile_from_plan(judged(facts)[0], {}, {})
    assert [len(host.ips) for host in ring.hosts] == [2, 2]  # TCP takes what there is


def test_the_file_says_what_its_devices_rest_on():
    made = by_rdma(2, PAIR)
    (cable,) = made.boltloom["rdma"]
    assert (cable["rail"], cable["verdict"]) == (0, "ready")
    assert [(end["host"], end["device"], end["gid"]) for end in cable["ends"]] == [
        ("mac1", "rdma_en2", 1),
        ("mac2", "rdma_en2", 1),
    ]
    assert made.boltloom["reason"] == "jaccl: asked for"
    assert hostfile.parse(hostfile.dump(made), "hosts.json") == made


def test_the_file_can_be_read_again_and_knows_its_cables():
    plan = plan_of(2, PAIR_TWO_CABLES)
    made = hostfile_from_plan(plan, {}, {})
    again = hostfile.parse(hostfile.dump(made), "hosts.json")
    assert again == made
    assert made.boltloom["shape"] == "pair"
    (first, _second) = made.boltloom["cables"]
    assert (first["rail"], first["network"]) == (0, plan.links[0].network)
    assert [end["uid"] for end in first["ends"]] == [plan.links[0].a.uid, plan.links[0].b.uid]
