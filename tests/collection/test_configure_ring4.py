# SPDX-License-Identifier: Apache-2.0
"""Four Macs in a ring: no mesh, and nobody complains about that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1.5)]
FLEET = "ring4"


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure")


def test_the_ranks_stand_in_the_order_of_the_ring(rack, configured):
    hosts = [host["ssh"] for host in rack.hostfile["hosts"]]
    assert hosts in (["mac1", "mac2", "mac3", "mac4"], ["mac1", "mac4", "mac3", "mac2"])


def test_each_rank_is_reached_over_the_cable_from_the_rank_before(rack, configured):
    hosts = rack.hostfile["hosts"]
    for rank, host in enumerate(hosts):
        (address,) = host["ips"]
        rack.ping(hosts[rank - 1]["ssh"], address)


@pytest.mark.parametrize("launcher", [["mlx.launch"], ["boltloom", "launch"]])
def test_both_launchers_take_the_hostfile_as_it_is(rack, configured, launcher):
    pytest.importorskip("mlx.core")
    program = [sys.executable, str(ROOT / "examples/mlx_all_sum.py")]
    argv = [str(BIN / launcher[0]), *launcher[1:], "--hostfile", str(rack.folder / "boltloom-hostfile.json"), "--"]
    done = rack.fleet.run("control", [*argv, *program], env={"TMPDIR": str(rack.folder)})
    said = sorted(line.strip() for line in done.stdout.splitlines())
    names = [host["ssh"] for host in rack.hostfile["hosts"]]
    assert said == [f"rank {rank} on {name}: MLX's sum over 4 ranks is 10 ok" for rank, name in enumerate(names)]


def test_a_ring_is_no_broken_mesh(rack, configured):
    assert "no cable between" not in configured.flat


def test_the_second_run_changes_nothing(rack, configured):
    assert rack.play("configure").changed() == 0


def test_a_cable_that_is_cut_during_a_run_is_named_and_so_is_the_remedy(rack, configured):
    hostfile = str(rack.folder / "boltloom-hostfile.json")
    program = [sys.executable, str(ROOT / "examples/slow_sum.py"), "--seconds", "100"]
    argv = [str(BIN / "boltloom"), "launch", "--hostfile", hostfile, "--", *program]
    one, two = rack.hostfile["hosts"][1:3]
    with rack.fleet.popen("control", argv, **PIPES) as run:
        assert any(" sums over 4 ranks" in line for line in run.stdout)
        try:
            rack.fleet.cut(one["ssh"], two["ssh"])
            said, _ = run.communicate(timeout=60)
        finally:
            rack.fleet.plug(one["ssh"], two["ssh"])
    assert run.returncode == 1
    assert f"on host {one['ssh']}" in said or f"on host {two['ssh']}" in said
    assert "(Connection timed out); check the cable between the two" in said
    assert rack.play("verify").changed() == 0  # plugged in again, everything is as before


def test_a_mesh_can_be_demanded_and_names_the_missing_cables(rack, configured):
    played = rack.play("configure", "-e", "thunderbolt_net_shape=mesh", fails=True)
    assert "there is no cable between mac1 and mac3, mac2 and mac4" in played.flat
    assert played.changed() == 0


def test_a_cut_ring_goes_over_ethernet_and_says_why(rack, configured):
    rack.fleet.cut("mac4", "mac1")
    try:
        played = rack.play("configure", "-e", f"thunderbolt_net_hostfile={rack.folder}/cut.json")
        assert "mac1 has a cable to mac2 only" in played.flat
        assert "mac4 has a cable to mac3 only" in played.flat
        assert "the hostfile goes over Ethernet" in played.flat
    finally:
        rack.fleet.plug("mac4", "mac1")
