# SPDX-License-Identifier: Apache-2.0
"""What mpirun needs of the launcher while it runs, and what its end means for the ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boltloom_launcher.agent.messages import DaemonOver, MpirunOver, Prepared, RunDaemon, WantDaemon
from boltloom_launcher.backends import Plan
from boltloom_launcher.policy.events import Ended
from boltloom_launcher.policy.job import Job
from boltloom_launcher.report import signal_name

RANKS_END_S = 2.0  # the news of a rank that made mpirun end comes within this time


def mismatch(host: int, prepared: Mapping[int, Prepared], names: Sequence[str]) -> list[str]:
    """What is wrong with a host that has just answered: its mpirun is not the one of another host."""
    mine = prepared[host].mpirun
    for other, answer in sorted(prepared.items()):
        if mine and answer.mpirun and _kind(mine) != _kind(answer.mpirun):
            remedy = "install the same on both, or name it with --env BOLTLOOM_MPIRUN=PATH"
            return [f"its mpirun is {mine}, and that of {names[other]} is {answer.mpirun}: {remedy}"]
    return []


def _kind(version: str) -> str:
    """ "Open MPI 4" of "Open MPI 4.1.4": releases of one series understand each other."""
    return version.split(".")[0]


def daemon_order(wanted: WantDaemon, plan: Plan, first: int) -> tuple[int, RunDaemon | DaemonOver]:
    """The order for a daemon that mpirun wants, and for which host; to mpirun's own, if there is no such host."""
    for labels in (plan.addresses, plan.hostnames):
        if wanted.host in labels:
            return labels.index(wanted.host), RunDaemon(wanted.number, wanted.words)
    return first, DaemonOver(wanted.number, 1)


def how_it_ended(news: MpirunOver) -> str:
    """ "exited with status 1" """
    if news.signal is not None:
        return f"was killed by {signal_name(news.signal)}"
    return f"exited with status {news.code}"


def left_alone(job: Job, news: MpirunOver, after: float) -> list[Ended]:
    """The ends of ranks that an mpirun which has ended leaves behind: never started, or cut off from the others."""
    over, started = {end.rank for end in job.ended}, {rank for rank, _ in job.pids}
    never = [rank for rank in range(job.size) if rank not in started | over]
    # With code 0 all is well, and the news is late; ranks that are being ended may take their grace.
    cut_off = sorted(started - over) if news.code != 0 and job.phase == "running" else []
    how = how_it_ended(news)
    ends = [Ended(rank, after, reason=f"could not be started (mpirun {how})") for rank in never]
    return [*ends, *(Ended(rank, after, reason=f"lost its mpirun, which {how}") for rank in cut_off)]
