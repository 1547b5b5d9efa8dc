# SPDX-License-Identifier: Apache-2.0
"""What launcher and agent tell each other: orders go to the agent, news come from it.

A field named ``data`` comes last and holds raw bytes; everything else is what JSON can hold.
"""

from __future__ import annotations

from typing import Any, Union

from boltloom_launcher.agent.named_tuple import NamedTuple

# ---- orders ----


class Port(NamedTuple):
    """A port that a rank of this host is going to listen on."""

    address: str
    port: int  # 0: one that is free
    remedy: str  # what to do when it is taken


class Command(NamedTuple):
    """What the ranks run, as it was given."""

    argv: list[str]
    python: str  # for a script that is not executable, and for a module: the launcher's own, where it exists
    module: bool  # argv begins with the name of a Python module
    checked: bool  # else it is left to the system to find it


class Prepare(NamedTuple):
    """Check this host for everything that its ranks will need, and keep ports for them."""

    command: Command
    env: dict[str, str]
    drop: list[str]  # variables that an outer run may have left
    cwd: str
    cwd_required: bool  # else the home takes its place where it does not exist
    ports: list[Port]
    files: bool  # some of the ranks will get files
    grace: float  # seconds from SIGTERM to SIGKILL, also when the connection is lost
    silence: float | None  # an agent that hears nothing for so many seconds ends its ranks; None: it waits for ever
    mpi: bool = False  # an mpirun is needed, too


class Endpoint(NamedTuple):
    """Where somebody listens."""

    address: str
    port: int


class Inspect(NamedTuple):
    """Say what hosts must have in common, and listen where the others are going to try."""

    distributions: list[str]  # of Python, whose versions are asked
    listen: list[Endpoint]
    token: str  # what whoever connects has to say
    rdma: bool  # the state of RDMA devices is asked, too


class Connect(NamedTuple):
    """Try to connect where other hosts listen for it."""

    targets: list[Endpoint]


class RankOrder(NamedTuple):
    """What one rank gets."""

    rank: int
    env: dict[str, str]
    files: dict[str, str]  # variable that holds the path -> content
    stdin: bool  # it reads what is typed


class Start(NamedTuple):
    """Start the ranks of this host, as it was prepared for them."""

    env: dict[str, str]
    drop: list[str]
    ranks: list[RankOrder]


class StartMpi(NamedTuple):
    """Have the hosts' mpirun start the ranks; here those of this host."""

    env: dict[str, str]
    drop: list[str]
    ranks: list[RankOrder]
    addresses: list[list[str]]  # for each of these ranks: those by which others reach it; []: it does not matter
    arguments: list[str]  # for mpirun; "@daemon" is ours, "@NAME" the path of a file. []: it runs on another host
    files: dict[str, str]  # "@NAME" -> content
    stub: str  # the program that mpirun starts instead of a rank, and instead of ssh
    patience: float  # seconds for mpirun to start all ranks


class RunDaemon(NamedTuple):
    """Run mpirun's daemon here: the words that ssh would be given."""

    number: int
    words: list[str]


class Terminal(NamedTuple):
    """Every rank that is started from here on has a terminal of this size; those that have one get the size."""

    columns: int
    rows: int
    echo: bool  # it shows what is typed: the user's own terminal does not


class Stop(NamedTuple):
    """End the ranks: this signal now, sterner ones until SIGKILL after ``grace`` seconds."""

    signal: int
    grace: float


class Forward(NamedTuple):
    """Send a signal to every rank, which may do with it what it likes."""

    signal: int


class Credit(NamedTuple):
    """So many more bytes of the ranks' stdout (1) or stderr (2) may be sent."""

    stream: int
    size: int


class Stdin(NamedTuple):
    """A piece of what was typed, for one rank; b"" is the end of file."""

    rank: int
    data: bytes


class Run(NamedTuple):
    """The run that the next order to start is about, for the registry of this host."""

    name: str
    user: str  # the launcher's
    host: str
    pid: int
    command: list[str]
    logs: str  # where the launcher keeps all output, "" for nowhere


class ListRuns(NamedTuple):
    """Say which runs of this user have ranks on this host."""


class EndRun(NamedTuple):
    """Have the agent of such a run end it, with this signal first."""

    key: str  # of its RunEntry
    signal: int
    by: str  # the user who wants it, and from where


class ReadLog(NamedTuple):
    """Send what a rank of such a run has written, from this byte on."""

    key: str
    rank: int
    start: int


class Ping(NamedTuple):
    """Say that you are there."""


class Leave(NamedTuple):
    """End whatever is left of the ranks, and yourself."""


# ---- news ----


class Hello(NamedTuple):
    """The agent is there."""

    pid: int
    python: str
    hostname: str
    machine: str  # the same for all agents on this computer
    gpus: int  # devices of NVIDIA
    server: str  # the host's end of the ssh connection, "" for a local agent
    client: str  # our end, as the host sees it


class Prepared(NamedTuple):
    """The host was checked. The ranks can start if there are no problems."""

    problems: list[str]
    ports: list[int]  # in the order of those that were asked for
    argv: list[str]  # what the ranks will run here
    cwd: str  # and where
    mpirun: str = ""  # as in "Open MPI 4.1.4", if it was asked for


class Inspected(NamedTuple):
    """What is to be compared with the other hosts."""

    system: str  # as Python calls it: "linux", "darwin"
    python: str  # that the ranks run under, "" if their program is none of Python's
    script: str  # the path of the file that they run, "" if there is none to compare
    digest: str  # of its text
    libraries: list[str]  # distributions that it imports from, as far as it says
    versions: dict[str, str]  # of the distributions that are installed
    rdma: dict[str, str]  # what the system says of its RDMA devices
    problem: str  # why the ranks' Python could not be asked, "" if it was
    deaf: str  # why nobody listens for the other hosts, "" if somebody does


class Attempt(NamedTuple):
    """What became of one of the targets."""

    address: str
    port: int
    source: str  # this host's own address on the way there, "" if there is no way
    why: str  # it failed, "" if it did not
    others_may: bool  # a program of the system itself gets through


class Connected(NamedTuple):
    """The targets were tried; those that are missing could not be."""

    attempts: list[Attempt]


class Started(NamedTuple):
    """A rank runs."""

    rank: int
    pid: int
    after: float  # seconds since the order to start


class Unstarted(NamedTuple):
    """A rank could not be started."""

    rank: int
    why: str


class Output(NamedTuple):
    """What a rank wrote on its stdout (1) or stderr (2)."""

    rank: int
    stream: int
    own: bool  # else its mpirun's words, which pass under its name
    data: bytes


class Exited(NamedTuple):
    """A rank has ended: by itself with a code, or by a signal."""

    rank: int
    code: int | None
    signal: int | None
    after: float  # seconds since the order to start
    by_us: bool  # it had been told to end before
    peak_bytes: int  # memory that it had at most
    oom_kill: bool  # while it ran, the kernel of this host killed somebody because memory ran out


class StdinReady(NamedTuple):
    """A rank has taken all that was sent to it."""

    rank: int


class StdinClosed(NamedTuple):
    """A rank reads no more."""

    rank: int


class WantDaemon(NamedTuple):
    """The mpirun that runs here wants its daemon on another host."""

    number: int
    host: str  # as the launcher named it in the machine file
    words: list[str]


class DaemonOver(NamedTuple):
    """A daemon of mpirun has ended: told by its host, and passed on to that of mpirun."""

    number: int
    status: int


class MpirunOver(NamedTuple):
    """The mpirun that ran here has ended."""

    code: int | None
    signal: int | None


class Pong(NamedTuple):
    """The agent is there."""


class Ended(NamedTuple):
    """Somebody else than the launcher has told the agent to end, so it ends its ranks."""

    why: str
    by: str = ""  # the user of `boltloom kill`
    signal: int = 0  # which it wanted the ranks to get first


class RunEntry(NamedTuple):
    """What a host knows of a run."""

    key: str  # another one for every agent of this host
    name: str
    user: str
    host: str
    pid: int
    command: list[str]
    logs: str
    since: float  # seconds since 1970, on the clock of this host
    grace: float
    ranks: list[list[int]]  # rank and pid
    hosts: list[list[Any]]  # of the launcher's own entry, which has no ranks: name, ssh's target and options, Pythons
    state: str  # running, ending, launcher gone, agent gone, over


class Runs(NamedTuple):
    """All runs of this user that have ranks on this host."""

    runs: list[RunEntry]


class RunEnding(NamedTuple):
    """A run was told to end."""

    problem: str  # "" for none


class Log(NamedTuple):
    """What a rank wrote, from byte ``start`` on; earlier bytes are no longer there."""

    rank: int
    start: int
    data: bytes


class LogEnd(NamedTuple):
    """Nothing more can be read of this rank."""

    rank: int


_ForMpi = Union[StartMpi, RunDaemon, DaemonOver]
_OfMpi = Union[WantDaemon, DaemonOver, MpirunOver]
_ForRegistry = Union[Run, ListRuns, EndRun, ReadLog]
_OfRegistry = Union[Runs, RunEnding, Log, LogEnd]
_ForRanks = Union[Prepare, Inspect, Connect, Start, Terminal, Stop, Forward, Credit, Stdin]
_OfRanks = Union[Prepared, Inspected, Connected, Started, Unstarted, Output, Exited, StdinReady, StdinClosed]
Order = Union[_ForRanks, Ping, Leave, _ForMpi, _ForRegistry]
News = Union[Hello, _OfRanks, Pong, Ended, _OfMpi, _OfRegistry]
Message = Union[Order, News]

ALL = {
    kind.__name__: kind
    for kind in (
        *(Prepare, Inspect, Connect, Start, Terminal, Stop, Forward, Credit, Stdin, Ping, Leave),
        *(Run, ListRuns, EndRun, ReadLog),
        *(Hello, Prepared, Inspected, Connected, Started, Unstarted, Output, Exited),
        *(StdinReady, StdinClosed, Pong, Ended, Runs, RunEnding, Log, LogEnd),
        *(StartMpi, RunDaemon, WantDaemon, DaemonOver, MpirunOver),
    )
}
# Fields that hold a message of their own, and those that hold several.
PART = {Prepare: ("command", Command)}
PARTS = {
    Prepare: ("ports", Port),
    Inspect: ("listen", Endpoint),
    Connect: ("targets", Endpoint),
    Start: ("ranks", RankOrder),
    StartMpi: ("ranks", RankOrder),
    Runs: ("runs", RunEntry),
    Connected: ("attempts", Attempt),
}
