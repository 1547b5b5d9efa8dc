# SPDX-License-Identifier: Apache-2.0
"""The agent: owns all ranks of its host for as long as the launcher holds the other end of the connection.

One thread, one select, no polling. Whatever ends the connection (the launcher
leaves or is killed, ssh dies, the network is cut and nothing is heard any more),
the ranks and all their descendants are ended, and then the agent ends.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Callable, Sequence

from boltloom_launcher.agent import command
from boltloom_launcher.agent.awake import keep_awake
from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.descriptors import raise_limit
from boltloom_launcher.agent.directory import working_directory
from boltloom_launcher.agent.ending import Ending, Timers
from boltloom_launcher.agent.gpus import gpus
from boltloom_launcher.agent.guard import Guard
from boltloom_launcher.agent.machine import machine
from boltloom_launcher.agent.memory import oom_kills, peak_bytes
from boltloom_launcher.agent.messages import (
    Connect,
    Credit,
    DaemonOver,
    Ended,
    EndRun,
    Exited,
    Forward,
    Hello,
    Inspect,
    Leave,
    ListRuns,
    Message,
    Ping,
    Pong,
    Prepare,
    Prepared,
    RankOrder,
    ReadLog,
    Run,
    RunDaemon,
    Start,
    Started,
    StartMpi,
    Stdin,
    Stop,
    Terminal,
    Unstarted,
)
from boltloom_launcher.agent.output_feed import OutputFeed
from boltloom_launcher.agent.ports import Ports
from boltloom_launcher.agent.private_files import PrivateFiles
from boltloom_launcher.agent.processes import RankProcess, become_subreaper, widen
from boltloom_launcher.agent.python_program import absent, python_program
from boltloom_launcher.agent.registry import Request
from boltloom_launcher.agent.run_record import RunRecord
from boltloom_launcher.agent.silence import Silence
from boltloom_launcher.agent.stdin_feed import StdinFeed

if TYPE_CHECKING:
    from boltloom_launcher.agent.mpirun import Mpirun
    from boltloom_launcher.agent.preflight import Preflight

_LEFTOVER_CHECK_S = 0.05
_BEGINNINGS = (Prepare, Inspect, Connect, Run, Start, StartMpi, RunDaemon)  # nobody would end what begins too late
_MARK = "BOLTLOOM_AGENT"  # in the environment of everybody who descends from a rank of ours, and of nobody else


class Agent:
    """State of the agent; every method runs in its only thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers = Timers()
        self._ranks: dict[int, RankProcess] = {}
        self._ending = Ending(self._ranks, self._timers, self._reap)
        self._ports = Ports()
        self._mark = os.urandom(16).hex()
        self._mpi: Mpirun | None = None  # if the ranks are started by one
        self._argv: list[str] = []
        self._terminal: Terminal | None = None  # what each rank gets
        self._cwd = "/"
        self._env: dict[str, str] = {}
        self._grace = 10.0
        self._started_at = 0.0
        self._oom_kills: int | None = None  # before the ranks ran
        self._leaving = False
        self._awake = False
        raise_limit()
        self._asked = 0  # the signal with which `boltloom kill` has us end the ranks
        self._catch_signals()
        self._channel = Channel(self._selector, self._obey, self._launcher_gone, self._on_room)
        self._inputs = StdinFeed(self._selector, self._channel, self._timers.after)
        self._outputs = OutputFeed(self._selector, self._channel, self._keep)
        self._silence = Silence(self._timers.after, lambda: self._channel.send(Pong()), self._end)
        self._preflight: Preflight | None = None
        self._greet()
        # The launcher need not wait for this. A subreaper would adopt the guard, so we become one afterwards.
        self._guard = Guard()
        self._files = PrivateFiles(self._guard.folder)
        self._guard.mark(f"{_MARK}={self._mark}")
        self._record = RunRecord(self._files, self._guard, f"{_MARK}={self._mark}")
        if not become_subreaper():
            self._ending.search_for(f"{_MARK}={self._mark}")

    def _greet(self) -> None:
        widen(1)
        connection = os.environ.get("SSH_CONNECTION", "").split()
        version = sys.version.split()[0]
        ends = (connection[2], connection[0]) if len(connection) == 4 else ("", "")
        self._channel.send(Hello(os.getpid(), version, socket.gethostname(), machine(), gpus(), *ends))

    def run(self) -> None:
        """Serve until the connection has ended and nobody is left."""
        try:
            while not self._finished():
                for key, _ in self._selector.select(self._timers.wait()):
                    key.data()
                self._timers.fire()
        finally:
            self._record.forget()
            self._remove_files()
            self._ports.release()
        self._guard.dismiss()

    def _finished(self) -> bool:
        return self._leaving and not self._ending.anybody_left() and self._channel.idle

    def _launcher_gone(self) -> None:
        self.leave("launcher gone")

    def leave(self, state: str = "ending", number: int = signal.SIGTERM) -> None:
        """End everybody, then ourselves."""
        if self._leaving:
            return
        self._leaving = True
        self._end_preflight()
        self._wind_up()
        self._ending.look_for_strays()
        if self._ending.anybody_left():
            self._record.state(state)
            self._ending.begin(number, self._grace)
            self._look_for_leftovers()

    def _wind_up(self) -> None:
        if self._mpi:
            self._mpi.wind_up(time.monotonic() - self._started_at)

    def _remove_files(self) -> None:
        if self._mpi:
            self._mpi.forget()
        self._files.remove()

    def _look_for_leftovers(self) -> None:
        # Whoever is not our child sends us no SIGCHLD when it ends (a rank's grandchild, on systems without subreaper).
        self._reap()
        if self._ending.anybody_left():
            self._timers.after(_LEFTOVER_CHECK_S, self._look_for_leftovers)

    # ---- signals ----

    def _catch_signals(self) -> None:
        self._signals, wake = os.pipe()
        for fd in (self._signals, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)

    def _on_signals(self) -> None:
        numbers = os.read(self._signals, 4096)
        self._reap()
        others = [number for number in numbers if number != signal.SIGCHLD]
        request = self._record.request() if signal.SIGTERM in others else None
        if request:
            self._end_as_asked(request)
        elif others:
            self._end(f"was ended by {signal.Signals(others[0]).name}")

    def _end(self, why: str) -> None:
        """Somebody else than the launcher wants us to end: it should hear of it."""
        if not self._leaving:
            self._channel.send(Ended(why))
        self.leave()

    def _end_as_asked(self, request: Request) -> None:
        """By `boltloom kill`. The launcher need not hear of it for this to happen, if it does it says so."""
        if self._leaving:
            self._ending.begin(request.signal, self._grace)
            return
        self._asked = request.signal
        self._channel.send(Ended("was ended by boltloom kill", request.by, request.signal))
        self.leave(number=request.signal)

    def _stop(self, order: Stop) -> None:
        if order.signal != self._asked:  # else the launcher has heard of what we do already
            self._record.state("ending")
            self._ending.begin(order.signal, order.grace)
            self._wind_up()

    def _reap(self) -> None:
        by_pid = {rank.pid: rank for rank in self._ranks.values() if rank.alive}
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in by_pid:
                self._exited(by_pid[pid], status, peak_bytes(usage.ru_maxrss))
            elif self._mpi:
                self._mpi.reaped(pid, status)

    def _exited(self, rank: RankProcess, status: int, peak: int) -> None:
        after = time.monotonic() - self._started_at
        self._outputs.drain(rank)
        code, number = rank.note_exit(status)
        if not rank.group_lives():
            self._guard.over(rank.pid)
        self._inputs.forget(rank)
        by_us = rank.ended_by_us(number)
        starved = number == signal.SIGKILL and not by_us and oom_kills() != self._oom_kills
        self._channel.send(Exited(rank.rank, code, number, after, by_us, peak, starved))
        if self._mpi:
            self._mpi.rank_over(rank.rank, code)

    def _keep(self, rank: int, data: bytes) -> None:
        self._record.keep(rank, data)

    def _on_room(self) -> None:
        self._outputs.go_on()

    # ---- orders ----

    def _obey(self, order: Message) -> None:
        self._silence.broken()
        act = self._OBEY.get(type(order))
        if act and not (self._leaving and isinstance(order, _BEGINNINGS)):
            act(self, order)

    _OBEY: dict[type, Callable[[Agent, Any], None]] = {
        Ping: lambda self, _: self._channel.send(Pong()),
        Prepare: lambda self, order: self._prepare(order),
        Inspect: lambda self, order: self._compare(order),
        Connect: lambda self, order: self._compare(order),
        Start: lambda self, order: self._start(order),
        StartMpi: lambda self, order: self._start(order),
        RunDaemon: lambda self, order: self._start(order),
        DaemonOver: lambda self, order: self._start(order),
        Terminal: lambda self, order: self._resize(order),
        Stop: lambda self, order: self._stop(order),
        Forward: lambda self, order: self._forward(order.signal),
        Stdin: lambda self, order: self._inputs.give(order.rank, order.data),
        Credit: lambda self, order: self._outputs.credit(order.stream, order.size),
        Run: lambda self, order: self._record.enter(order, self._grace),
        ListRuns: lambda self, order: self._visited(order),
        EndRun: lambda self, order: self._visited(order),
        ReadLog: lambda self, order: self._visited(order),
        Leave: lambda self, _: self.leave(),
    }

    def _forward(self, number: int) -> None:
        for rank in self._ranks.values():
            rank.forward(number)

    def _prepare(self, order: Prepare) -> None:
        if self._leaving:
            return
        if self._started_at:  # an earlier attempt: not before everybody of it is gone
            self._reap()
            if self._ending.anybody_left():
                self._timers.after(_LEFTOVER_CHECK_S, lambda: self._prepare(order))
                return
            self._ending.forget()
            self._record.forget()
            self._remove_files()
            self._ports.release()
        self._grace = order.grace
        self._guard.grace(self._grace)
        self._silence.allow(order.silence or 0.0)
        self._cwd, problem = working_directory(order.cwd, order.cwd_required)
        problems = [problem] if problem else []
        self._argv = order.command.argv
        self._env = env = _environment(order.drop, {**order.env, _MARK: self._mark})
        if not problem:
            found = command.find(order.command, self._cwd, env)
            self._argv = found.argv or self._argv
            if order.command.checked:
                problems += [found.problem] if found.problem else absent(python_program(self._argv, self._cwd, env))
        self._files.place(env)
        no_place = self._files.problem() if order.files else None
        problems += [no_place] if no_place else []
        mpirun, problem = self._find_mpirun(order) if order.mpi else ("", "")
        problems += [problem] if problem else []
        ports, taken = self._ports.take(order.ports)
        self._guard.ports(ports)
        self._channel.send(Prepared(problems + taken, ports, self._argv, self._cwd, mpirun))

    def _find_mpirun(self, order: Prepare) -> tuple[str, str]:
        from boltloom_launcher.agent.mpirun import Mpirun, Parts

        env = {_MARK: self._mark}
        parts = Parts(
            *(self._selector, self._timers, self._channel, self._files, self._guard, self._ending, self._outputs),
            environment=lambda drop, add: _environment(drop, {**add, **env}),
            start_rank=self._start_rank,
        )
        self._mpi = self._mpi or Mpirun(parts)
        return self._mpi.look(_environment(order.drop, order.env))

    def _compare(self, order: Inspect | Connect) -> None:
        if self._preflight is None:
            from boltloom_launcher.agent.preflight import Preflight  # what only several hosts need

            command = (self._argv, self._cwd, self._env)
            self._preflight = Preflight(self._selector, self._timers, self._channel, command)
        self._preflight.obey(order)

    def _end_preflight(self) -> None:
        if self._preflight:
            self._preflight.end()
        self._preflight = None

    def _start(self, order: Start | StartMpi | RunDaemon | DaemonOver) -> None:
        if isinstance(order, (Start, StartMpi)):
            self._end_preflight()
            self._started_at = time.monotonic()
            self._oom_kills = oom_kills()
        if isinstance(order, Start):
            for wanted in order.ranks:
                self._start_rank(wanted, order, {})
            self._record.started(self._ranks)
        elif self._mpi:
            self._mpi.obey(order)
        if not self._awake:
            self._awake = True
            keep_awake()

    def _visited(self, order: ListRuns | EndRun | ReadLog) -> None:
        from boltloom_launcher.agent.visits import Visits  # who runs ranks does without

        Visits(self._channel.send, self._timers.after).obey(order)

    def _resize(self, order: Terminal) -> None:
        self._terminal = order
        for rank in self._ranks.values():
            if rank.alive and rank.terminal:
                rank.terminal.resize(order.columns, order.rows)

    def _start_rank(
        self, wanted: RankOrder, order: Start | StartMpi, more: dict[str, str], fds: Sequence[int] = ()
    ) -> RankProcess | None:
        try:
            env = _environment(order.drop, {**order.env, **wanted.env, **more, _MARK: self._mark})
            for name, text in wanted.files.items():
                env[name] = self._files.write(f"{wanted.rank}-{name}", text)
            rank = RankProcess(wanted.rank, self._argv, env, self._cwd, wanted.stdin, self._terminal, fds)
        except OSError as error:
            self._channel.send(Unstarted(wanted.rank, str(error)))
            return None
        self._ranks[rank.rank] = rank
        self._guard.started(rank.pid)
        self._outputs.attach(rank)
        if wanted.stdin:
            self._inputs.attach(rank)
        self._channel.send(Started(rank.rank, rank.pid, time.monotonic() - self._started_at))
        if self._mpi:  # which starts them one by one
            self._record.started(self._ranks)
        return rank


def _environment(drop: Sequence[str], add: dict[str, str]) -> dict[str, str]:
    """Ours, without what an outer run may have left in it, with what the launcher gives.

    A rank writes into a pipe, where Python holds back what it prints until kilobytes have come together: progress would
    show late, and the last words of a killed rank never. mlx.launch's remote ranks have a terminal, so none of that.
    """
    env = {"PYTHONUNBUFFERED": "1"}
    env.update((name, value) for name, value in os.environ.items() if name not in drop)
    env.update(add)
    return env


def main() -> None:
    """Run an agent on this process's stdin and stdout."""
    Agent().run()
    os._exit(0)  # everything is closed and removed; taking the interpreter apart would only cost time
