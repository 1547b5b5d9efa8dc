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
from typing import Any

from boltloom_launcher.agent import preflight
from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.ending import Ending, Timers
from boltloom_launcher.agent.frames import Header
from boltloom_launcher.agent.guard import Guard
from boltloom_launcher.agent.private_files import PrivateFiles
from boltloom_launcher.agent.processes import READ_BYTES, RankProcess, become_subreaper, widen
from boltloom_launcher.agent.stdin_feed import StdinFeed

_DRAIN_READS = 5  # a pipe holds 1 MiB at most: so many reads empty what a rank wrote before it ended
_LEFTOVER_CHECK_S = 0.05


class Agent:
    """State of the agent; every method runs in its only thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers = Timers()
        self._ranks: dict[int, RankProcess] = {}
        self._by_output: dict[int, RankProcess] = {}
        self._ending = Ending(self._ranks, self._timers)
        self._reserved: list[socket.socket] = []
        self._grace = 10.0
        self._started_at = 0.0
        self._heard = time.monotonic()
        self._leaving = False
        self._catch_signals()
        self._channel = Channel(self._selector, self._obey, self.leave, self._read_outputs_again)
        self._feed = StdinFeed(self._selector, self._channel)
        self._greet()
        # The launcher need not wait for this. A subreaper would adopt the guard, so we become one afterwards.
        self._guard = Guard()
        self._files = PrivateFiles(self._guard.folder)
        become_subreaper()

    def _greet(self) -> None:
        widen(1)
        connection = os.environ.get("SSH_CONNECTION", "").split()
        self._channel.send(
            {
                "is": "hello",
                "pid": os.getpid(),
                "python": sys.version.split()[0],
                "hostname": socket.gethostname(),
                "server": connection[2] if len(connection) == 4 else "",
                "client": connection[0] if len(connection) == 4 else "",
            }
        )

    def run(self) -> None:
        """Serve until the connection has ended and nobody is left."""
        try:
            while not self._finished():
                for key, _ in self._selector.select(self._timers.wait()):
                    key.data()
                self._timers.fire()
        finally:
            self._files.remove()
        self._guard.dismiss()

    def _finished(self) -> bool:
        return self._leaving and not self._ending.anybody_left() and self._channel.idle

    def leave(self) -> None:
        """End everybody, then ourselves."""
        if self._leaving:
            return
        self._leaving = True
        if self._ending.anybody_left():
            self._ending.begin(signal.SIGTERM, self._grace)
            self._look_for_leftovers()

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
        if any(number != signal.SIGCHLD for number in numbers):
            self.leave()

    def _reap(self) -> None:
        by_pid = {rank.pid: rank for rank in self._ranks.values() if rank.alive}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in by_pid:
                self._exited(by_pid[pid], status)

    def _exited(self, rank: RankProcess, status: int) -> None:
        after = time.monotonic() - self._started_at
        for fd in list(rank.outputs):
            for _ in range(_DRAIN_READS):
                if not self._read_output(rank, fd):
                    break
        code, number = rank.note_exit(status)
        if not rank.group_lives():
            self._guard.over(rank.pid)
        self._feed.forget(rank)
        self._channel.send(
            {
                "is": "exited",
                "rank": rank.rank,
                "code": code,
                "signal": number,
                "after": after,
                "ended": rank.ended_by_us,
            }
        )

    # ---- orders ----

    def _obey(self, header: Header, payload: bytes) -> None:
        self._heard = time.monotonic()
        order = header["do"]
        if order == "ping":
            self._channel.send({"is": "pong"})
        elif order == "prepare":
            self._prepare(header)
        elif order == "start":
            self._start(header)
        elif order == "stop":
            self._ending.begin(header["signal"], header["grace"])
        elif order == "stdin":
            self._feed.give(payload)
        elif order == "leave":
            self.leave()

    def _prepare(self, order: Header) -> None:
        self._grace = order["grace"]
        self._guard.grace(self._grace)
        if order["silence"]:
            self._end_after_silence(order["silence"])
        env = _environment(order["drop"], order["env"])
        cwd, problem = preflight.working_directory(order["cwd"], order["cwd_required"])
        problems = [problem] if problem else []
        if not problem:
            command = preflight.command_problem(order["argv"][0], cwd, env)
            problems += [command] if command else []
        problems += preflight.check_ports(order["ports"])
        ports: list[int] = []
        if order["free"] and not problems:
            try:
                ports, self._reserved = preflight.free_ports(order["free"]["address"], order["free"]["count"])
            except OSError as error:
                problems.append("cannot listen on {} ({})".format(order["free"]["address"], error))
        self._channel.send({"is": "prepared", "problems": problems, "ports": ports})

    def _end_after_silence(self, limit: float) -> None:
        quiet = time.monotonic() - self._heard
        if quiet >= limit:
            self.leave()
        else:
            self._timers.after(limit - quiet, lambda: self._end_after_silence(limit))

    def _start(self, order: Header) -> None:
        for each in self._reserved:
            each.close()
        cwd, _ = preflight.working_directory(order["cwd"], False)
        self._started_at = time.monotonic()
        for wanted in order["ranks"]:
            self._start_rank(wanted, order, cwd)

    def _start_rank(self, wanted: dict[str, Any], order: Header, cwd: str) -> None:
        number = wanted["rank"]
        try:
            env = _environment(order["drop"], {**order["env"], **wanted["env"]})
            for name, text in wanted["files"].items():
                env[name] = self._files.write(f"{number}-{name}", text)
            rank = RankProcess(number, order["argv"], env, cwd, wanted["stdin"])
        except OSError as error:
            self._channel.send({"is": "unstarted", "rank": number, "why": str(error)})
            return
        self._ranks[number] = rank
        self._guard.started(rank.pid)
        for fd in rank.outputs:
            self._watch_output(rank, fd)
        if wanted["stdin"]:
            self._feed.attach(rank)
        after = time.monotonic() - self._started_at
        self._channel.send({"is": "started", "rank": number, "pid": rank.pid, "after": after})

    # ---- output ----

    def _watch_output(self, rank: RankProcess, fd: int) -> None:
        self._by_output[fd] = rank
        if not self._channel.full:
            self._selector.register(fd, selectors.EVENT_READ, lambda: self._on_output(rank, fd))

    def _on_output(self, rank: RankProcess, fd: int) -> None:
        if fd in rank.outputs and not self._channel.full:
            self._read_output(rank, fd)
        if self._channel.full:
            for other in self._by_output:
                if other in self._selector.get_map():
                    self._selector.unregister(other)

    def _read_outputs_again(self) -> None:
        for fd, rank in self._by_output.items():
            if fd not in self._selector.get_map():
                self._selector.register(fd, selectors.EVENT_READ, lambda r=rank, f=fd: self._on_output(r, f))

    def _read_output(self, rank: RankProcess, fd: int) -> bool:
        try:
            data = os.read(fd, READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if data:
            self._channel.send({"is": "output", "rank": rank.rank, "stream": rank.outputs[fd]}, data)
            return True
        if fd in self._selector.get_map():
            self._selector.unregister(fd)
        del self._by_output[fd]
        rank.close_output(fd)
        return False


def _environment(drop: list[str], add: dict[str, str]) -> dict[str, str]:
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
