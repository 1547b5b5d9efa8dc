# SPDX-License-Identifier: Apache-2.0
"""Advice that is followed to the letter makes the ring or the mesh, with no cable more than it takes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.mending import to_make_a_mesh, to_make_a_ring
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.ring import missing_cables, ring_order
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric.graphs import has_ring, neighbours
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    RING_OF_FOUR,
    change_port,
    names,
    port_of,
    rack,
)

SOCKET = r"(mac\d+) Thunderbolt (\d+)"
ADD = re.compile(f"add a cable from {SOCKET} to {SOCKET}$")
MOVE = re.compile(f"move the cable between {SOCKET} and {SOCKET}: its end at (mac\\d+) goes to {SOCKET}$")
PULL = re.compile(f"pull the cable between {SOCKET} and {SOCKET}, and (.*)")


def advice(make, hosts, cables, ports):
    facts = rack(hosts, cables, ports=ports)
    return make(hosts, facts, find_cables(facts).links)


def follow(words, cables):
    """The cables afterwards; a receptacle that is used twice is a mistake of the advice."""
    after = {frozenset([(one, one_port), (two, two_port)]) for one, one_port, two, two_port in cables}
    for step in words.split("; "):
        pulled = PULL.match(step)
        if pulled:
            after.remove(frozenset(sockets(pulled.groups()[:4])))
            step = pulled.group(5)
        moved, added = MOVE.match(step), ADD.match(step)
        if moved:
            old = frozenset(sockets(moved.groups()[:4]))
            (kept,) = [end for end in old if end[0] != moved.group(5)]
            after.remove(old)
            after.add(frozenset([kept, *sockets(moved.groups()[5:])]))
        else:
            after.add(frozenset(sockets(added.groups())))
    used = [end for cable in after for end in cable]
    assert len(used) == len(set(used)) == 2 * len(after)
    return sorted((*one, *two) for one, two in (sorted(cable) for cable in after))


def sockets(groups):
    return [(groups[0], int(groups[1]))] + ([(groups[2], int(groups[3]))] if groups[2:] else [])


def plugged(pairs, ports):
    """Cables between hosts by number, each in the next receptacles; a pair for which none are left has no cable."""
    used, cables = {}, []
    for one, two in pairs:
        if used.get(one, 0) < ports and used.get(two, 0) < ports:
            used[one], used[two] = used.get(one, 0) + 1, used.get(two, 0) + 1
            cables.append((f"mac{one + 1}", used[one], f"mac{two + 1}", used[two]))
    return cables


some_cables = st.integers(3, 7).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda p: p[0] != p[1])),
    )
)


@pytest.mark.slow
@given(some_cables, st.integers(2, 4))
@settings(max_examples=300, deadline=None)
def test_followed_to_the_letter_there_is_a_ring_and_fewer_cables_would_not_do(rack_of, ports):
    count, pairs = rack_of
    hosts, cables = names(count), plugged(pairs, ports)
    links = find_cables(rack(hosts, cables, ports=ports)).links
    if ring_order(hosts, links):
        return
    words = advice(to_make_a_ring, hosts, cables, ports)
    steps = words.split("; ")
    if steps[-1].startswith("and "):
        return
    after = find_cables(rack(hosts, follow(words, cables), ports=ports))
    assert ring_order(hosts, after.links) and not after.warnings
    near = neighbours((count, [tuple(int(host[3:]) - 1 for host in link.hosts) for link in links]))
    extra = len(steps) - 1
    wide = [(*others, *range(count, count + extra)) for others in near] + [tuple(range(count))] * extra
    assert extra == 0 or not has_ring(tuple(wide))


@pytest.mark.slow
@given(some_cables, st.integers(2, 6))
@settings(max_examples=200, deadline=None)
def test_followed_to_the_letter_there_is_a_mesh(rack_of, ports):
    count, pairs = rack_of
    hosts, cables = names(count), plugged(pairs, ports)
    words = advice(to_make_a_mesh, hosts, cables, ports)
    if ports < count - 1:
        assert "fewer than the" in words and ("ask for a ring" in words) == (count > 3)
        return
    links = find_cables(rack(hosts, cables, ports=ports)).links
    if not missing_cables(hosts, links) or words.split("; ")[-1].startswith("and "):
        return
    assert not missing_cables(hosts, find_cables(rack(hosts, follow(words, cables), ports=ports)).links)


@pytest.mark.parametrize(
    "make, count, cables, ports, words",
    [
        (to_make_a_ring, 4, RING_OF_FOUR[:3], 4, "add a cable from mac1 Thunderbolt 1 to mac4 Thunderbolt 2"),
        (to_make_a_mesh, 4, BROKEN_MESH, 3, "add a cable from mac2 Thunderbolt 3 to mac4 Thunderbolt 2"),
        (
            to_make_a_ring,  # a triangle and a leaf, any of the triangle may lead to the leaf
            4,
            [("mac1", 1, "mac2", 1), ("mac1", 2, "mac3", 1), ("mac2", 2, "mac3", 2), ("mac3", 3, "mac4", 1)],
            2,
            "add a cable from mac2 Thunderbolt 3 to mac4 Thunderbolt 2",
        ),
        (
            to_make_a_ring,
            4,
            [("mac1", 1, "mac2", 1), ("mac1", 2, "mac3", 1), ("mac2", 2, "mac3", 2)],
            2,
            "move the cable between",
        ),
        (
            to_make_a_ring,
            3,
            [("mac1", 1, "mac2", 1)],
            1,
            "have fewer than two Thunderbolt ports, and a ring needs two",
        ),
        (to_make_a_mesh, 5, RING_OF_FOUR, 2, "fewer than the 4 Thunderbolt ports that each host of such a mesh needs"),
        (to_make_a_ring, 16, [], 4, "; and 12 more"),
    ],
)
def test_advice_in_words(make, count, cables, ports, words):
    assert words in advice(make, names(count), cables, ports)


def test_nothing_is_advised_for_one_host_or_for_a_great_many():
    assert advice(to_make_a_ring, names(2), [], 4) == ""
    assert advice(to_make_a_ring, names(65), [], 4) == ""
    assert advice(to_make_a_mesh, names(1), [], 4) == ""


def with_peer(facts, host, receptacle, peer):
    change_port(facts, host, replace(port_of(facts, host, receptacle), peers=(peer,)))


def test_ports_with_a_drive_are_the_last_choice_and_ports_to_strangers_none():
    facts = rack(names(4), RING_OF_FOUR[:3])
    links = find_cables(facts).links
    with_peer(facts, "mac1", 1, Peer("host", "Mac mini", domain_uuid="SOMEBODY"))
    with_peer(facts, "mac1", 3, Peer("device", "Fast Drive"))
    words = to_make_a_ring(names(4), facts, links)
    assert words == "add a cable from mac1 Thunderbolt 4 to mac4 Thunderbolt 2"
    with_peer(facts, "mac1", 4, Peer("host", "Mac mini", domain_uuid="SOMEBODY"))
    assert "mac1 Thunderbolt 3 (instead of Fast Drive)" in to_make_a_ring(names(4), facts, links)
    with_peer(facts, "mac1", 3, Peer("host", "Mac mini", domain_uuid="SOMEBODY"))
    assert "mac1 has no free Thunderbolt port" in to_make_a_ring(names(4), facts, links)


def test_a_linux_host_does_not_list_its_empty_ports():
    facts = rack(names(4), RING_OF_FOUR[:3])
    links = find_cables(facts).links
    facts["mac4"] = replace(facts["mac4"], system="linux", ports=(port_of(facts, "mac4", 1),))
    assert to_make_a_ring(names(4), facts, links) == "add a cable from mac1 Thunderbolt 1 to a free port of mac4"
