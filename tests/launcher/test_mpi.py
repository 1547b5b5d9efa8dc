# SPDX-License-Identifier: Apache-2.0
"""The backend mpi on this computer, with both MPI libraries: ranks like any others, wired up by its own mpirun."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from launcher.mpi_programs import MLX, MPI4PY, OF, options, python
from launcher.running import DEADLINE, Launch, Start, err, gone, read_lines

pytestmark = pytest.mark.slow
FLAVOURS = pytest.mark.parametrize("flavour", OF)


def left_behind() -> list[str]:
    """What ranks share memory by."""
    prefixes = ("boltloom-", "vader_segment.", "sm_segment.", "mpich", "ucx")
    return [each for each in os.listdir("/dev/shm") if each.startswith(prefixes)]


@FLAVOURS
def test_a_rank_is_the_same_one_for_mpi_for_us_and_for_its_output(launch: Launch, tmp_path: Path, flavour: str) -> None:
    more = "import os, sys\nprint(os.environ['RANK'], os.environ['GIVEN'], os.getcwd(), sys.stdin.read(), end='!')\n"
    given = ("--env", "GIVEN=a 'b' $c", "--cwd", str(tmp_path), "--output-dir", str(tmp_path), "--only-rank", "1")
    done = launch(*options(flavour), *given, "-n", "3", *python(OF[flavour], more), input=b"typed\n")
    assert (done.returncode, err(done)) == (0, [])
    expected = [f"{rank} 3 3\n{rank} a 'b' $c {tmp_path} typed\n!" for rank in range(3)]
    assert [(tmp_path / f"rank-{rank}.out").read_text() for rank in range(3)] == expected
    assert done.stdout.decode() == expected[1]


@pytest.mark.parametrize("program", [MLX, MPI4PY], ids=["mlx", "mpi4py"])
def test_mlx_and_mpi4py_find_open_mpi_by_themselves(launch: Launch, program: str) -> None:
    done = launch(*options("openmpi"), "-n", "2", "--tag-output", *python(program))
    assert (done.returncode, err(done)) == (0, [])
    assert sorted(done.stdout.decode().splitlines()) == ["[0] 0 2 1", "[1] 1 2 1"]


@FLAVOURS
def test_who_was_killed_is_named_and_mpirun_adds_nothing(launch: Launch, flavour: str) -> None:
    """It would print a page about it."""
    more = (
        "import os, signal, time\nif os.environ['RANK'] == '1': os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(300)\n"
    )
    done = launch(*options(flavour), "-n", "3", *python(OF[flavour], more))
    assert done.returncode == 137
    (line,) = err(done)
    assert re.fullmatch(
        r"boltloom: rank 1 on 127.0.0.1 \(pid \d+\) was killed by SIGKILL .*; the other 2 ranks .*", line
    )
    assert b"1 3 3" in done.stdout.splitlines()
    assert left_behind() == []


def test_arguments_for_mpirun_reach_it_and_what_it_gives_the_ranks_reaches_them(launch: Launch) -> None:
    show = "import os; print(os.environ['GIVEN'], sorted(os.sched_getaffinity(0)), os.environ['OMPI_COMM_WORLD_SIZE'])"
    given = ("--mpi-arg", "-x 'GIVEN=by mpirun'", "--mpi-arg", "--cpu-set 0 --bind-to cpu-list:ordered")
    done = launch(*options("openmpi"), *given, "-n", "1", "--", sys.executable, "-c", show)
    assert (done.returncode, err(done), done.stdout) == (0, [], b"by mpirun [0] 1\n")


def test_restarts_begin_with_another_mpirun(launch: Launch) -> None:
    given = ("--max-restarts", "1", "--restart-delay", "0.1")
    more = "import os; print('key-' + os.environ['BOLTLOOM_TOKEN'], flush=True); os._exit(5)\n"
    done = launch(*options("mpich"), *given, "-n", "2", *python(OF["mpich"], more))
    assert done.returncode == 5
    assert len({line for line in done.stdout.splitlines() if b"-" in line}) == 2


def test_an_mpirun_that_is_killed_is_named(start: Start) -> None:
    more = "import os, time\nprint(os.getpid(), os.getppid(), flush=True)\ntime.sleep(300)\n"
    process = start(*options("mpich"), "-n", "1", *python(OF["mpich"], more))
    rank, agent = map(int, read_lines(process, 2)[1].split())
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    (mpirun,) = [int(pid) for pid in children if "mpi" in Path(f"/proc/{pid}/comm").read_text()]
    os.kill(mpirun, signal.SIGKILL)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 3
    first, last = said.decode().splitlines()
    assert first == "boltloom: mpirun on 127.0.0.1 was killed by SIGKILL"
    assert last == f"boltloom: rank 0 on 127.0.0.1 (pid {rank}) lost its mpirun, which was killed by SIGKILL"
    assert gone(rank)
