# SPDX-License-Identifier: Apache-2.0
"""``boltloom exec`` under real schedulers: the ranks find each other, and each becomes its program."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from boltloom_launcher.agent.ports import LOCKS, sweep
from launcher.running import BOLTLOOM, DEADLINE
from launcher.slurm import Slurm

ROOT = Path(__file__).resolve().parents[2]
ALL_REDUCE = [sys.executable, str(ROOT / "examples/all_reduce.py"), "--sizes", "4K", "--repeat", "1"]
MLX = [sys.executable, str(ROOT / "examples/mlx_all_sum.py")]
# One after the other, each in the environment of the same rank.
BOTH = ["sh", "-c", 'set -e; "$0" "$1" --sizes 4K --repeat 1; "$0" "$2"', sys.executable, ALL_REDUCE[1], MLX[1]]
RIGHT = re.compile(r"^rank (\d+) on \S+: .*\b(\d+) ok$", re.MULTILINE)
EXEC = [*BOLTLOOM, "exec"]
OPEN_MPI = ["mpirun.openmpi", "--oversubscribe"]
MPICH = ["mpirun.mpich"]
ROOT_MAY = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


@pytest.fixture(autouse=True)
def no_locks_stay() -> Iterator[None]:
    """A rank's locks of ports end with it; the next exec would remove the files."""
    yield
    with contextlib.suppress(FileNotFoundError):
        sweep([int(name) for name in os.listdir(LOCKS)])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def outside(home: Path) -> Iterator[dict[str, str]]:
    """An environment that no scheduler has touched, where mpirun leaves its folders to us."""
    ours = ("BOLTLOOM_", "MLX_", "OMPI_", "PMI", "SLURM_", "PYTHONUNBUFFERED")  # unbuffered lines may mix in one pipe
    with tempfile.TemporaryDirectory(prefix="boltloom-test-") as short:  # its sockets' paths have to be
        env = {"HOME": str(home), "TMPDIR": short}
        yield {k: v for k, v in os.environ.items() if not k.startswith(ours)} | ROOT_MAY | env


def run(argv: list[str], env: dict[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    null = subprocess.DEVNULL
    return subprocess.run(argv, env=env, cwd=cwd, stdin=null, capture_output=True, text=True, timeout=DEADLINE)


def right(done: subprocess.CompletedProcess[str], size: int, programs: int = 1) -> None:
    """Every rank got the right sum, in each program."""
    total = str(sum(range(1, size + 1)))
    found = sorted(RIGHT.findall(done.stdout))
    wanted = [(str(rank), total) for rank in range(size) for _ in range(programs)]
    assert (done.returncode, found) == (0, wanted), done.stdout + done.stderr


@pytest.mark.slow
class TestMpirun:
    """Both of them."""

    @pytest.mark.parametrize("mpirun", [OPEN_MPI, MPICH], ids=["openmpi", "mpich"])
    def test_ranks_sum(self, outside: dict[str, str], mpirun: list[str]) -> None:
        right(run([*mpirun, "-n", "2", *EXEC, "--", *BOTH], outside), 2, programs=2)

    def test_two_runs_at_once_do_not_meet(self, outside: dict[str, str]) -> None:
        """No variable of MPICH tells one run from another."""
        argv = [*MPICH, "-n", "2", *EXEC, "--", "sh", "-c", "echo $BOLTLOOM_RANK $BOLTLOOM_TOKEN $BOLTLOOM_RUN_ID"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}
        both = [subprocess.Popen(argv, env=outside, **pipes) for _ in range(2)]  # type: ignore[call-overload]
        ends = [each.communicate(timeout=DEADLINE) for each in both]
        said = [sorted(line.split() for line in out.splitlines()) for out, _ in ends]
        assert [[rank for rank, *_ in each] for each in said] == [["0", "1"]] * 2, ends
        tokens = [{token for _, token, _ in each} for each in said]
        assert [len(each) for each in tokens] == [1, 1] and tokens[0] != tokens[1]

    def test_ranks_of_several_hosts_meet_beside_mpirun(self, outside: dict[str, str], tmp_path: Path) -> None:
        """Both take this computer for two: MPICH without ssh, Open MPI with one that goes nowhere."""
        rsh = tmp_path / "rsh"
        rsh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
        rsh.chmod(0o755)
        here = os.uname().nodename
        show = ["sh", "-c", "echo $BOLTLOOM_RANK $BOLTLOOM_LOCAL_SIZE $BOLTLOOM_COORDINATOR"]
        for mpirun in (
            ["mpirun.mpich", "-launcher", "fork", "-hosts", "127.0.0.1,localhost"],
            ["mpirun.openmpi", "--mca", "plm_rsh_agent", str(rsh), "--host", f"{here}:1,far:1"],
        ):
            done = run([*mpirun, "-n", "2", *EXEC, "--timeout", "30", "--", *show], outside)
            said = sorted(line.split() for line in done.stdout.splitlines())
            assert [each[:2] for each in said] == [["0", "1"], ["1", "1"]] and said[0][2] == said[1][2], done.stderr

    def test_the_process_is_the_program(self, outside: dict[str, str]) -> None:
        """Its exit status is the run's, and SIGPIPE is as the system has it."""
        done = run([*MPICH, "-n", "1", *EXEC, "--", "sh", "-c", "yes | head -1; exit 7"], outside)
        assert (done.returncode, done.stdout.split()[0]) == (7, "y"), done.stdout + done.stderr
        assert "Broken pipe" not in done.stderr

    def test_a_hostfile_gives_addresses_environment_and_devices(self, outside: dict[str, str], tmp_path: Path) -> None:
        name = os.uname().nodename
        hosts = [{"ssh": name, "ips": [f"127.0.0.{i + 2}"], "rdma": [None, None]} for i in range(2)]
        hosts[0]["rdma"], hosts[1]["rdma"] = [None, "rdma_en2"], ["rdma_en3", None]
        file = tmp_path / "hosts.json"
        file.write_text(json.dumps({"backend": "jaccl", "envs": ["FROM=file"], "hosts": hosts}))
        show = 'echo "$BOLTLOOM_RANK $FROM $MLX_JACCL_COORDINATOR $(cat $MLX_IBV_DEVICES)"'
        done = run([*MPICH, "-n", "2", *EXEC, "--hostfile", str(file), "--", "sh", "-c", show], outside)
        devices = '[[null, "rdma_en2"], ["rdma_en3", null]]'
        assert [line.split(" ", 3) for line in sorted(done.stdout.splitlines())] == [
            [str(rank), "file", f"127.0.0.2:{done.stdout.split()[2].rpartition(':')[2]}", devices] for rank in range(2)
        ], done.stderr

    def test_a_problem_of_rank_zero_is_told_to_all(self, outside: dict[str, str], tmp_path: Path) -> None:
        file = tmp_path / "hosts.json"
        file.write_text(json.dumps([{"ssh": "elsewhere", "ips": ["10.0.0.1"]}]))
        done = run([*MPICH, "-n", "2", *EXEC, "--hostfile", str(file), "--", "true"], outside)
        line = (
            f"the hostfile has no host {os.uname().nodename}, where rank 0 runs: it has elsewhere; give one for these"
        )
        assert done.returncode == 3
        assert f"boltloom: {line} hosts" in done.stderr and f"boltloom: rank 0 has given up: {line}" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
class TestTorchrun:
    """Its own store stays where it is."""

    def test_ranks_sum(self, outside: dict[str, str]) -> None:
        torchrun = [str(Path(sys.executable).with_name("torchrun")), "--standalone", "--nproc-per-node", "2"]
        right(run([*torchrun, "--no-python", *EXEC, "--", *BOTH], outside), 2, programs=2)

    @pytest.mark.campaign
    def test_pytorch_finds_torchruns_store(self, outside: dict[str, str]) -> None:
        torchrun = [str(Path(sys.executable).with_name("torchrun")), "--standalone", "--nproc-per-node", "2"]
        program = [sys.executable, str(ROOT / "examples/torch_all_reduce.py")]
        environment = outside | {"GLOO_SOCKET_IFNAME": "lo"}
        right(run([*torchrun, "--no-python", *EXEC, "--", *program], environment), 2)


@pytest.fixture(scope="class")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    made = Slurm(tmp_path_factory.mktemp("slurm"))
    yield made
    made.stop()


@pytest.mark.fleet
class TestSlurm:
    """Two nodes, three tasks."""

    def test_ranks_on_two_nodes_sum(self, slurm: Slurm) -> None:
        done = slurm.run("srun", "-N2", "-n3", *EXEC, "--", *BOTH)
        right(done, 3, programs=2)
        assert "rank 2 on n2" in done.stdout

    def test_pmi2_is_slurms_too(self, slurm: Slurm) -> None:
        done = slurm.run("srun", "-N2", "-n2", "--mpi=pmi2", *EXEC, "--verbose", "--", "true")
        assert (done.returncode, len(re.findall(r"rank \d of 2 of Slurm on n\d", done.stderr))) == (0, 2), done.stderr

    def test_the_exit_status_is_the_programs(self, slurm: Slurm) -> None:
        done = slurm.run("srun", "-n1", *EXEC, "--", "sh", "-c", f"kill -{signal.SIGTERM:d} $$")
        assert done.returncode == 128 + signal.SIGTERM, done.stderr

    def test_rank_zero_may_be_on_any_node(self, slurm: Slurm, tmp_path: Path) -> None:
        (tmp_path / "order").write_text("n2\nn1\n")
        srun = ["srun", "-n2", "--distribution=arbitrary", *EXEC, "--coordinator", "n2", "--verbose", "--", "true"]
        done = slurm.run(*srun, SLURM_HOSTFILE=str(tmp_path / "order"))
        assert done.returncode == 0 and "rank 0 of 2 of Slurm on n2: " in done.stderr, done.stderr

    def test_a_batch_script_is_no_rank(self, slurm: Slurm) -> None:
        done = slurm.run("salloc", "-n1", *EXEC, "--", "true")
        line = "boltloom: this is a job of Slurm, but none of its tasks: start it as in: srun -n 2 boltloom exec --"
        assert done.returncode == 2 and line in done.stderr

    def test_lists_of_nodes_are_what_scontrol_says(self, slurm: Slurm) -> None:
        from boltloom_launcher.allocation.nodelist import expand

        for text in ("n1", "n[1-3,7],gpu[08-10]", "a,b1,c[001-003,009]"):
            assert expand(text) == slurm.run("scontrol", "show", "hostnames", text).stdout.split()


# Pods with names of their own that share a network; kubelet writes a pod's whole name into its /etc/hosts.
PODS = """\
ip link set lo up
for i in 2 1 0; do ip addr add 10.8.0.$i/32 dev lo; done
mount --bind "$0" /etc/hosts
for i in 2 1 0; do
  JOB_COMPLETION_INDEX=$i unshare -u sh -c 'hostname train-$JOB_COMPLETION_INDEX; exec "$@"' sh "$@" &
done
wait
"""


@pytest.mark.fleet
def test_pods_of_an_indexed_job_sum(outside: dict[str, str], tmp_path: Path) -> None:
    domain = "train.default.svc.cluster.local"
    rows = [f"10.8.0.{i} train-{i}.{domain} train-{i}" for i in range(3)]
    (tmp_path / "hosts").write_text("\n".join(["127.0.0.1 localhost", *rows, ""]))
    pods = [
        "unshare",
        "-m",
        "-n",
        "-p",
        "-f",
        "--mount-proc",
        "--kill-child=KILL",
        "sh",
        "-c",
        PODS,
        str(tmp_path / "hosts"),
    ]
    right(run([*pods, *EXEC, "--size", "3", "--", *ALL_REDUCE], outside | {"BOLTLOOM_TOKEN": "0123456789abcdef"}), 3)
