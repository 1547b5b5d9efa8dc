# SPDX-License-Identifier: Apache-2.0
"""How long the planner takes: facts of a whole rack in, plan and picture out. Part of `make bench`."""

from __future__ import annotations

import statistics
import time

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import ring
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.picture import cables_picture, plan_table
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from unit.plugins.module_utils._fabric import graphs
from unit.plugins.module_utils._fabric.racks import names, rack

POOL = "10.0.0.0/8"  # a mesh of many hosts has more cables than the default pool has networks
FEW, MANY = 1.0, 10.0  # seconds that a plan may take: up to 64 hosts, and a thousand

ROWS = [
    ("full mesh, 10", graphs.mesh(10), FEW),
    ("full mesh, 64", graphs.mesh(64), FEW),
    ("mesh of 64, half of it", graphs.lossy_mesh(64, 1000, seed=1), FEW),
    ("ring, 64", graphs.ring(64), FEW),
    ("torus 8 x 8", graphs.grid(8, 8, closed=True), FEW),
    ("grid 8 x 8", graphs.grid(8, 8), FEW),
    ("grid 7 x 9 (no ring)", graphs.grid(7, 9), FEW),
    ("hypercube, 64", graphs.hypercube(6), FEW),
    ("random, 4 cables each, 64", graphs.random_regular(64, 4, seed=1), FEW),
    ("random, 6 cables each, 64", graphs.random_regular(64, 6, seed=1), FEW),
    ("two meshes of 32, 2 cables", graphs.two_meshes(32, 2), FEW),
    ("Petersen (no ring), 10", graphs.generalised_petersen(5, 2), FEW),
    ("ring, 1000", graphs.ring(1000), MANY),
    ("torus 25 x 40", graphs.grid(25, 40, closed=True), MANY),
    ("random, 4 cables each, 1000", graphs.random_regular(1000, 4, seed=1), MANY),
    ("mesh of 128", graphs.mesh(128), MANY),
]


def facts_of(graph: graphs.Graph):
    """A rack that is cabled like the graph, each cable in the next receptacles of its hosts."""
    count, cables = graph
    after = [0] * count
    plugged = []
    for one, other in cables:
        after[one] += 1
        after[other] += 1
        plugged.append((f"mac{one + 1}", after[one], f"mac{other + 1}", after[other]))
    return rack(names(count), plugged)


def timed(work) -> tuple[float, object]:
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def measure(graph: graphs.Graph) -> tuple[float, float, float, str, int]:
    """Seconds for the ring, the whole plan, picture and table; the shape, and how many cables there are."""
    facts = facts_of(graph)
    links = find_cables(facts).links
    ring._search.cache_clear()  # what was searched before is remembered
    searched, _order = timed(lambda: ring.find_ring(tuple(facts), links))
    ring._search.cache_clear()
    whole, plan = timed(lambda: make_plan(facts, PlanOptions(pool=POOL)))
    drawn, _text = timed(lambda: (cables_picture(plan), plan_table(plan)))
    return searched, whole, drawn, plan.shape, len(links)


def print_planner_times(rounds: int) -> None:
    """The table; the numbering of the hosts is another one in each round."""
    print(
        "\nplanner, seconds of processor time: the ring alone, the plan, picture and table; and what the plan may take"
    )
    print(f"{'hosts cabled as':<28} {'cables':>7} {'shape':>8} {'ring':>8} {'plan':>8} {'drawn':>8} {'may':>6}")
    for name, graph, limit in ROWS:
        runs = [measure(graphs.shuffled(graph, seed)) for seed in range(1, rounds + 1)]
        searched, whole, drawn = (statistics.median(run[column] for run in runs) for column in range(3))
        slow = "  too slow" if whole > limit else ""
        times = f"{searched:>8.3f} {whole:>8.3f} {drawn:>8.3f} {limit:>6.0f}{slow}"
        print(f"{name:<28} {runs[0][4]:>7} {runs[0][3]:>8} {times}")


if __name__ == "__main__":
    print_planner_times(1)
