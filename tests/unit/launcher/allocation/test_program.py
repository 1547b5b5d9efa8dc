# SPDX-License-Identifier: Apache-2.0
"""The environment of a rank under a scheduler, and how a process becomes its program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from boltloom_launcher.allocation.program import environment_of, found
from boltloom_launcher.backends import Plan
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Seat

PLAN = Plan(
    backend="nccl",
    hosts=(Host("a", ("10.0.0.1",)), Host("b", ("10.0.0.2",))),
    seats=(Seat(0, 0, 0, 1), Seat(1, 1, 0, 1)),
    coordinator="10.0.0.1:20001",
    master_port=20002,
    token="0" * 32,
    run_id="calm-crane-1",
    timeout=5.0,
    ports=((20003,), ()),
)
INHERITED = {"PATH": "/bin", "MLX_RANK": "9", "MLX_HOSTFILE": "old", "MASTER_ADDR": "m", "MASTER_PORT": "1"}


def test_what_another_run_has_left_does_not_reach_the_rank() -> None:
    made = environment_of(PLAN, 1, INHERITED, ())
    assert "MLX_HOSTFILE" not in made
    assert (made["PATH"], made["MLX_RANK"], made["MASTER_ADDR"], made["MASTER_PORT"]) == (
        "/bin",
        "1",
        "10.0.0.1",
        "20002",
    )


def test_what_the_scheduler_has_set_better_stays() -> None:
    made = environment_of(PLAN, 1, INHERITED | {"CUDA_VISIBLE_DEVICES": "3"}, ("MASTER_ADDR", "MASTER_PORT"))
    assert (made["MASTER_ADDR"], made["MASTER_PORT"], made["CUDA_VISIBLE_DEVICES"]) == ("m", "1", "3")
    assert environment_of(PLAN, 1, INHERITED, ())["CUDA_VISIBLE_DEVICES"] == "0"


def test_programs_are_found_as_the_launcher_finds_them(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("")
    assert found([str(script), "-x"], {"PATH": "/bin"}) == [sys.executable, str(script), "-x"]
    with pytest.raises(UnfitError, match="command not found: nothing"):
        found(["nothing"], {"PATH": "/bin"})


def becomes(*argv: str) -> subprocess.CompletedProcess[str]:
    source = f"import os; from boltloom_launcher.allocation.program import become; become({list(argv)!r}, os.environ)"
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60)


def test_it_becomes_the_program_with_signals_as_they_were() -> None:
    done = becomes("sh", "-c", "yes | head -1; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "y\n", "")


def test_a_script_without_a_first_line_runs_by_sh(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo $1\n")
    script.chmod(0o755)
    assert becomes(str(script), "a b").stdout == "a b\n"


def test_what_cannot_be_started_is_a_line(tmp_path: Path) -> None:
    assert "UnfitError" in becomes(str(tmp_path)).stderr
