# SPDX-License-Identifier: Apache-2.0
"""What can happen to a run. Seconds are on the launcher's clock, counted from the start of the ranks."""

from __future__ import annotations

from typing import Literal

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.errors import EXIT_SIGNAL, EXIT_UNFIT

Phase = Literal["connecting", "preparing", "inspecting", "reaching", "running", "ending", "resting", "leaving", "over"]


class Answered(NamedTuple):
    """A host said what the present phase waits for: hello, or what is wrong with it."""

    host: int
    problems: tuple[str, ...] = ()


class Drafted(NamedTuple):
    """There is a plan for the hosts that have answered."""

    compared: bool = False  # they are several computers, and are to be compared and joined before anything runs


class Refused(NamedTuple):
    """There can be no such plan."""

    status: int
    why: str


class Compared(NamedTuple):
    """What the hosts have answered was laid side by side."""

    problems: tuple[tuple[int, str], ...] = ()  # (host, the end of a sentence about it)
    warnings: tuple[str, ...] = ()


class Started(NamedTuple):
    """A rank runs."""

    rank: int
    pid: int


class Ended(NamedTuple):
    """A rank is over: it exited, was killed, could not be started, or its host was lost."""

    rank: int
    after: float
    code: int | None = None
    signal: int | None = None
    by_us: bool = False  # it had been told to end before it ended
    reason: str = ""  # instead of code and signal: "could not be started (...)", "was lost: ..."
    blames: int | None = None  # the rank that its last words name as the trouble
    misses_peer: bool = False  # they say that another rank went away, but not which
    peak_bytes: int | None = None  # memory that it had at most
    oom_kill: bool = False  # while it ran, the kernel of its host killed somebody because memory ran out
    last_words: tuple[str, ...] = ()  # the last lines that it wrote

    @property
    def casualty(self) -> bool:
        """By its own words, it failed because another rank did."""
        return self.blames is not None or self.misses_peer

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


class Lost(NamedTuple):
    """A connection ended, though nobody had left."""

    host: int
    why: str
    after: float = 0.0


class AgentEnded(NamedTuple):
    """An agent was told to end by somebody else, and ends its ranks."""

    host: int
    why: str
    after: float = 0.0


class Gone(NamedTuple):
    """Nothing is left of an agent and of the connection to it."""

    host: int


class Stopped(NamedTuple):
    """Somebody other than a rank ends the job: a signal, `boltloom kill`, the deadline, output that nobody takes."""

    why: Literal["interrupted", "killed", "deadline", "output-closed", "output-failed"]
    signal: int = 0
    words: str = ""  # of the system, for "output-failed"; who did it, for "killed"


class Looked(NamedTuple):
    """It is time to see who is still there."""

    late: float  # seconds that we ourselves were not running
    quiet: tuple[tuple[int, float], ...]  # (host, seconds since it was heard) of those behind a network


class Overdue(NamedTuple):
    """A phase has taken all the time that it was given."""

    phase: Phase
    attempt: int


Event = (
    Answered | Drafted | Refused | Compared | Started | Ended | Lost | AgentEnded | Gone | Stopped | Looked | Overdue
)
