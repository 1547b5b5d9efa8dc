# SPDX-License-Identifier: Apache-2.0
"""The truth test: MLX's own tools, unmodified, take the fleet for Macs."""

import json
import sys
from itertools import permutations
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp

pytestmark = pytest.mark.fleet
pytest.importorskip("mlx.core")

TOOLS = Path(sys.executable).parent
HOSTS = "mac1,mac2,mac3,mac4"
ALL_SUM = """
import mlx.core as mx
group = mx.distributed.init(strict=True)
total = mx.distributed.all_sum(mx.full((1000,), 2.0 ** group.rank()))
mx.eval(total)
print("total", group.rank(), group.size(), set(total.tolist()))
"""


def configure(fleet: Fleet, tmp_path: Path, backend: str) -> list[dict]:
    hostfile = tmp_path / "hosts.json"
    tool = [str(TOOLS / "mlx.distributed_config"), "--backend", backend, "--over", "thunderbolt", "--auto-setup"]
    done = fleet.run("control", [*tool, "--hosts", HOSTS, "--output-hostfile", str(hostfile)], timeout=180)
    assert done.returncode == 0, done.stderr
    return json.loads(hostfile.read_text())["hosts"]


def device_towards(fleet: Fleet, host: str, peer: str) -> str:
    """What the fleet file says about the cable from one host to another."""
    (number,) = fleet.cables_between(host, peer)
    ends = dict(fleet.description.cables[number].ends)
    return fleet.description.hosts[host].ports[ends[host]]


def test_the_mesh_is_configured_for_jaccl(bring_up: BringUp, tmp_path: Path) -> None:
    fleet = bring_up("mesh4")
    hosts = configure(fleet, tmp_path, "jaccl")
    assert [host["ssh"] for host in hosts] == fleet.hosts
    assert [host["ips"] for host in hosts] == [[fleet.addresses[name]] for name in fleet.hosts]
    for i, j in permutations(range(4), 2):
        device = device_towards(fleet, fleet.hosts[i], fleet.hosts[j])
        assert hosts[i]["rdma"][j] == f"rdma_{device}"
        assert (
            f"hca_id:\trdma_{device}" in fleet.run(fleet.hosts[i], ["ibv_devinfo", "-v", "-d", f"rdma_{device}"]).stdout
        )
    gids = fleet.run("mac1", ["ibv_devinfo", "-v", "-d", hosts[0]["rdma"][1]]).stdout
    assert "PORT_ACTIVE" in gids and "::ffff:192.168.0.1" in gids  # the GID that JACCL looks for
    fleet.down()


def test_the_ring_is_configured_and_carries_an_all_sum(bring_up: BringUp, tmp_path: Path) -> None:
    fleet = bring_up("ring4")
    hosts = configure(fleet, tmp_path, "ring")
    for i, host in enumerate(hosts):
        device = device_towards(fleet, host["ssh"], hosts[i - 1]["ssh"])
        assert f"inet {host['ips'][0]} " in fleet.run(host["ssh"], ["ifconfig", device]).stdout
    before = {host: fleet.counters(host, "en2")["tx_bytes"] for host in fleet.hosts}
    for launcher in (["mlx.launch"], ["boltloom", "launch"]):  # a hostfile that MLX wrote serves our launcher as well
        argv = [
            str(TOOLS / launcher[0]),
            *launcher[1:],
            "--hostfile",
            str(tmp_path / "hosts.json"),
            "--backend",
            "ring",
        ]
        done = fleet.run("control", [*argv, "--", sys.executable, "-c", ALL_SUM], timeout=180)
        totals = sorted(line.strip() for line in done.stdout.splitlines() if line.startswith("total"))
        assert totals == [f"total {rank} 4 {{15.0}}" for rank in range(4)], done.stdout + done.stderr
    assert all(fleet.counters(host, "en2")["tx_bytes"] - before[host] > 1000 for host in fleet.hosts)
    fleet.down()
