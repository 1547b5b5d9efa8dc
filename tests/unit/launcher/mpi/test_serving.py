# SPDX-License-Identifier: Apache-2.0
"""Where a daemon goes, whose mpirun does not fit, and what the end of mpirun means for the ranks."""

from __future__ import annotations

from boltloom_launcher.agent.messages import DaemonOver, MpirunOver, Prepared, RunDaemon, WantDaemon
from boltloom_launcher.backends import Plan
from boltloom_launcher.mpi.serving import daemon_order, left_alone, mismatch
from boltloom_launcher.policy.events import Ended
from boltloom_launcher.policy.job import Job

PLAN = Plan("mpi", (), (), "", 0, "", "", 1.0, addresses=("10.0.0.1", "10.0.0.2"), hostnames=("one", "two"))


def test_a_daemon_runs_where_it_is_wanted_or_mpirun_hears_that_it_cannot() -> None:
    assert daemon_order(WantDaemon(3, "10.0.0.2", ["orted"]), PLAN, 0) == (1, RunDaemon(3, ["orted"]))
    assert daemon_order(WantDaemon(3, "two", ["orted"]), PLAN, 0) == (1, RunDaemon(3, ["orted"]))
    assert daemon_order(WantDaemon(3, "elsewhere", ["orted"]), PLAN, 1) == (1, DaemonOver(3, 1))


def prepared(*versions: str) -> dict[int, Prepared]:
    return {host: Prepared([], [], [], "/", version) for host, version in enumerate(versions)}


def test_releases_of_one_series_fit_and_others_are_named_with_both_hosts() -> None:
    names = ("mac1", "mac2")
    assert mismatch(1, prepared("Open MPI 4.1.4", "Open MPI 4.1.6"), names) == []
    assert mismatch(1, prepared("", ""), names) == []  # another backend
    assert mismatch(1, prepared("Open MPI 4.1.4", ""), names) == []  # it has none: that is said already
    (line,) = mismatch(1, prepared("Open MPI 4.1.4", "MPICH 4.0.2"), names)
    assert line.startswith("its mpirun is MPICH 4.0.2, and that of mac1 is Open MPI 4.1.4: ")
    assert mismatch(1, prepared("Open MPI 4.1.4", "Open MPI 5.0.1"), names) != []


def test_an_end_of_mpirun_is_the_end_of_ranks_that_it_has_not_started_or_cut_off() -> None:
    pids, ended = ((0, 10), (1, 11)), (Ended(0, 1.0, code=0),)
    job = Job(("mac1",), (0, 0, 0), 1.0, phase="running", pids=pids, ended=ended)
    failed = left_alone(job, MpirunOver(1, None), 5.0)
    assert [(end.rank, end.reason) for end in failed] == [
        (2, "could not be started (mpirun exited with status 1)"),
        (1, "lost its mpirun, which exited with status 1"),
    ]
    killed = left_alone(job, MpirunOver(None, 9), 5.0)
    assert killed[1].reason == "lost its mpirun, which was killed by SIGKILL"
    assert [end.rank for end in left_alone(job, MpirunOver(0, None), 5.0)] == [2]
    taking_their_grace = job._replace(phase="ending")
    assert [end.rank for end in left_alone(taking_their_grace, MpirunOver(None, 9), 5.0)] == [2]
