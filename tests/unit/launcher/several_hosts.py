# SPDX-License-Identifier: Apache-2.0
"""What the tests of the preflight share: an answer of a host, and a plan with a rank on each."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from boltloom_launcher.agent.messages import Inspected
from boltloom_launcher.backends import Plan
from boltloom_launcher.hosts import Seat


def answer(**given: object) -> Inspected:
    """A host that is as it should be."""
    plain = Inspected("linux", "/usr/bin/python3", "", "", [], {}, {}, problem="", deaf="")
    return plain._replace(**given)  # type: ignore[arg-type]


def plan(backend: str, ips: Sequence[Sequence[str]], rdma: Sequence[Sequence[tuple[str, ...]]] = ()) -> Plan:
    """Rank k on host k; its port for the address j is 1kj."""
    hosts = [Host(f"mac{i + 1}", tuple(own), tuple(rdma[i]) if rdma else ()) for i, own in enumerate(ips)]
    return Plan(
        backend=backend,
        hosts=tuple(hosts),
        seats=tuple(Seat(rank, rank, 0, 1) for rank in range(len(hosts))),
        coordinator="192.168.0.1:400",
        master_port=401,
        token="",
        run_id="x",
        timeout=1.0,
        ports=tuple(tuple(100 + 10 * rank + j for j in range(len(own))) for rank, own in enumerate(ips)),
    )
