# SPDX-License-Identifier: Apache-2.0
"""The demo's steps keep their promises (results, not wording), and it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import steps
from demo.places import FleetPlace, LocalPlace, fleet_place

ROOT = Path(__file__).resolve().parents[2]
MACS = ("mac1", "mac2", "mac3", "mac4")


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetPlace]:
    with fleet_place(f"demotest-{os.getpid()}") as place:
        yield place


@pytest.fixture(scope="module")
def bridged(fleet: FleetPlace) -> dict[str, tuple[str, ...]]:
    return steps.as_delivered(fleet)


@pytest.fixture(scope="module")
def configured(fleet: FleetPlace, bridged: dict[str, tuple[str, ...]]) -> steps.Configured:
    return steps.configure(fleet)


@pytest.mark.fleet
class TestOnAFleet:
    def test_every_port_is_in_the_bridge_first(self, bridged: dict[str, tuple[str, ...]], configured: steps.Configured):
        assert bridged == {mac: ("en2", "en3", "en4", "en5", "en6", "en7") for mac in MACS}

    def test_the_playbook_changes_every_host_once(self, configured: steps.Configured):
        assert set(configured.first) == set(configured.second) == set(MACS)
        assert all(configured.first.values())
        assert not any(configured.second.values())

    def test_the_hostfile_is_a_ring_over_cables(self, configured: steps.Configured):
        hosts = json.loads(configured.hostfile)["hosts"]
        assert sorted(host["ssh"] for host in hosts) == list(MACS)
        assert all(host["ips"] for host in hosts)
        assert not [ip for host in hosts for ip in host["ips"] if ip.startswith("192.168.")]

    def test_every_rank_sums_right_and_the_bytes_take_the_cables(self, fleet: FleetPlace, configured: steps.Configured):
        summed = steps.all_reduce(fleet)  # raises when en0 carried them
        assert sorted(summed.hosts.values()) == list(MACS)

    def test_an_mlx_program_runs_unchanged(self, fleet: FleetPlace, configured: steps.Configured):
        assert sorted(steps.mlx(fleet).hosts.values()) == list(MACS)

    def test_a_killed_rank_ends_the_run_and_is_named(self, fleet: FleetPlace, configured: steps.Configured):
        killed = steps.kill_a_rank(fleet)
        assert killed.code == 128 + signal.SIGKILL
        assert "mac3" in killed.report
        assert killed.seconds < 20  # about one, on a machine that does nothing else
        left = fleet.fleet.run("mac1", ["ps", "-eo", "args"]).stdout
        assert "slow_sum.py" not in left


class TestOnThisComputer:
    def test_every_rank_sums_right(self):
        assert sorted(steps.all_reduce(LocalPlace()).hosts) == [0, 1, 2, 3]

    def test_an_mlx_program_runs_unchanged(self):
        assert sorted(steps.mlx(LocalPlace()).hosts) == [0, 1, 2, 3]

    def test_a_killed_rank_ends_the_run(self):
        assert steps.kill_a_rank(LocalPlace()).code == 128 + signal.SIGKILL


def traces(name: str) -> dict[str, list[str]]:
    """What a fleet of that name could have left: mounts, processes, files."""
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if name in line]
    processes = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name in line:
            processes.append(line)
    files = [str(path) for path in (ROOT / ".build").glob(f"*{name}*")] + [str(p) for p in Path("/run").rglob(name)]
    return {"mounts": mounts, "processes": processes, "files": files}


@pytest.mark.fleet
def test_ctrl_c_leaves_nothing_behind():
    """As a terminal sends it: SIGINT to the whole foreground group, while the playbook runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "$ ansible-playbook" in line:
                os.killpg(demo.pid, signal.SIGINT)
                break
        rest = demo.stdout.read()
        assert demo.wait(timeout=60) == 130, rest
    assert "Traceback" not in rest
    assert traces(f"demo-{demo.pid}") == {"mounts": [], "processes": [], "files": []}
