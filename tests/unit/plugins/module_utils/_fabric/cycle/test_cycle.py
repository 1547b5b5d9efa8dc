# SPDX-License-Identifier: Apache-2.0
"""Every search against trying everything, and the graphs that racks are made of."""

from __future__ import annotations

import itertools
import random

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.forced import search_over_cables
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.in_order import first_in_order
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.joined import joined_cycles
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.obstacles import (
    find_obstacle,
    find_pair,
    parts_without,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.search import find_cycle
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.turned import turned_path
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric import graphs
from unit.plugins.module_utils._fabric.graphs import has_ring, neighbours


def is_cycle(order, near):
    return sorted(order) == list(range(len(near))) and all(
        order[place] in near[order[place - 1]] for place in range(len(order))
    )


def graph_of(count, wanted):
    """The graph whose cables are the bits of ``wanted``."""
    return count, [pair for bit, pair in enumerate(graphs.mesh(count)[1]) if wanted >> bit & 1]


some_graph = st.integers(3, 7).flatmap(
    lambda count: st.sets(st.sampled_from(graphs.mesh(count)[1]), min_size=count).map(lambda c: (count, sorted(c)))
)
larger_graph = st.builds(
    lambda count, lost, seed: graphs.lossy_mesh(count, int(lost * count * (count - 1) / 2), seed),
    st.integers(8, 11),
    st.floats(0.4, 0.75),
    st.integers(0, 10**6),
)


def test_all_graphs_of_up_to_five_hosts():
    for count in (3, 4, 5):
        for wanted in range(2 ** (count * (count - 1) // 2)):
            near = neighbours(graph_of(count, wanted))
            found = find_cycle(near)
            assert found.certain and bool(found.cycle) == has_ring(near), near
            assert not found.cycle or is_cycle(found.cycle, near)


@given(st.one_of(some_graph, larger_graph))
@settings(max_examples=400, deadline=None)
def test_no_search_is_ever_wrong(graph):
    near = neighbours(graph)
    there_is_one = has_ring(near)
    for search in (lambda near: first_in_order(near, 10**6), lambda near: search_over_cables(near, 10**6)):
        cycle, certain = search(near)
        assert certain and bool(cycle) == there_is_one
        assert not cycle or is_cycle(cycle, near)
    if any(len(others) < 2 for others in near):
        return  # the other two are not asked then
    for cycle in (joined_cycles(near, random.Random(1)), turned_path(near, random.Random(1), work=3000)):
        assert not cycle or (there_is_one and is_cycle(cycle, near))


@given(st.one_of(some_graph, larger_graph))
@settings(max_examples=400, deadline=None)
def test_an_obstacle_is_a_proof_that_can_be_checked(graph):
    near = neighbours(graph)
    for obstacle in (find_obstacle(near), find_pair(near)):
        if obstacle:
            assert set(obstacle.parts) <= set(parts_without(near, obstacle.removed))  # it need not list them all
            assert len(set(obstacle.parts)) == len(obstacle.parts)
            assert len(obstacle.parts) > max(len(obstacle.removed), 1)
            assert not has_ring(near)


def test_the_cycle_found_is_the_first_in_order():
    near = neighbours(graphs.shuffled(graphs.lossy_mesh(7, 6, seed=3), seed=4))
    every = ((0, *rest) for rest in itertools.permutations(range(1, 7)))
    assert find_cycle(near).cycle == next(order for order in every if is_cycle(order, near))


WITH_A_RING = {
    "mesh of 64": graphs.mesh(64),
    "mesh of 512": graphs.mesh(512),
    "mesh of 64, half of it": graphs.lossy_mesh(64, 1000, seed=1),
    "mesh of 64, a tenth of it": graphs.lossy_mesh(64, 1750, seed=1),
    "two meshes joined by two cables": graphs.two_meshes(32, 2),
    "ring of 64": graphs.ring(64),
    "ring of 1000": graphs.ring(1000),
    "torus 8 x 8": graphs.grid(8, 8, closed=True),
    "torus 7 x 9": graphs.grid(7, 9, closed=True),
    "torus 25 x 40": graphs.grid(25, 40, closed=True),
    "torus 31 x 33": graphs.grid(31, 33, closed=True),
    "grid 8 x 8": graphs.grid(8, 8),
    "grid 25 x 40": graphs.grid(25, 40),
    "hypercube of 64": graphs.hypercube(6),
    "hypercube of 1024": graphs.hypercube(10),
    "random, 4 cables each": graphs.random_regular(64, 4, seed=1),
    "random, 6 cables each": graphs.random_regular(64, 6, seed=1),
    "random, 4 cables each, 1000 hosts": graphs.random_regular(1000, 4, seed=1),
    "prism of 66": graphs.prism(33),
    "prism of 1000": graphs.prism(500),
    "circulant 65": graphs.circulant(65, 2, 7),
    "circulant 1000": graphs.circulant(1000, 3, 31),
    "generalised Petersen": graphs.generalised_petersen(30, 7),
    "bipartite 32 and 32": graphs.bipartite(32, 32),
    "wheel of 65": graphs.wheel(64),
}


@pytest.mark.parametrize("name", WITH_A_RING)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in (1, 2, 3))])
def test_a_ring_is_found_whatever_the_numbering(name, seed):
    near = neighbours(graphs.shuffled(WITH_A_RING[name], seed) if seed else WITH_A_RING[name])
    found = find_cycle(near)
    assert is_cycle(found.cycle, near)
    assert found.cycle[0] == 0 and found.cycle[1] < found.cycle[-1]
    assert find_cycle(near) == found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("degree", [4, 6])
def test_random_regular_graphs_of_64(seed, degree):
    near = neighbours(graphs.random_regular(64, degree, seed))
    assert is_cycle(find_cycle(near).cycle, near)


@pytest.mark.parametrize(
    "graph, removed",
    [
        (graphs.two_meshes(32, 1), 1),
        (graphs.grid(7, 9), 31),
        (graphs.grid(31, 33), 511),
        (graphs.bipartite(31, 33), 31),
        (graphs.bipartite(3, 5), 3),
        (graphs.bipartite(2, 3), 2),
        ((5, graphs.bipartite(1, 4)[1]), 1),  # a star
        ((6, [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]), 0),
        ((8, [(0, 2), (0, 4), (0, 6), (1, 3), (1, 5), (1, 7), (2, 3), (4, 5), (6, 7)]), 2),  # three ways side by side
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_in_the_way_is_found_without_a_search(graph, removed, seed):
    near = neighbours(graphs.shuffled(graph, seed))
    obstacle = find_obstacle(near) or find_pair(near)
    assert len(obstacle.removed) <= removed and len(obstacle.parts) > max(len(obstacle.removed), 1)


@pytest.mark.parametrize("sides", [5, 11, 17, 29])
def test_petersen_graphs_are_searched_to_the_end(sides):
    found = find_cycle(neighbours(graphs.shuffled(graphs.generalised_petersen(sides, 2), seed=sides)))
    assert (found.cycle, found.certain) == ((), True)


def test_a_search_that_gives_up_says_so():
    near = neighbours(graphs.generalised_petersen(101, 2))  # without a ring, but 202 hosts are too many to be certain
    assert find_obstacle(near) is None
    found = find_cycle(near)
    assert (found.cycle, found.certain) == ((), False)


@pytest.mark.slow
def test_no_search_goes_deeper_with_a_long_ring():
    """Recursion would hit the limit of Python."""
    near = neighbours(graphs.shuffled(graphs.ring(3000), seed=1))
    assert is_cycle(find_cycle(near).cycle, near)
    assert find_obstacle(near) is None
