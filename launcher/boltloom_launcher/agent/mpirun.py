# SPDX-License-Identifier: Apache-2.0
"""The host's own mpirun, where it starts the ranks: run, served and ended.

mpirun starts stubs instead of ranks; each stub asks us, we start the rank with what mpirun gave the stub, and the
stub ends when the rank has. So mpirun wires the ranks up, and they are our children like any others. Its daemons on
other hosts are started by the agents there: mpirun is given a stub in the place of ssh, too.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
from typing import Any, Callable, Sequence

from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.ending import Ending, Timers
from boltloom_launcher.agent.first_words import FirstWords
from boltloom_launcher.agent.guard import Guard
from boltloom_launcher.agent.interfaces import interfaces_of
from boltloom_launcher.agent.messages import (
    DaemonOver,
    Exited,
    MpirunOver,
    RankOrder,
    RunDaemon,
    StartMpi,
    Unstarted,
    WantDaemon,
)
from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.agent.output_feed import OutputFeed
from boltloom_launcher.agent.private_files import PrivateFiles
from boltloom_launcher.agent.processes import RankProcess, descendants, signal_all
from boltloom_launcher.agent.stubs import Stub, Stubs
from boltloom_launcher.agent.which_mpirun import Found, find, library, without_stale

_ENDS_BY_ITSELF_S = 1.0  # when no rank is left
_ENDS_BY_SIGTERM_S = 0.3
_SHARED_MEMORY = "/dev/shm"
_SHELLS = ("_", "PWD", "OLDPWD", "SHLVL")  # the stub's own
_DAEMON = "boltloom-mpi-daemon"  # what mpirun takes for ssh, in its PATH
_DAEMON_TEXT = '#!/bin/sh\nexec "$BOLTLOOM_MPI_PYTHON" -I -S "$BOLTLOOM_MPI_STUB" "$@"\n'


class Parts(NamedTuple):
    """Those of the agent that are used here."""

    selector: selectors.BaseSelector
    timers: Timers
    channel: Channel
    files: PrivateFiles
    guard: Guard
    ending: Ending
    outputs: OutputFeed
    environment: Callable[[Sequence[str], dict[str, str]], dict[str, str]]
    start_rank: Callable[[RankOrder, StartMpi, dict[str, str], Sequence[int]], RankProcess | None]


class Mpirun:
    """What serves the ranks of this host: mpirun where it runs, its daemon elsewhere, the stubs on each host."""

    def __init__(self, parts: Parts) -> None:
        self._channel, self._timers, self._files = parts.channel, parts.timers, parts.files
        self._guard, self._ending = parts.guard, parts.ending
        self._environment, self._start_rank = parts.environment, parts.start_rank
        self._words = FirstWords(parts.selector, parts.timers, parts.outputs)
        self._stubs = Stubs(parts.selector, self._asked)
        self._shared = PrivateFiles(parts.guard.folder, _SHARED_MEMORY)
        self._found = Found()
        self._order: StartMpi | None = None
        self._voice = 0  # the rank as whose output that of mpirun passes
        self._env: dict[str, str] = {}  # of mpirun, its daemons, and so of the stubs
        self._attempt = 0
        self._winding_up = False
        self._all_well = True  # no rank has failed or was ended
        self._of_ranks: dict[str, str] = {}  # what we add to their environment
        self._waiting: dict[int, RankOrder] = {}  # ranks that mpirun has yet to start
        self._standing: dict[int, Stub] = {}  # for a rank that runs
        self._failed: list[Stub] = []  # for ranks that have failed
        self._elsewhere: list[Stub] = []  # for daemons on other hosts; its index is the daemon's number
        self._roles: dict[int, int | None] = {}  # pid -> the number of a daemon, None for mpirun itself
        self._helpers: dict[int, RankProcess] = {}

    # ---- before ----

    def look(self, env: dict[str, str]) -> tuple[str, str]:
        """Find this host's mpirun. Its version, or what is wrong."""
        self._found = find(without_stale(env))
        return self._found.version, self._found.problem

    def obey(self, order: StartMpi | RunDaemon | DaemonOver) -> None:
        """Do what the launcher wants."""
        if isinstance(order, StartMpi):
            self._start(order)
        elif isinstance(order, RunDaemon):
            self._run_daemon(order)
        elif order.number < len(self._elsewhere):
            self._elsewhere[order.number].reply(order.status)

    def _start(self, order: StartMpi) -> None:
        """Expect the stubs of these ranks, and start mpirun if it is to run here."""
        self._attempt += 1
        self._winding_up, self._all_well = False, True
        self._waiting = {wanted.rank: wanted for wanted in order.ranks}
        self._order, self._voice = order, min(self._waiting)
        try:
            folder = self._files.directory()
            self._env = self._helpers_env(order, folder)
            self._of_ranks = {**library(self._found.path, self._found.version), **self._shared_memory()}
            self._files.write(_DAEMON, _DAEMON_TEXT, 0o700)
            self._files.write("stub.py", order.stub)
            self._stubs.listen(self._env["BOLTLOOM_MPI_AGENT"])
            paths = {"@daemon": _DAEMON}
            paths.update({name: self._files.write(name, text) for name, text in order.files.items()})
            if order.arguments:
                # By its name alone: called by its path, Open MPI wants all hosts to have it there.
                self._run(
                    [os.path.basename(self._found.path), *(paths.get(word, word) for word in order.arguments)], None
                )
        except OSError as error:
            self._unstarted(str(error))
        attempt = self._attempt
        self._timers.after(order.patience, lambda: self._late(attempt, order.patience))

    def _helpers_env(self, order: StartMpi, folder: str) -> dict[str, str]:
        env = without_stale(self._environment(order.drop, order.env))
        beside = os.path.dirname(self._found.path)  # its daemon
        env["PATH"] = os.pathsep.join([folder, beside, *os.get_exec_path(env)])
        env.update(
            TMPDIR=folder,
            BOLTLOOM_MPI_AGENT=os.path.join(folder, "agent"),
            BOLTLOOM_MPI_PYTHON=sys.executable,
            BOLTLOOM_MPI_STUB=os.path.join(folder, "stub.py"),
        )
        if os.geteuid() == 0:  # Open MPI wants to be told twice
            for prefix in ("OMPI", "PRTE"):
                env.update({f"{prefix}_ALLOW_RUN_AS_ROOT": "1", f"{prefix}_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        return env

    def _shared_memory(self) -> dict[str, str]:
        """Open MPI forgets its segments when it is killed, unless they are in a place that we remove."""
        if not os.path.isdir(_SHARED_MEMORY):
            return {}
        folder = self._shared.directory()
        return {f"OMPI_MCA_btl_{name}_backing_directory": folder for name in ("vader", "sm")}

    def _run(self, argv: list[str], number: int | None) -> None:
        helper = RankProcess(self._voice, argv, self._env, "/", wants_stdin=False)
        helper.own = False
        self._helpers[helper.pid] = helper
        self._roles[helper.pid] = number
        self._guard.started(helper.pid)
        self._ending.helpers.add(helper.pid)
        self._words.attach(helper)

    def _run_daemon(self, order: RunDaemon) -> None:
        """Run what mpirun wants on this host, as sshd would."""
        words = list(order.words)
        path = words[0].strip(' "')  # Hydra's daemon where the first host has it; here it may be elsewhere
        if os.path.isabs(path) and not os.path.exists(path):
            words[0] = os.path.join(os.path.dirname(self._found.path), os.path.basename(path))
        try:
            self._run(["/bin/sh", "-c", " ".join(words)], order.number)
        except OSError as error:
            self._unstarted(str(error))
            self._channel.send(DaemonOver(order.number, 1))

    def _late(self, attempt: int, patience: float) -> None:
        if attempt == self._attempt:
            self._unstarted(f"mpirun has not done it for {patience:g} s")

    def _unstarted(self, why: str) -> None:
        for rank in sorted(self._waiting):
            self._channel.send(Unstarted(rank, why))
        self._waiting.clear()

    # ---- meanwhile ----

    def _asked(self, stub: Stub, request: dict[str, Any]) -> None:
        if "host" in request:
            self._elsewhere.append(stub)
            self._channel.send(WantDaemon(len(self._elsewhere) - 1, request["host"], request["words"]))
            return
        wanted = self._waiting.pop(request["rank"], None)
        if wanted is None or self._order is None:
            stub.reply(1)  # too late, or no rank of this host
            return
        env = {n: value for n, value in request["env"].items() if self._env.get(n) != value and n not in _SHELLS}
        if stub.fds:
            env["PMI_FD"] = str(stub.fds[0])
        env = {**self._of_ranks, **self._networks(wanted, self._order), **env}
        rank = self._start_rank(wanted, self._order, env, stub.fds)
        if rank is None:
            stub.reply(1)
            return
        stub.close_fds()
        self._standing[rank.rank] = stub
        _bind(rank.pid, request["cpus"])

    def _networks(self, wanted: RankOrder, order: StartMpi) -> dict[str, str]:
        """The rank's own addresses and no others, unless the user has said it.

        Both would take every network that hosts seem to share, or the one that seems fastest: Wi-Fi, those of others.
        Open MPI takes subnets only. The smallest is /31: with /32 it takes all there are, loopback too (4.1.4).
        """
        addresses = [address for address in order.addresses[order.ranks.index(wanted)] if ":" not in address]
        if self._found.version.startswith("Open MPI"):
            ours = {"OMPI_MCA_btl_tcp_if_include": ",".join(f"{address}/31" for address in addresses)}
        else:
            names = interfaces_of(addresses)
            ours = {"UCX_NET_DEVICES": ",".join(names), "FI_TCP_IFACE": names[0] if names else ""}
        return {name: value for name, value in ours.items() if value and name not in order.env}

    def reaped(self, pid: int, status: int) -> None:
        """A process has ended that is no rank."""
        helper = self._helpers.pop(pid, None)
        if helper is None:
            return
        self._words.over(helper, hold=not self._waiting)
        code, number = helper.note_exit(status)
        self._guard.over(pid)  # whoever it left behind has the agent's mark
        self._ending.helpers.discard(pid)
        self._helper_over(self._roles.pop(pid), code, number)

    def _helper_over(self, daemon: int | None, code: int | None, number: int | None) -> None:
        if daemon is None:
            self._channel.send(MpirunOver(code, number))
            return
        status = code if number is None else 128 + number
        self._channel.send(DaemonOver(daemon, status or 0))
        if status:
            self._unstarted(f"mpirun's daemon ended with status {status}")

    def rank_over(self, rank: int, code: int | None) -> None:
        """A rank has ended. Mpirun hears of a failure later: it would end the others, and that is decided elsewhere."""
        stub = self._standing.pop(rank, None)
        if stub is None:
            return
        if code == 0:
            stub.reply(0)
        else:
            self._all_well = False
            self._failed.append(stub)
            self._mute()
        self._end_helpers()

    # ---- afterwards ----

    def wind_up(self, after: float) -> None:
        """The run ends, ``after`` so many seconds. Ranks that have not begun need not begin any more."""
        self._winding_up = True
        self._all_well = self._all_well and not self._standing
        for rank in sorted(self._waiting):
            self._channel.send(Exited(rank, None, int(signal.SIGTERM), after, True, 0, False))
        self._waiting.clear()
        self._end_helpers()

    def _end_helpers(self) -> None:
        """With the last rank; until then they may need them."""
        if not self._winding_up or self._standing or not self._helpers:
            return
        self._mute()
        for stub in self._failed:
            stub.reply(1)
        self._failed.clear()
        attempt, patience = self._attempt, _ENDS_BY_ITSELF_S if self._all_well else 0.0
        self._timers.after(patience, lambda: self._signal(attempt, signal.SIGTERM))
        self._timers.after(patience + _ENDS_BY_SIGTERM_S, lambda: self._signal(attempt, signal.SIGKILL))

    def _mute(self) -> None:
        """What mpirun says about an end that we report ourselves is no news."""
        for helper in self._helpers.values():
            helper.muted = True

    def _signal(self, attempt: int, number: int) -> None:
        if attempt != self._attempt:
            return
        for pid, helper in self._helpers.items():
            # Those that a rank has started by MPI itself; SIGKILL they get with everybody else, after the grace.
            signal_all(descendants(pid) if number == signal.SIGTERM else [], number)
            helper.signal_group(number)

    def forget(self) -> None:
        """Nobody is left of this attempt; another one may follow."""
        self._attempt += 1
        self._stubs.close()
        for stub in (*self._standing.values(), *self._failed, *self._elsewhere):
            stub.close()
        self._standing.clear()
        self._failed.clear()
        self._elsewhere.clear()
        self._shared.remove()


def _bind(pid: int, cpus: list[int]) -> None:
    """Where mpirun bound its stub, the rank is bound, too."""
    if cpus and hasattr(os, "sched_setaffinity") and set(cpus) != os.sched_getaffinity(0):
        with contextlib.suppress(OSError):  # it has ended already
            os.sched_setaffinity(pid, cpus)
