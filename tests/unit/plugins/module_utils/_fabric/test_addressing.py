# SPDX-License-Identifier: Apache-2.0
"""A network per cable: stable, disjoint, and nobody else's."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.addressing import give_addresses
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import diff_host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Nic, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric.racks import (
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    change_port,
    full_mesh,
    hold,
    names,
    port_of,
    rack,
)

POOL = "10.77.0.0/16"


def addressed(facts, pool=POOL):
    return give_addresses(find_cables(facts).links, facts, pool)


def networks(links):
    return {(link.a.uid, link.b.uid): link.network for link in links}


def configured(facts, pool=POOL):
    """The hosts after the plan was applied to them."""
    plan = make_plan(facts, PlanOptions(pool=pool))
    return {want.host: foresee(facts[want.host], diff_host(facts[want.host], want)) for want in plan.hosts}


def assert_sound(links, pool=POOL):
    assert len({link.network for link in links}) == len(links)
    for link in links:
        network = ipaddress.ip_network(link.network)
        assert network.subnet_of(ipaddress.ip_network(pool)) and network.prefixlen == 30
        assert {link.a.address, link.b.address} == {str(network[1]), str(network[2])}


def test_the_lower_uid_gets_the_lower_address():
    (link,) = addressed(rack(names(2), PAIR))
    assert link.a.uid < link.b.uid
    assert (link.a.address.rpartition(".")[2], link.b.address.rpartition(".")[2]) == ("29", "30")
    renamed = rack(names(2), PAIR)
    (turned,) = addressed({"zebra": renamed["mac1"], "ant": renamed["mac2"]})
    assert (turned.end("zebra").address, turned.end("ant").address) == (link.a.address, link.b.address)


@given(
    hosts=st.permutations(names(5)),
    boot=st.integers(1, 9),
    pool=st.sampled_from([POOL, "198.18.0.0/15", "172.30.4.0/26"]),
)
@settings(max_examples=60, deadline=None)
def test_disjoint_and_independent_of_order_and_boot(hosts, boot, pool):
    links = addressed(rack(hosts, full_mesh(5), boot=boot), pool)
    assert_sound(links, pool)
    assert networks(links) == networks(addressed(rack(names(5), full_mesh(5)), pool))


def test_names_of_hosts_do_not_matter_even_where_cables_compete_for_a_network():
    facts = rack(names(4), full_mesh(4))
    renamed = {"d": facts["mac1"], "a": facts["mac2"], "c": facts["mac3"], "b": facts["mac4"]}
    pool = "10.77.0.0/27"  # eight networks for six cables

    def by_uids(links):
        return {frozenset((link.a.uid, link.b.uid)): link.network for link in links}

    assert by_uids(addressed(renamed, pool)) == by_uids(addressed(facts, pool))


@given(st.sets(st.sampled_from(names(6)), min_size=2))
@settings(max_examples=60, deadline=None)
def test_a_subset_of_the_hosts_has_the_same_networks(subset):
    facts = rack(names(6), full_mesh(6))
    whole = networks(addressed(facts))
    part = networks(addressed({host: facts[host] for host in sorted(subset)}))
    assert all(whole[cable] == network for cable, network in part.items())


@given(st.sets(st.sampled_from(names(5)), min_size=2), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_even_in_a_crowded_pool_a_configured_subset_keeps_its_networks(subset, boot):
    pool = "10.77.0.0/26"  # sixteen networks for ten cables: collisions are certain
    facts = configured(rack(names(5), full_mesh(5), boot=boot), pool)
    whole = networks(addressed(facts, pool))
    part = addressed({host: facts[host] for host in sorted(subset)}, pool)
    assert_sound(part, pool)
    assert all(whole[cable] == network for cable, network in networks(part).items())


@given(st.sets(st.sampled_from(names(5)), min_size=2))
@settings(max_examples=60, deadline=None)
def test_hosts_that_join_later_renumber_nobody(first):
    pool = "10.77.0.0/25"
    facts = rack(names(5), full_mesh(5))
    facts.update(configured({host: facts[host] for host in sorted(first)}, pool))
    before = networks(addressed({host: facts[host] for host in sorted(first)}, pool))
    links = addressed(facts, pool)
    assert_sound(links, pool)
    assert all(networks(links)[cable] == network for cable, network in before.items())


def test_addresses_that_both_ends_hold_are_kept():
    facts = rack(names(2), PAIR)
    hold(facts, "mac1", 1, "10.77.9.1")
    hold(facts, "mac2", 1, "10.77.9.2")
    assert addressed(facts)[0].network == "10.77.9.0/30"


@pytest.mark.parametrize(
    "one, two, mask",
    [
        ("10.77.9.1", "10.77.9.6", "255.255.255.252"),  # another network at the other end
        ("10.77.9.2", "10.77.9.1", "255.255.255.252"),  # the wrong way round
        ("10.77.9.1", "10.77.9.2", "255.255.255.0"),  # too wide
        ("192.168.0.1", "192.168.0.2", "255.255.255.252"),  # outside of the pool
    ],
)
def test_anything_less_is_given_anew(one, two, mask):
    facts = rack(names(2), PAIR)
    hold(facts, "mac1", 1, one, mask)
    hold(facts, "mac2", 1, two, mask)
    assert addressed(facts)[0].network == addressed(rack(names(2), PAIR))[0].network


def test_two_cables_that_claim_one_network_get_two():
    facts = rack(names(2), PAIR_TWO_CABLES)
    for host, number in (("mac1", 1), ("mac2", 2)):
        for receptacle in (1, 2):
            hold(facts, host, receptacle, f"10.77.9.{number}")
    links = addressed(facts)
    assert_sound(links)
    assert links[0].network == "10.77.9.0/30"


def test_a_network_on_a_port_of_no_concern_is_not_given_again():
    facts = rack(names(2), PAIR)
    taken = addressed(facts)[0].network
    hold(facts, "mac1", 4, str(ipaddress.ip_network(taken)[1]))
    assert addressed(facts)[0].network != taken


@pytest.mark.parametrize(
    "nic, route, words",
    [
        (
            Nic("en0", "10.77.3.4/24"),
            None,
            r"mac2 already uses 10.77.3.0/24 on en0, which overlaps the pool 10.77.0.0/16",
        ),
        (None, ("10.0.0.0/8", "en0"), r"mac2 already uses 10.0.0.0/8 on en0"),
        (None, ("10.77.200.0/22", "utun4"), r"mac2 already uses 10.77.200.0/22 on utun4"),
    ],
)
def test_networks_that_a_host_uses_are_refused(nic, route, words):
    facts = rack(names(2), PAIR)
    mac2 = facts["mac2"]
    facts["mac2"] = replace(
        mac2, nics=mac2.nics + ((nic,) if nic else ()), routes=mac2.routes + ((route,) if route else ())
    )
    with pytest.raises(AddressError, match=words):
        addressed(facts)
    assert_sound(addressed(facts, "198.18.0.0/15"), "198.18.0.0/15")


@pytest.mark.parametrize(
    "route",
    [
        ("0.0.0.0/0", "en0"),
        ("0.0.0.0/1", "utun4"),  # a VPN that takes everything
        ("8.0.0.0/5", "utun4"),
        ("10.77.9.0/30", "en2"),  # a cable of ours
        ("10.77.9.1/32", "lo0"),  # macOS lists its own addresses there
        ("10.77.0.0/16", "bridge0"),  # the bridge that the ports leave
    ],
)
def test_routes_that_a_cable_hides_from_nobody(route):
    facts = rack(names(2), PAIR)
    facts["mac1"] = replace(facts["mac1"], routes=(*facts["mac1"].routes, route))
    assert_sound(addressed(facts))


def test_a_pool_that_is_full():
    facts = rack(names(4), MESH_OF_FOUR)
    with pytest.raises(AddressError, match="has room for 4 cables only, and 6 are needed"):
        addressed(facts, "10.77.0.0/28")


@pytest.mark.parametrize(
    "pool",
    ["10.77.0.1/16", "10.77", "cables", "10.77.0.0/31", "fd00::/64", "0.0.0.0/0", "127.9.0.0/16", "224.0.0.0/8", ""],
)
def test_a_pool_that_is_none(pool):
    with pytest.raises(AddressError, match="the pool"):
        addressed(rack(names(2), PAIR), pool)


def test_ports_without_uid_still_get_networks():
    facts = rack(names(2), PAIR_TWO_CABLES)
    for host in facts:
        for receptacle in (1, 2):
            change_port(facts, host, replace(port_of(facts, host, receptacle), uid=""))
    assert_sound(addressed(facts))


def test_a_full_pool_says_how_large_it_should_be():
    facts = rack(names(4), MESH_OF_FOUR)
    with pytest.raises(AddressError) as caught:
        addressed(facts, "10.77.0.0/28")
    larger = caught.value.hint.split("a /")[1].split()[0]
    assert_sound(addressed(facts, f"10.77.0.0/{larger}"), f"10.77.0.0/{larger}")


def cloned(facts):
    """Every host has the lasting identities of the first one."""
    uids = {port.receptacle: port.uid for port in facts["mac1"].ports}
    for host in facts:
        for port in facts[host].ports:
            change_port(facts, host, replace(port, uid=uids[port.receptacle]))
    return facts


@pytest.mark.parametrize("cables", [PAIR_TWO_CABLES, [("mac1", 1, "mac2", 1), ("mac1", 2, "mac2", 2)]])
def test_clones_never_get_the_same_network_twice(cables):
    facts = cloned(rack(names(2), cables))
    assert_sound(addressed(facts))
    assert len({link.a.address for link in addressed(facts)} | {link.b.address for link in addressed(facts)}) == 4
    again = configured(facts)
    assert networks_of(addressed(again)) == networks_of(addressed(facts))


def networks_of(links):
    return {(link.a.host, link.a.receptacle, link.b.host, link.b.receptacle): link.network for link in links}


@st.composite
def racks(draw):
    """Up to six hosts, any cables that fit into four ports each, some hosts clones, some configured before."""
    hosts = names(draw(st.integers(2, 6)))
    cables, used = [], dict.fromkeys(hosts, 0)
    for one, two in draw(st.lists(st.tuples(st.sampled_from(hosts), st.sampled_from(hosts)), max_size=12)):
        if one != two and used[one] < 4 and used[two] < 4:
            used[one] += 1
            used[two] += 1
            cables.append((one, used[one], two, used[two]))
    facts = rack(hosts, cables, boot=draw(st.integers(1, 9)))
    return cloned(facts) if draw(st.integers(0, 4)) == 0 else facts


tight_or_wide = st.sampled_from([POOL, "10.77.0.0/26", "10.77.0.0/25"])


@pytest.mark.slow
@given(racks(), tight_or_wide, st.data())
@settings(max_examples=150, deadline=None)
def test_configured_as_a_whole_any_subset_keeps_its_addresses_and_so_does_what_grows_back(facts, pool, data):
    whole = networks_of(addressed(facts, pool))
    facts = configured(facts, pool)
    order = data.draw(st.permutations(list(facts)))
    for size in range(1, len(order) + 1):
        some = {host: facts[host] for host in order[:size]}
        links = addressed(some, pool)
        assert_sound(links, pool)
        assert all(whole[cable] == network for cable, network in networks_of(links).items())
        some = configured(some, pool)
        assert networks_of(addressed(some, pool)) == networks_of(links)
        facts.update(some)


@pytest.mark.slow
@given(racks(), tight_or_wide, st.data())
@settings(max_examples=150, deadline=None)
def test_what_grows_host_by_host_is_never_renumbered(facts, pool, data):
    order = data.draw(st.permutations(list(facts)))
    before = {}
    for size in range(1, len(order) + 1):
        links = addressed({host: facts[host] for host in order[:size]}, pool)
        assert_sound(links, pool)
        now = networks_of(links)
        assert all(now[cable] == network for cable, network in before.items())
        before = now
        facts.update(configured({host: facts[host] for host in order[:size]}, pool))


def test_a_host_that_forgot_its_addresses_keeps_what_was_applied_last():
    facts = rack(names(2), PAIR)
    hold(facts, "mac1", 1, "10.77.9.1")
    plan = make_plan(configured_as(facts, "10.77.9"), PlanOptions())
    assert plan.links[0].network == "10.77.9.0/30"
    for host, want in zip(facts, plan.hosts):
        facts[host] = replace(rack(names(2), PAIR)[host], applied=want.ports)
    assert addressed(facts)[0].network == "10.77.9.0/30"
    applied = facts["mac1"].applied[0]
    facts["mac1"] = replace(facts["mac1"], applied=(replace(applied, uid="0xother"),))
    assert addressed(facts)[0].network != "10.77.9.0/30", "that was applied to another port"


def configured_as(facts, net):
    for host, number in (("mac1", 1), ("mac2", 2)):
        hold(facts, host, 1, f"{net}.{number}")
    return facts


def test_our_own_service_beside_a_user_s_counts_as_held():
    facts = rack(names(2), PAIR)
    for host, number in (("mac1", 1), ("mac2", 2)):
        users = Service("NAS link", True, "manual", "192.168.50.1", "255.255.255.0")
        ours = Service("Boltloom Thunderbolt 1", True, "manual", f"10.77.9.{number}", "255.255.255.252")
        change_port(facts, host, replace(port_of(facts, host, 1), service=users, services=(users, ours)))
    assert addressed(facts)[0].network == "10.77.9.0/30"


def test_a_wider_network_on_an_idle_port_is_kept_clear_of():
    facts = rack(names(2), PAIR)
    taken = ipaddress.ip_network(addressed(facts)[0].network).supernet(new_prefix=22)
    hold(facts, "mac1", 4, str(taken[1]), "255.255.252.0")
    assert not ipaddress.ip_network(addressed(facts)[0].network).overlaps(taken)
