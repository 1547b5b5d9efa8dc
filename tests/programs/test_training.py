# SPDX-License-Identifier: Apache-2.0
"""Data-parallel training: all ranks end with the same parameters, and with those of one rank that saw everything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.running import BOLTLOOM, DEADLINE

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
LOSS = re.compile(r"rank (\d+) on \S+: after 20 steps over (\d+) ranks the loss is (0\.\d{6}) ok")


def losses(done: subprocess.CompletedProcess[str], ranks: int) -> set[float]:
    """What every rank has found."""
    assert done.returncode == 0, done.stderr
    found = LOSS.findall(done.stdout)
    assert sorted((rank, size) for rank, size, _ in found) == [(str(rank), str(ranks)) for rank in range(ranks)]
    return {float(loss) for _, _, loss in found}


# As torchrun has it: the threads of several ranks, each for all cores, mostly wait for each other.
ENV = ["--env", "OMP_NUM_THREADS=1"]


def here(program: str, ranks: int) -> set[float]:
    argv = [*BOLTLOOM, "launch", "-n", str(ranks), *ENV, "--", sys.executable, str(EXAMPLES / program)]
    null = subprocess.DEVNULL
    done = subprocess.run(argv, stdin=null, capture_output=True, text=True, timeout=DEADLINE * 2, check=False)
    return losses(done, ranks)


@pytest.mark.parametrize(("program", "ranks"), [("mlx_gradient_average.py", 4), ("torch_ddp.py", 2)])
def test_on_this_computer(program: str, ranks: int) -> None:
    (alone,) = here(program, 1)
    assert 0 < alone < 0.2  # it has learnt something: at first this is about 0.5
    (together,) = here(program, ranks)
    assert together == pytest.approx(alone, abs=2e-5)


@pytest.mark.fleet
def test_across_hosts(bring_up: BringUp) -> None:
    pair: Fleet = bring_up("pair")
    for program in ("mlx_gradient_average.py", "torch_ddp.py"):
        argv = [*BOLTLOOM, "launch", "--hosts", "mac1,mac2", *ENV, "--", sys.executable, str(EXAMPLES / program)]
        assert len(losses(pair.run("control", argv, timeout=DEADLINE * 2), 2)) == 1
