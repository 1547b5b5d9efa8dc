# SPDX-License-Identifier: Apache-2.0
"""Shapes, and rings that are found without counting all of them."""

from __future__ import annotations

import itertools
import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import End, Link
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.ring import (
    find_ring,
    missing_cables,
    no_ring,
    ring_order,
    shape_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric import graphs
from unit.plugins.module_utils._fabric.racks import full_mesh, names


def links(pairs, gbps=None):
    """Links between hosts by number, every one at 80 Gb/s unless said otherwise."""
    return [
        Link(
            End(f"mac{min(pair)}", 0, "", ""),
            End(f"mac{max(pair)}", 0, "", ""),
            0,
            (gbps or {}).get(pair, 80),
        )
        for pair in pairs
    ]


def is_ring(order, cables):
    joined = {frozenset(link.hosts) for link in cables}
    return all(frozenset((order[rank - 1], order[rank])) in joined for rank in range(len(order)))


COMPLETE_4 = list(itertools.combinations(range(1, 5), 2))
# Ten hosts with three cables each, two-connected, and yet without a ring.
PETERSEN = [(1, 2), (2, 3), (3, 4), (4, 5), (1, 5), (1, 6), (2, 7), (3, 8), (4, 9), (5, 10)] + [
    (6, 8),
    (8, 10),
    (7, 10),
    (7, 9),
    (6, 9),
]


@pytest.mark.parametrize(
    "count, pairs, shape, order",
    [
        (1, [], "none", ()),
        (2, [], "none", ()),
        (2, [(1, 2)], "pair", (1, 2)),
        (2, [(1, 2), (1, 2)], "pair", (1, 2)),
        (3, [(1, 2), (2, 3)], "partial", ()),
        (3, [(1, 2), (2, 3), (1, 3)], "mesh", (1, 2, 3)),
        (4, COMPLETE_4, "mesh", (1, 2, 3, 4)),
        (4, [(1, 3), (3, 2), (2, 4), (4, 1)], "ring", (1, 3, 2, 4)),
        (4, [pair for pair in COMPLETE_4 if pair != (2, 4)], "ring", (1, 2, 3, 4)),
        (4, [pair for pair in COMPLETE_4 if pair != (1, 2)], "ring", (1, 3, 2, 4)),
        (4, [(1, 2), (1, 3), (1, 4)], "partial", ()),
        (4, [(1, 2), (3, 4)], "partial", ()),
        (10, PETERSEN, "partial", ()),
        (10, [*PETERSEN, (6, 10)], "ring", None),
    ],
)
def test_shapes(count, pairs, shape, order):
    cables = links(pairs)
    assert shape_of(names(count), cables) == shape
    found = ring_order(names(count), cables)
    if order is None:
        assert len(found) == count and is_ring(found, cables)
    else:
        assert found == tuple(f"mac{number}" for number in order)


def test_a_stronger_ring_is_preferred():
    slow = {(1, 2): 40}
    assert ring_order(names(4), links(COMPLETE_4, slow)) == ("mac1", "mac3", "mac2", "mac4")
    more_rails = links(COMPLETE_4) + links([(1, 3), (3, 2), (2, 4), (1, 4)])
    assert ring_order(names(4), more_rails) == ("mac1", "mac3", "mac2", "mac4")


def test_a_full_mesh_of_sixteen_takes_no_time():
    cables = links([(int(one[3:]), int(two[3:])) for one, _port, two, _port2 in full_mesh(16)])
    begin = time.process_time()
    assert ring_order(names(16), cables) == names(16)
    assert time.process_time() - begin < 2


def test_a_hard_graph_of_sixteen_ends():
    """Two meshes of eight that share one host: no ring, and a search without memory would try 7! ways to see it."""
    left, right = range(1, 9), range(8, 17)
    pairs = [*itertools.combinations(left, 2), *itertools.combinations(right, 2)]
    begin = time.process_time()
    assert ring_order(names(16), links(pairs)) == ()
    assert time.process_time() - begin < 10


def brute_force(count, pairs):
    joined = {frozenset(pair) for pair in pairs}
    return any(
        all(frozenset((ring[i - 1], ring[i])) in joined for i in range(count))
        for ring in ((1, *rest) for rest in itertools.permutations(range(2, count + 1)))
    )


@given(
    st.integers(3, 6).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.sampled_from(list(itertools.combinations(range(1, n + 1), 2)))))
    )
)
@settings(max_examples=200, deadline=None)
def test_a_ring_is_found_exactly_when_there_is_one(graph):
    count, pairs = graph
    cables = links(sorted(pairs))
    found = ring_order(names(count), cables)
    assert bool(found) == brute_force(count, pairs)
    if found:
        assert sorted(found) == sorted(names(count)) and found[0] == "mac1" and is_ring(found, cables)


def test_missing_cables_stand_in_the_order_of_the_hosts():
    assert missing_cables(("b", "a", "c"), []) == (("b", "a"), ("b", "c"), ("a", "c"))


def rack_links(graph):
    """Links of a graph that counts from 0."""
    return links(sorted({(min(pair) + 1, max(pair) + 1) for pair in graph[1]}))


def why(graph):
    error = no_ring(names(graph[0]), rack_links(graph))
    assert len(error.message) <= 3 * 100, "three lines of a screen"
    return error.message


def test_why_there_is_no_ring():
    message = no_ring(names(4), links([(1, 2), (2, 3)])).message
    assert message.startswith("the cables make no ring: mac4 has no cable to any other host; ")
    assert message.endswith("; mac1 has a cable to mac2 only; mac3 has a cable to mac2 only")
    assert "no order of mac1, mac2" in no_ring(names(10), links(PETERSEN)).message


TRIANGLES = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]


@pytest.mark.parametrize(
    "graph, words",
    [
        (graphs.bipartite(1, 5), "mac5 has a cable to mac1 only; and 1 more with cables to one host only"),
        (graphs.bipartite(1, 60), "and 56 more with cables to one host only"),
        ((6, TRIANGLES), "they leave 2 parts that no cable joins: (mac1, mac2, mac3) and (mac4, mac5, mac6)"),
        (
            (5, TRIANGLES[:3] + [(2, 3), (3, 4), (4, 2)]),
            "all that goes between (mac1, mac2) and (mac4, mac5) goes through",
        ),
        (
            (6, [*TRIANGLES, (2, 3)]),
            "the cable between mac3 and mac4 is the only way between (mac1, mac2, mac3) and (mac4",
        ),
        (graphs.bipartite(2, 3), "without mac1 and mac2 the others fall into 3 parts: (mac3), (mac4) and (mac5)"),
        (
            graphs.bipartite(3, 4),
            "mac4, mac5, mac6, mac7 have cables to mac1, mac2 and mac3 only: 3 hosts are too few to stand between 4",
        ),
        (
            (8, [(0, 2), (0, 4), (0, 6), (1, 3), (1, 5), (1, 7), (2, 3), (4, 5), (6, 7)]),
            "without mac1 and mac2 the others fall into 3 parts: (mac3, mac4), (mac5, mac6) and (mac7, mac8)",
        ),
        (graphs.grid(31, 33), "511 hosts are too few to stand between 512 in a ring"),
        (graphs.two_meshes(32, 1), "the cable between mac1 and mac33 is the only way between (mac1, mac2, mac3"),
    ],
)
def test_the_evidence_names_hosts(graph, words):
    assert why(graph).startswith("the cables make no ring: ")
    assert words in why(graph)


def test_two_fabrics_that_were_asked_for_as_one_are_planned_apart():
    hint = no_ring(names(6), rack_links((6, TRIANGLES))).hint
    assert hint.endswith("plan each for itself, the first one with --limit mac1,mac2,mac3")
    assert "--limit" not in no_ring(names(4), links([(1, 2), (2, 3)])).hint


@pytest.mark.slow
def test_a_search_that_gave_up_is_not_called_a_proof():
    graph = graphs.generalised_petersen(101, 2)
    assert "gave up before it was certain" in why(graph) and "make no ring" not in why(graph)
    assert find_ring(names(202), rack_links(graph)).certain is False
    assert shape_of(names(202), rack_links(graph)) == "partial"


def test_long_names_are_cut():
    hosts = tuple(f"{number}." + "x" * 250 for number in range(9))
    cables = [Link(End(hosts[0], 0, "", ""), End(host, 0, "", ""), 0, 80) for host in hosts[1:]]
    assert len(no_ring(hosts, cables).message) < 700


def test_of_many_strengths_the_strongest_is_found():
    """One cable of each speed from 1 to 28: the answer is that of trying every speed as the weakest."""
    hosts = names(8)
    speeds = {pair: 1 + index * 11 % 29 for index, pair in enumerate(itertools.combinations(range(1, 9), 2))}
    cables = links(list(speeds), speeds)
    order = ring_order(hosts, cables)
    number = [int(host[3:]) for host in order]
    weakest = min(speeds[tuple(sorted((number[rank - 1], number[rank])))] for rank in range(8))
    stronger = [link for link in cables if link.speed_gbps > weakest]
    assert is_ring(order, cables) and not ring_order(hosts, stronger)
