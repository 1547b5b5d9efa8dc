# SPDX-License-Identifier: Apache-2.0
"""The launcher on the control node of a simulated fleet, as an ordinary user of Macs behind real sshds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.running import BOLTLOOM, DEADLINE, err, read_lines

pytestmark = pytest.mark.fleet

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def pair(bring_up: BringUp) -> Fleet:
    """Two Macs and a control node."""
    return bring_up("pair")


def launch(fleet: Fleet, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return fleet.run("control", [*BOLTLOOM, "launch", *arguments], text=False, timeout=DEADLINE)


def test_names_of_hosts_are_enough(pair: Fleet) -> None:
    done = launch(pair, "--hosts", "mac1,mac2", "--", "sh", "-c", "echo $RANK $(hostname) $BOLTLOOM_HOSTS")
    hosts = ";".join(f"{name}={pair.addresses[name]}" for name in ("mac1", "mac2"))
    assert err(done) == []
    assert sorted(done.stdout.decode().splitlines()) == [f"0 mac1 {hosts}", f"1 mac2 {hosts}"]


def test_the_coordinator_is_on_the_management_network_of_rank_0(pair: Fleet) -> None:
    done = launch(pair, "--hosts", "mac2,mac1", "--", "sh", "-c", "echo $BOLTLOOM_COORDINATOR $MASTER_ADDR")
    (line,) = set(done.stdout.decode().splitlines())
    assert re.fullmatch(rf"{pair.addresses['mac2']}:\d+ {pair.addresses['mac2']}", line)


def test_mlx_runs_unchanged(pair: Fleet) -> None:
    pytest.importorskip("mlx.core")
    done = launch(pair, "--hosts", "mac1,mac2", "--", sys.executable, str(EXAMPLES / "mlx_all_sum.py"))
    assert done.returncode == 0, err(done)
    assert len(done.stdout.splitlines()) == 2


def test_this_computer_takes_part_under_an_address_that_the_others_reach(pair: Fleet) -> None:
    """A loopback address in the ring would be another computer on every host."""
    pytest.importorskip("mlx.core")
    done = launch(pair, "--hosts", "127.0.0.1,mac1", "--", sys.executable, str(EXAMPLES / "mlx_all_sum.py"))
    assert done.returncode == 0, err(done)
    assert len(done.stdout.splitlines()) == 2


def test_one_host_under_two_names_is_one_host(pair: Fleet) -> None:
    names = f"mac1,{pair.addresses['mac1']},mac2"
    done = launch(pair, "--hosts", names, "--", "sh", "-c", "echo $RANK $LOCAL_RANK $LOCAL_WORLD_SIZE")
    assert err(done) == []
    assert sorted(done.stdout.decode().splitlines()) == ["0 0 2", "1 1 2", "2 0 1"]


def test_two_jobs_at_once_never_exchange_a_byte(pair: Fleet) -> None:
    """Both with MLX's ring on the same hosts; on fixed ports each rank would find the other job's."""
    pytest.importorskip("mlx.core")
    script = (
        "import mlx.core as mx, sys, time\n"
        "group = mx.distributed.init(backend='ring')\n"
        "for _ in range(200): total = mx.distributed.all_sum(mx.array([float(sys.argv[1])])).item()\n"
        "print(total)\n"
    )
    argv = [*BOLTLOOM, "launch", "--hosts", "mac1,mac2", "-n", "2", "--", sys.executable, "-c", script]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    jobs = [pair.popen("control", [*argv, str(number)], **pipe) for number in (1, 100)]
    seen = [job.communicate(timeout=DEADLINE * 2) for job in jobs]
    assert [(job.returncode, out.split()) for job, (out, _) in zip(jobs, seen, strict=True)] == [
        (0, [b"4.0"] * 4),
        (0, [b"400.0"] * 4),
    ], seen
    for mac in ("mac1", "mac2"):
        assert pair.run(mac, ["ls", "/tmp/boltloom-ports"]).returncode != 0


def test_a_killed_rank_is_the_cause_on_any_host(pair: Fleet) -> None:
    """Its neighbour on the other host fails a millisecond later, and that news may be the first."""
    pytest.importorskip("mlx.core")
    script = (
        "import mlx.core as mx, os, signal\n"
        "group = mx.distributed.init(backend='ring')\n"
        "for i in range(10000):\n"
        "    mx.eval(mx.distributed.all_sum(mx.ones(1000)))\n"
        "    if i == 20 and group.rank() == 1: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for _ in range(5):
        done = launch(pair, "--hosts", "mac1,mac2", "--", sys.executable, "-c", script)
        assert done.returncode == 137, err(done)
        assert any(re.match(r"boltloom: rank 1 on mac2 .* was killed by SIGKILL", line) for line in err(done))


def test_an_address_that_is_not_on_its_host_is_named_before_anything_runs(pair: Fleet, tmp_path: Path) -> None:
    (tmp_path / "hosts.json").write_text(
        '[{"ssh": "mac1", "ips": ["10.77.0.1"]}, {"ssh": "mac2", "ips": ["10.77.0.2"]}]'
    )
    done = launch(pair, "--hostfile", str(tmp_path / "hosts.json"), "--", "true")
    assert done.returncode == 3
    remedy = "plug its cable in, or configure the fabric again"
    assert err(done) == [
        f"boltloom: {mac}: {ip} is not an address of this host: {remedy}"
        for mac, ip in (("mac1", "10.77.0.1"), ("mac2", "10.77.0.2"))
    ]


def test_who_failed_first_does_not_depend_on_the_hosts_clocks(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "clocks.yml"
    file.write_text("hosts: {mac1: {clock: 3600}, mac2: {clock: -3600}}\n")
    program = "sleep 0.$((RANK * 5)); exit $((7 + RANK))"
    done = launch(bring_up(file), "--hosts", "mac1,mac2", "--", "sh", "-c", f"trap '' TERM; {program}")
    assert done.returncode == 7
    assert re.match(r"boltloom: rank 0 on mac1 \(pid \d+\) exited with status 7 after 0\.\d\d s; ", err(done)[0])


def test_a_host_that_goes_down_takes_the_run_with_it_and_leaves_nobody(pair: Fleet) -> None:
    argv = [*BOLTLOOM, "launch", "--grace", "1", "--hosts", "mac1,mac2", "--", "sh", "-c", "echo up; exec sleep 4321"]
    process = pair.popen("control", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert read_lines(process, 2) == ["up", "up"]
    pair.reboot("mac2")
    _, said = process.communicate(timeout=DEADLINE * 2)
    assert process.returncode == 3
    assert re.match(rb"boltloom: rank 1 on mac2 \(pid \d+\) was lost: .*; the other rank was ended\n", said)
    assert b"4321" not in pair.run("mac1", ["ps", "ax"], text=False).stdout
