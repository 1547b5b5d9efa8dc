# SPDX-License-Identifier: Apache-2.0
"""What happens to a job when something happens: a pure function from (state, event) to (state, actions).

The first rank to fail decides. "First" is by the time that its agent measured, not by
the order in which news arrive; a rank that had been told to end is a casualty, not a cause.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from typing import Literal

from boltloom_launcher.errors import EXIT_DEADLINE, EXIT_SIGNAL, EXIT_UNFIT

# ---- events ----


@dataclass(frozen=True)
class Started:
    """A rank runs."""

    rank: int
    pid: int


@dataclass(frozen=True)
class Ended:
    """A rank is over: it exited, was killed, could not be started, or its host was lost."""

    rank: int
    after: float  # seconds since the ranks of its host were started
    code: int | None = None
    signal: int | None = None
    by_us: bool = False  # it had been told to end before it ended
    reason: str = ""  # instead of code and signal: "could not be started (...)", "was lost: ..."

    @property
    def failed(self) -> bool:
        """It did not end well."""
        return self.code != 0

    @property
    def status(self) -> int:
        """Its exit status, as a shell would give it."""
        if self.signal is not None:
            return EXIT_SIGNAL + self.signal
        return EXIT_UNFIT if self.code is None else self.code


@dataclass(frozen=True)
class Stopped:
    """Somebody other than a rank ends the job: a signal, the deadline, a reader of our output who went away."""

    why: Literal["interrupted", "deadline", "output-closed"]
    signal: int = 0


@dataclass(frozen=True)
class EndingOverdue:
    """Even SIGKILL has not ended everybody in time."""


Event = Started | Ended | Stopped | EndingOverdue

# ---- actions ----


@dataclass(frozen=True)
class End:
    """Send ``signal`` to all ranks, and SIGKILL after ``grace`` seconds."""

    signal: int
    grace: float


@dataclass(frozen=True)
class Finish:
    """Everything is over; leave with this status."""

    status: int


Action = End | Finish

# ---- state ----


@dataclass(frozen=True)
class Job:
    """What is known about the ranks. ``ended`` holds them in the order of the news."""

    size: int
    grace: float
    pids: tuple[tuple[int, int], ...] = ()  # (rank, pid) of those that were started
    ended: tuple[Ended, ...] = ()
    stopped: Stopped | None = None  # what ended the job, if it was not a rank
    ending: bool = False
    finished: bool = False

    @property
    def cause(self) -> Ended | None:
        """The rank that failed first of its own accord."""
        own = [end for end in self.ended if end.failed and not end.by_us]
        return min(own, key=lambda end: end.after, default=None)

    @property
    def status(self) -> int:
        """The exit status of the whole job."""
        if self.stopped:
            if self.stopped.why == "deadline":
                return EXIT_DEADLINE
            return EXIT_SIGNAL + self.stopped.signal
        if self.cause:
            return self.cause.status
        # Nobody failed before being told to end, yet not everybody is known to have succeeded.
        return EXIT_UNFIT if len(self.ended) < self.size or any(end.failed for end in self.ended) else 0


def step(job: Job, event: Event) -> tuple[Job, tuple[Action, ...]]:
    """Take one event. Nothing happens any more after Finish."""
    if job.finished:
        return job, ()
    if isinstance(event, Started):
        return replace(job, pids=(*job.pids, (event.rank, event.pid))), ()
    if isinstance(event, Ended):
        return _ended(job, event)
    if isinstance(event, Stopped):
        return _stopped(job, event)
    return _finish(job)


def _ended(job: Job, event: Ended) -> tuple[Job, tuple[Action, ...]]:
    if any(end.rank == event.rank for end in job.ended):
        return job, ()  # its host was lost after it had ended
    job = replace(job, ended=(*job.ended, event))
    if len(job.ended) == job.size:
        return _finish(job)
    if event.failed and not job.ending:
        return replace(job, ending=True), (End(signal.SIGTERM, job.grace),)
    return job, ()


def _stopped(job: Job, event: Stopped) -> tuple[Job, tuple[Action, ...]]:
    if job.ending:
        # The user is in a hurry: the second signal kills. A deadline changes nothing about an ending in progress.
        return job, (End(signal.SIGKILL, 0.0),) if event.why == "interrupted" else ()
    number = event.signal if event.why == "interrupted" else signal.SIGTERM
    return replace(job, ending=True, stopped=event), (End(number, job.grace),)


def _finish(job: Job) -> tuple[Job, tuple[Action, ...]]:
    return replace(job, finished=True), (Finish(job.status),)
