# SPDX-License-Identifier: Apache-2.0
"""What mpirun is given: the machine file, how it reaches the other hosts, and a stub in the place of every rank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boltloom_launcher.backends import Plan

MACHINES = "@machines"  # stands for the path that the host gives the file
# Where each host's agent has put it: the words are the same on all hosts.
_STUB = ("/bin/sh", "-c", 'exec "$BOLTLOOM_MPI_PYTHON" -I -S "$BOLTLOOM_MPI_STUB"')


def stub_text() -> str:
    """The program that mpirun starts instead of a rank."""
    return (Path(__file__).parent / "stub.py").read_text(encoding="utf-8")


def mpirun_arguments(plan: Plan, version: str, given: Sequence[str]) -> list[str]:
    """The words after ``mpirun``; ``given`` are the user's, and come behind ours.

    Ranks are not bound to cores unless the user wants it: MLX and PyTorch start threads of their own.
    """
    if _is_open_mpi(version):
        ours = _open_mpi(plan, int(version.split()[-1].split(".")[0]))
    else:
        local = plan.addresses[plan.seats[0].host]
        ours = ["-launcher", "ssh", "-launcher-exec", "@daemon", "-localhost", local, "-genvnone", "-f", MACHINES]
    return [*ours, *given, "-n", str(len(plan.seats)), *_STUB]


def _open_mpi(plan: Plan, major: int) -> list[str]:
    option, component = ("--mca", "rsh") if major < 5 else ("--prtemca", "ssh")
    words = [option, f"plm_{component}_agent", "@daemon", option, f"plm_{component}_no_tree_spawn", "1"]
    mapping = "slot" if _in_blocks(plan) else "seq"
    # In the foreground, a daemon is a descendant of the agent that started it, and its exit status is known.
    return [*words, "--leave-session-attached", "--hostfile", MACHINES, "--map-by", mapping, "--bind-to", "none"]


def machine_file(plan: Plan, version: str) -> dict[str, str]:
    """The hosts in rank order, under their management addresses, as a file's name and content."""
    where = [seat.host for seat in plan.seats]
    counts = {host: where.count(host) for host in where}
    if not _is_open_mpi(version):
        lines = [f"{plan.addresses[host]}:1" for host in where]
    elif _in_blocks(plan):
        lines = [f"{plan.addresses[host]} slots={count}" for host, count in counts.items()]
    else:  # its mapper for any order compares with what the hosts call themselves
        lines = [plan.hostnames[host] for host in where]
    return {MACHINES: "".join(f"{line}\n" for line in lines)}


def _is_open_mpi(version: str) -> bool:
    return version.startswith("Open MPI")


def _in_blocks(plan: Plan) -> bool:
    """The ranks of each host follow each other."""
    where = [seat.host for seat in plan.seats]
    changes = sum(one != other for one, other in zip(where, where[1:], strict=False))
    return changes == len(set(where)) - 1
