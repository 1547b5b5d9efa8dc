# SPDX-License-Identifier: Apache-2.0
"""The words after mpirun, for each MPI, and the machine file: a table."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from boltloom_launcher.backends import Plan
from boltloom_launcher.hosts import default_reach, seat
from boltloom_launcher.mpi.arguments import MACHINES, machine_file, mpirun_arguments

ADDRESSES = {"mac1": "10.1.1.1", "mac2": "10.1.1.2"}


def plan_of(*names: str) -> Plan:
    """A rank on each of these."""
    roster = seat([Host(ssh=name) for name in names], default_reach)
    known = list(dict.fromkeys(names))
    return Plan(
        *("mpi", roster.hosts, roster.seats, "", 0, "", "", 1.0),
        addresses=tuple(ADDRESSES[name] for name in known),
        hostnames=tuple(f"{name}.local" for name in known),
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    {
        "Open MPI 4.1.4": "--mca plm_rsh_agent @daemon --mca plm_rsh_no_tree_spawn 1 --leave-session-attached "
        "--hostfile @machines --map-by slot --bind-to none --mca btl self -n 3",
        "Open MPI 5.0.8": "--prtemca plm_ssh_agent @daemon --prtemca plm_ssh_no_tree_spawn 1 --leave-session-attached "
        "--hostfile @machines --map-by slot --bind-to none --mca btl self -n 3",
        "MPICH 4.0.2": "-launcher ssh -launcher-exec @daemon -localhost 10.1.1.2 -genvnone -f @machines "
        "--mca btl self -n 3",
    }.items(),
)
def test_the_words(version: str, expected: str) -> None:
    words = mpirun_arguments(plan_of("mac2", "mac1", "mac1"), version, ["--mca", "btl", "self"])
    assert " ".join(words).partition(" /bin/sh -c ")[0] == expected
    assert words[-2] == "-c" and "stub" in words[-1].lower()


@pytest.mark.parametrize(
    ("version", "names", "lines"),
    [
        ("Open MPI 4.1.4", "mac2 mac1 mac1", ["10.1.1.2 slots=1", "10.1.1.1 slots=2"]),
        ("Open MPI 4.1.4", "mac2 mac1 mac2", ["mac2.local", "mac1.local", "mac2.local"]),
        ("MPICH 4.0.2", "mac2 mac1 mac2", ["10.1.1.2:1", "10.1.1.1:1", "10.1.1.2:1"]),
    ],
)
def test_the_machine_file_keeps_the_order_of_the_ranks(version: str, names: str, lines: list[str]) -> None:
    plan = plan_of(*names.split())
    assert machine_file(plan, version) == {MACHINES: "".join(f"{line}\n" for line in lines)}
    mapping = "seq" if lines[0] == "mac2.local" else "slot"
    assert (f"--map-by {mapping}" in " ".join(mpirun_arguments(plan, version, []))) == version.startswith("Open")
