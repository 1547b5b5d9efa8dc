# SPDX-License-Identifier: Apache-2.0
"""The backend mpi on the simulated fleet, where no host has ssh to another one: mpirun's daemons come over ours."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.mpi_programs import MPI4PY, OF, options, python
from launcher.running import BOLTLOOM, DEADLINE, err, read_lines

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module")
def pair(bring_up: BringUp) -> Fleet:
    """Two Macs and a control node."""
    return bring_up("pair")


def launch(fleet: Fleet, flavour: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    argv = [*BOLTLOOM, "launch", *options(flavour), *arguments]
    return fleet.run("control", argv, text=False, timeout=DEADLINE)


def helpers(fleet: Fleet, host: str) -> list[str]:
    """What is left of mpirun, its daemons and the ranks."""
    words = fleet.run(host, ["ps", "ax", "-o", "command"]).stdout.splitlines()
    return [line for line in words if re.search(r"mpirun|orted|hydra_pmi|/stub.py|4321", line)]


@pytest.mark.parametrize("flavour", OF)
def test_ranks_are_where_they_were_wanted_and_add_up(pair: Fleet, tmp_path: Path, flavour: str) -> None:
    """Also in an order that mpirun would not choose by itself."""
    hostfile = tmp_path / "hosts.json"
    hostfile.write_text('[{"ssh": "mac2", "ips": []}, {"ssh": "mac1", "ips": []}, {"ssh": "mac2", "ips": []}]')
    network = {"openmpi": "OMPI_MCA_btl_tcp_if_include", "mpich": "UCX_NET_DEVICES"}[flavour]
    more = f"import os, socket; print(os.environ['RANK'], socket.gethostname(), os.environ['{network}'])\n"
    done = launch(pair, flavour, "--hostfile", str(hostfile), *python(OF[flavour], more))
    assert (done.returncode, err(done)) == (0, [])
    near = {mac: f"{pair.addresses[mac]}/31" if flavour == "openmpi" else "en0" for mac in ("mac1", "mac2")}
    places = [f"{rank} {mac} {near[mac]}" for rank, mac in enumerate(("mac2", "mac1", "mac2"))]
    sums = [f"{rank} 3 3" for rank in range(3)]
    assert sorted(done.stdout.decode().splitlines()) == sorted(sums + places)
    assert helpers(pair, "mac1") == helpers(pair, "mac2") == []


@pytest.mark.parametrize("flavour", OF)
def test_a_rank_that_fails_on_another_host_gives_the_status(pair: Fleet, flavour: str) -> None:
    more = "import os, time\nif os.environ['RANK'] == '1': os._exit(7)\ntime.sleep(4321)\n"
    done = launch(pair, flavour, "--hosts", "mac1,mac2", *python(OF[flavour], more))
    assert done.returncode == 7
    (line,) = err(done)
    assert re.match(
        r"boltloom: rank 1 on mac2 \(pid \d+\) exited with status 7 after .*; the other rank was ended", line
    )
    assert helpers(pair, "mac1") == helpers(pair, "mac2") == []


def running(fleet: Fleet, more: str) -> subprocess.Popen[bytes]:
    """A run across both hosts whose ranks have found each other."""
    argv = [*BOLTLOOM, "launch", "--grace", "3", *options("openmpi"), "--hosts", "mac1,mac2", *python(MPI4PY, more)]
    process = fleet.popen("control", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert sorted(read_lines(process, 2)) == ["0 2 1", "1 2 1"]
    return process


def to_launcher(fleet: Fleet, number: int) -> None:
    argv = ["pkill", f"-{number}", "-o", "-f", "--", "boltloom_launcher launch"]
    assert fleet.run("control", argv, root=True).returncode == 0


def test_after_ctrl_c_the_ranks_can_still_agree(pair: Fleet) -> None:
    """Mpirun and its daemons outlive the ranks; with mpirun alone, Ctrl-C is its end first."""
    more = (
        "import signal, time\n"
        "def end(*_):\n"
        "    time.sleep(0.5)\n"
        "    print('saved by', world.allreduce(1), flush=True)\n"
        "    raise SystemExit(0)\n"
        "signal.signal(signal.SIGINT, end)\n"
        "time.sleep(4321)\n"
    )
    process = running(pair, more)
    to_launcher(pair, signal.SIGINT)
    out, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, said
    assert out.splitlines() == [b"saved by 2"] * 2
    assert helpers(pair, "mac1") == helpers(pair, "mac2") == []


def test_nobody_outlives_a_launcher_that_was_killed(pair: Fleet) -> None:
    process = running(pair, "import time; time.sleep(4321)\n")
    assert helpers(pair, "mac1") and helpers(pair, "mac2")
    to_launcher(pair, signal.SIGKILL)
    process.communicate(timeout=DEADLINE)
    end = time.monotonic() + DEADLINE
    while helpers(pair, "mac1") or helpers(pair, "mac2"):
        assert time.monotonic() < end, (helpers(pair, "mac1"), helpers(pair, "mac2"))
        time.sleep(0.1)
    for mac in ("mac1", "mac2"):
        names = pair.run(mac, ["ls", "/tmp", "/dev/shm"]).stdout.split()
        assert not [name for name in names if re.match(r"boltloom-[0-9a-f]|ompi|vader", name)]
