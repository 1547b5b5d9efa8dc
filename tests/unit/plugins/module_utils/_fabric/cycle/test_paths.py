# SPDX-License-Identifier: Apache-2.0
"""As few paths as there can be: the truth by trying everything, and what racks without a ring look like."""

from __future__ import annotations

import random

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle.paths import fewest_paths
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric import graphs
from unit.plugins.module_utils._fabric.graphs import has_ring, neighbours


def assert_cover(paths, near):
    assert sorted(host for path in paths for host in path) == list(range(len(near)))
    assert all(other in near[one] for path in paths for one, other in zip(path, path[1:]))


def with_more_hosts(near, more):
    count = len(near)
    return tuple((*others, *range(count, count + more)) for others in near) + (tuple(range(count)),) * more


@given(
    st.integers(3, 7).flatmap(
        lambda count: st.sets(st.sampled_from(graphs.mesh(count)[1])).map(lambda cables: (count, sorted(cables)))
    )
)
@settings(max_examples=200, deadline=None)
def test_fewer_do_not_suffice(graph):
    near = neighbours(graph)
    paths = fewest_paths(near)
    assert_cover(paths, near)
    assert len(paths) == 1 or not has_ring(with_more_hosts(near, len(paths) - 1))


def tree(count, most, seed):
    """A random tree in which no host has more than so many cables."""
    chance = random.Random(seed)
    degree, cables = [0] * count, []
    for host in range(1, count):
        above = chance.choice([one for one in range(host) if degree[one] < most])
        degree[host], degree[above] = 1, degree[above] + 1
        cables.append((above, host))
    return count, cables


@pytest.mark.parametrize(
    "graph, fewest",
    [
        (graphs.ring(64), 1),
        (graphs.grid(7, 9), 1),
        (graphs.grid(8, 8), 1),
        (graphs.generalised_petersen(5, 2), 1),
        (graphs.bipartite(1, 63), 62),
        (graphs.bipartite(20, 44), 24),
        (graphs.two_meshes(32, 0), 2),
        ((64, []), 64),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_known_graphs(graph, fewest, seed):
    near = neighbours(graphs.shuffled(graph, seed))
    paths = fewest_paths(near)
    assert_cover(paths, near)
    assert len(paths) == fewest


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_tree_is_covered_in_the_best_way(seed):
    """On a tree the fewest paths follow from the leaves upwards."""
    count, cables = tree(64, 4, seed)
    children = {host: [two for one, two in cables if one == host] for host in range(count)}
    open_end, paths = {}, 0
    for host in reversed(range(count)):  # children have larger numbers
        joined = min(2, sum(open_end[child] for child in children[host]))
        paths += 1 - joined
        open_end[host] = joined < 2
    near = neighbours(graphs.shuffled((count, cables), seed))
    found = fewest_paths(near)
    assert_cover(found, near)
    assert len(found) == paths
