# SPDX-License-Identifier: Apache-2.0
"""What is known about a run, and what follows from it: the cause, and the exit status."""

from __future__ import annotations

import signal

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.errors import EXIT_DEADLINE, EXIT_OUTPUT, EXIT_SIGNAL, EXIT_UNFIT
from boltloom_launcher.policy.events import AgentEnded, Ended, Phase, Stopped
from boltloom_launcher.policy.limits import CONNECT_S

# Ends so close to each other may have been seen in the wrong order: hosts have clocks of their own, and a killed
# process with much memory is seen to end later than those that miss it.
TOGETHER_S = 2.0

# Signals by which a program ends itself when it meets an error, such as the end of its neighbour.
_OWN_SIGNALS = (signal.SIGABRT, signal.SIGPIPE, signal.SIGTRAP)


class Failure(NamedTuple):
    """Why the ranks never ran; with status 0 that was what the user wanted."""

    status: int
    lines: tuple[str, ...]


class Job(NamedTuple):
    """A run. ``ended`` holds the ranks in the order of the news."""

    hosts: tuple[str, ...]  # what people call them
    seats: tuple[int, ...]  # rank -> its host
    grace: float
    deadline: float | None = None
    hidden: frozenset[int] = frozenset()  # the ranks whose output nobody sees
    restarts: int = 0  # how often the ranks may be started again
    rest: float = 0.0  # seconds before they are
    dry: bool = False  # nothing is started
    connect: float = CONNECT_S  # seconds in which every host has to answer
    phase: Phase = "connecting"
    attempt: int = 1
    compared: bool = False  # the hosts are to be compared and joined before the ranks start
    answered: frozenset[int] = frozenset()  # hosts that the phase no longer waits for
    problems: tuple[tuple[int, str], ...] = ()  # (host, line)
    failure: Failure | None = None
    pids: tuple[tuple[int, int], ...] = ()  # (rank, pid) of those that were started
    ended: tuple[Ended, ...] = ()
    lost: frozenset[int] = frozenset()  # hosts whose connection ended
    agents_ended: tuple[AgentEnded, ...] = ()
    stopped: Stopped | None = None  # what ended the job, if it was not a rank
    gone: frozenset[int] = frozenset()  # hosts of which nothing is left to wait for

    @property
    def size(self) -> int:
        """How many ranks there are."""
        return len(self.seats)

    @property
    def cause(self) -> Ended | None:
        """The rank that failed first of its own accord.

        Of those that failed together, one that was killed goes before one that met an error, and that before one
        whose last words speak of another rank.
        """
        own = [end for end in self.ended if end.failed and not end.by_us]
        if not own:
            return None
        first = min(end.after for end in own)
        together = [end for end in own if end.after <= first + TOGETHER_S]
        return min(together, key=lambda end: (_rank_of(end), end.after, end.rank))

    @property
    def status(self) -> int:
        """The exit status of the whole run."""
        if self.failure:
            return self.failure.status
        if self.stopped:
            return status_of(self.stopped)
        if self.cause:
            return self.cause.status
        # Nobody failed before being told to end, yet not everybody is known to have succeeded.
        return EXIT_UNFIT if len(self.ended) < self.size or any(end.failed for end in self.ended) else 0


def status_of(stopped: Stopped) -> int:
    """The exit status of a run that was stopped."""
    if stopped.why == "deadline":
        return EXIT_DEADLINE
    return EXIT_OUTPUT if stopped.why == "output-failed" else EXIT_SIGNAL + stopped.signal


def _rank_of(end: Ended) -> int:
    if end.signal is not None and end.signal not in _OWN_SIGNALS:
        return 0
    return 2 if end.casualty else 1
