# SPDX-License-Identifier: Apache-2.0
"""What a person is told at the end: who failed, where, how, and what became of the others."""

from __future__ import annotations

import signal
from collections.abc import Callable

from boltloom_launcher.policy import Ended, Job


def summary(job: Job, host_of: Callable[[int], str]) -> list[str]:
    """The lines for stderr; none when all went well."""
    if job.status == 0:
        return []
    lines = []
    if job.stopped and job.stopped.why != "output-closed":
        lines.append(f"{_stopped_words(job)}; {_count(job.size, 'rank')} {_were(job.size)} ended")
    elif job.cause and not job.stopped:
        lines.append(f"{_who(job, job.cause, host_of)} {_how(job.cause)}{_casualties(job, job.cause)}")
    ended = {end.rank for end in job.ended}
    lines += [f"rank {r} on {host_of(r)} may still be running: look there" for r in range(job.size) if r not in ended]
    return lines


def _who(job: Job, end: Ended, host_of: Callable[[int], str]) -> str:
    pid = dict(job.pids).get(end.rank)
    return f"rank {end.rank} on {host_of(end.rank)}" + (f" (pid {pid})" if pid else "")


def _how(end: Ended) -> str:
    if end.reason:
        return end.reason
    after = f"after {end.after:.1f} s" if end.after >= 1 else f"after {end.after:.2f} s"
    if end.signal is not None:
        return f"was killed by {signal_name(end.signal)} {after}"
    return f"exited with status {end.code} {after}"


def _casualties(job: Job, cause: Ended) -> str:
    others = [end for end in job.ended if end.rank != cause.rank]
    failed = sum(end.failed and not end.by_us for end in others)
    ended = sum(end.by_us for end in others)
    parts = []
    if failed:
        parts.append(f"{_count(failed, 'other rank')} failed after it")
    if ended:
        which = (
            _count(ended, "rank") if failed else f"the other {_count(ended, 'rank')}" if ended > 1 else "the other rank"
        )
        parts.append(f"{which} {_were(ended)} ended")
    return "".join("; " + part for part in parts)


def _stopped_words(job: Job) -> str:
    if job.stopped and job.stopped.why == "deadline":
        return "the deadline for the whole run has passed"
    return f"interrupted by {signal_name(job.stopped.signal if job.stopped else 0)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def signal_name(number: int) -> str:
    """ "SIGKILL" for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
