# SPDX-License-Identifier: Apache-2.0
"""The graphs of `make bench` within the time that each may take, in processor time and with room to spare."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cycle import in_order
from peers.planner_time import ROWS, measure
from unit.plugins.module_utils._fabric import graphs

ROOM = 3  # a slower computer is not a slower planner


@pytest.mark.slow
@pytest.mark.parametrize("name, graph, limit", ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.campaign)])
def test_a_plan_takes_no_longer_than_it_may(name, graph, limit, seed):
    ring, whole, drawn, _shape, _cables = measure(graphs.shuffled(graph, seed))
    assert ring < limit * ROOM and whole < limit * ROOM and drawn < 2 * ROOM


def test_the_work_grows_no_faster_than_the_cables(monkeypatch):
    """Counted, not timed: the walk in order looks at few states where there is a ring, however large."""
    looked = []
    monkeypatch.setattr(in_order, "_can_go_on", lambda *args, real=in_order._can_go_on: looked.append(1) or real(*args))
    for count in (50, 100, 200):
        looked.clear()
        near = graphs.neighbours(graphs.shuffled(graphs.ring(count), seed=1))
        assert in_order.first_in_order(near, 10**9)[0] and len(looked) <= count
