# SPDX-License-Identifier: Apache-2.0
"""The environment of every rank against contracts/rank_env, and what a backend refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from boltloom_launcher.backends import BACKENDS, STALE, Plan, backend, rank_env
from boltloom_launcher.errors import UsageError
from boltloom_launcher.hosts import default_reach, seat

VECTORS = sorted((Path(__file__).parents[3] / "contracts" / "rank_env").glob("*.json"))


def plan_of(launch: dict[str, Any]) -> Plan:
    hosts = hostfile.parse(json.dumps(launch["hosts"]), "vector").hosts
    roster = seat(hosts, default_reach)
    rest = {name: value for name, value in launch.items() if name != "hosts"}
    return Plan(hosts=roster.hosts, seats=roster.seats, **rest)


@pytest.mark.parametrize("path", VECTORS, ids=lambda p: p.stem)
def test_the_environment_is_the_vectors(path: Path) -> None:
    vector = json.loads(path.read_text())
    plan = plan_of(vector["launch"])
    backend(plan.backend).check(plan)
    made = [rank_env(plan, rank) for rank in range(len(plan.hosts))]
    assert [{"env": env, "files": files} for env, files in made] == vector["ranks"]


def test_every_backend_has_a_vector() -> None:
    assert {json.loads(path.read_text())["launch"]["backend"] for path in VECTORS} == set(BACKENDS)


def test_whatever_identifies_a_rank_is_taken_out_of_the_environment_it_inherits() -> None:
    kept = {"MLX_RING_VERBOSE", "NCCL_DEBUG", "CUDA_VISIBLE_DEVICES"}  # preferences, not identities
    for path in VECTORS:
        for rank in json.loads(path.read_text())["ranks"]:
            assert {*rank["env"], *rank["files"]} - kept <= set(STALE)


def _plan(backend_name: str, *hosts: dict[str, Any], **more: Any) -> Plan:
    known = {"coordinator": "127.0.0.1:1", "master_port": 2, "token": "0" * 32, "run_id": "x", "timeout": 1.0}
    return plan_of({"backend": backend_name, "hosts": list(hosts), **known, **more})


def test_jaccl_without_devices_is_refused() -> None:
    plan = _plan("jaccl", {"ssh": "mac1", "ips": ["10.0.0.1"]}, {"ssh": "mac2", "ips": ["10.0.0.2"]})
    with pytest.raises(UsageError, match="no RDMA devices for rank 0 .mac1.") as caught:
        backend("jaccl").check(plan)
    assert "boltloom config --backend jaccl --auto-setup --output" in caught.value.one_line()


def test_a_missing_cable_names_its_two_hosts_and_the_backend_that_would_do() -> None:
    matrix = [[None, "a", None, "b"], ["a", None, "b", None], [None, "a", None, "b"], ["a", None, "b", None]]
    hosts = [{"ssh": f"mac{i}", "ips": [f"10.0.0.{i + 1}"], "rdma": row} for i, row in enumerate(matrix)]
    with pytest.raises(UsageError) as caught:
        backend("jaccl").check(_plan("jaccl", *hosts))
    assert caught.value.one_line() == (
        "no RDMA device leads from mac0 to mac2: connect the two by a cable, or choose --backend jaccl-ring"
    )
    backend("jaccl-ring").check(_plan("jaccl-ring", *hosts))


def test_ports_beyond_the_last_are_refused() -> None:
    hosts = [{"ssh": "a", "ips": ["10.0.0.1"]}, {"ssh": "b", "ips": ["10.0.0.2"]}]
    backend("ring").check(_plan("ring", *hosts, starting_port=65534))
    with pytest.raises(UsageError, match="up to 65536"):
        backend("ring").check(_plan("ring", *hosts, starting_port=65535))


def test_mpirun_wants_each_computer_once_and_by_ipv4() -> None:
    hosts = [{"ssh": "mac1", "ips": ["10.0.0.1"]}, {"ssh": "mac2", "ips": ["10.0.0.2"]}]
    backend("mpi").check(_plan("mpi", *hosts, addresses=("10.0.0.1", "10.0.0.2")))
    for addresses, words in {
        ("10.0.0.1", "10.0.0.1"): "mac1 and mac2 are the same computer",
        ("10.0.0.1", "fd00::2"): "mac2 has no IPv4 address",
    }.items():
        with pytest.raises(UsageError, match=words):
            backend("mpi").check(_plan("mpi", *hosts, addresses=addresses))


@pytest.mark.parametrize("name", ["infiniband", "MPI", ""])
def test_an_unknown_backend_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        backend(name)
    assert caught.value.hint == "choose one of ring, jaccl, jaccl-ring, nccl, mpi"
