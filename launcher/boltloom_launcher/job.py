# SPDX-License-Identifier: Apache-2.0
"""What the user asked for, typed."""

from __future__ import annotations

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.event_log import EventLog
from boltloom_launcher.hosts import Roster
from boltloom_launcher.output import Style
from boltloom_launcher.rank_logs import RankLogs


class Request(NamedTuple):
    """One run of ``boltloom launch``."""

    roster: Roster
    backend: str  # "": what the hosts are fit for
    argv: tuple[str, ...]
    module: bool = False  # argv begins with the name of a Python module
    checked: bool = True  # the hosts are asked whether they have the program
    preflight: bool = True  # several hosts are compared and joined before anything runs
    cables: tuple[tuple[str, str], ...] = ()  # address -> the cable that it is on, as far as the hostfile says it
    python: str = ""  # the interpreter that the command line asks for; argv begins with it
    env: tuple[tuple[str, str], ...] = ()
    given_env: frozenset[str] = frozenset()  # the names in it that the command line gave
    cwd: str = "."
    cwd_required: bool = False
    starting_port: int | None = None  # None: ports that are free on each host
    connections_per_ip: int = 1
    nccl_port: int | None = None
    mpi_args: tuple[str, ...] = ()  # for mpirun
    timeout: float = 300.0
    deadline: float | None = None
    grace: float = 10.0
    stdin: tuple[int, ...] = ()  # the ranks that read what is typed
    tty: bool = False  # each rank has a terminal
    keys: bool = False  # and all that is typed on ours, key by key, is for the one that reads
    restarts: int = 0  # how often all ranks are started again when one has failed
    rest: float = 0.0  # seconds before they are
    dry: bool = False  # everything but the start of the ranks; what would be started is printed
    style: Style = Style()
    logs: RankLogs | None = None
    events: EventLog | None = None
    verbose: bool = False

    @property
    def hidden(self) -> frozenset[int]:
        """The ranks whose output is not shown."""
        every = frozenset(range(len(self.roster.seats)))
        return frozenset() if self.style.shown is None else every - self.style.shown
