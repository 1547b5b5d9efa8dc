# SPDX-License-Identifier: Apache-2.0
"""Runs one job: turns what agents, signals and the clock say into events, and performs what the policy decides."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from boltloom_launcher.agent import messages
from boltloom_launcher.backends import Plan
from boltloom_launcher.clocks import Clocks
from boltloom_launcher.connection import Connection
from boltloom_launcher.errors import EXIT_DEADLINE, BoltloomError, exit_status
from boltloom_launcher.flow import Flow
from boltloom_launcher.job import Request
from boltloom_launcher.orders import draft, prepare_order, start_order, with_ports
from boltloom_launcher.output import Lines, Readers, Screen
from boltloom_launcher.policy import actions, events
from boltloom_launcher.policy.job import Job
from boltloom_launcher.policy.step import begin, step
from boltloom_launcher.spawn import AgentProcess
from boltloom_launcher.stdin import TypingIn

_LOOK_S = 5.0  # a host that went away and came back says so to the next ping
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FORWARDED_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
_LAST_WORDS = 4096  # bytes of a rank's stderr in which it may name another rank
_IMPATIENT_S = 1.0  # for a reader of our output, when somebody wants the run to end
_NAMED_RANK = re.compile(rb"\brank ?(\d{1,6})\b")


class Supervisor:
    """One run. Everything happens in the event loop's thread."""

    def __init__(self, request: Request, agents: Sequence[AgentProcess], screen: Screen) -> None:
        roster = request.roster
        self._request = request
        self._loop = asyncio.get_running_loop()
        self.job = Job(
            hosts=tuple(reach.name for reach in roster.reaches),
            seats=tuple(seat.host for seat in roster.seats),
            grace=request.grace,
            deadline=request.deadline,
            restarts=request.restarts,
            rest=request.rest,
        )
        self._events: deque[events.Event] = deque()
        self._stepping = True  # not before the connections are open
        self._over = asyncio.Event()
        self._clocks = Clocks()
        self._started_at = 0.0
        self._hellos: dict[int, messages.Hello] = {}
        self._ports: dict[int, list[int]] = {}
        self._plan: Plan | None = None
        self._address = ""  # under which the others reach rank 0
        self._last_words = dict.fromkeys(range(self.job.size), b"")
        self._lines = Lines(screen.write, self.job.size, request.tag)
        self._typing = TypingIn(lambda rank, data: self._to_rank(rank, messages.Stdin(rank, data)), self.say)
        self._flow = Flow(lambda host, stream, size: self._connections[host].send(messages.Credit(stream, size)))
        screen.tell(
            Readers(
                full=self._soon(self._flow.hold),
                room=self._soon(self._flow.go_on),
                closed=self._soon(self._event, events.Stopped("output-closed", signal.SIGPIPE)),
                failed=self._soon(lambda words: self._event(events.Stopped("output-failed", words=words))),
            )
        )
        self._connections = [
            Connection(
                reach, process, partial(self._on_news, host), partial(self._on_lost, host), partial(self._on_gone, host)
            )
            for host, (reach, process) in enumerate(zip(roster.reaches, agents, strict=True))
        ]

    async def run(self) -> None:
        """Run the job to its end; ``job`` then says how it went."""
        self._catch_signals()
        try:
            await asyncio.gather(*(connection.open() for connection in self._connections))
            self._stepping = False
            self._take(begin(self.job))
            self._work()
            await self._over.wait()
        finally:
            for connection in self._connections:
                connection.kill()
                connection.close()
            self._lines.finish()

    # ---- what happens ----

    def _event(self, event: events.Event) -> None:
        self._events.append(event)
        self._work()

    def _work(self) -> None:
        """Take the events in their order, also those that come while one is being dealt with."""
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._events:
                self._take(step(self.job, self._events.popleft()))
        finally:
            self._stepping = False

    def _take(self, result: tuple[Job, tuple[actions.Action, ...]]) -> None:
        self.job, todo = result
        for action in todo:
            self._DO[type(action)](self, action)

    def _on_news(self, host: int, news: messages.Message) -> None:
        if isinstance(news, messages.Output):
            self._output(host, news)
        elif isinstance(news, messages.Hello):
            self._hellos[host] = news
            self._event(events.Answered(host))
        elif isinstance(news, messages.Prepared):
            self._ports[host] = news.ports
            self._event(events.Answered(host, tuple(news.problems)))
        elif isinstance(news, messages.Started):
            self._clocks.learn(host, news.after, self._now())
            self._event(events.Started(news.rank, news.pid))
            self._verbose(f"rank {news.rank} runs on {self.job.hosts[host]} (pid {news.pid})")
        elif isinstance(news, messages.Unstarted):
            self._event(events.Ended(news.rank, 0.0, reason=f"could not be started ({news.why})"))
        elif isinstance(news, messages.Exited):
            self._exited(host, news)
        elif isinstance(news, messages.StdinReady):
            self._typing.ready(news.rank)
        elif isinstance(news, messages.StdinClosed):
            self._typing.closed(news.rank)
        elif isinstance(news, messages.Ended):
            self._event(events.AgentEnded(host, news.why, self._now()))

    def _output(self, host: int, news: messages.Output) -> None:
        if news.stream == 2:
            self._last_words[news.rank] = (self._last_words[news.rank] + news.data)[-_LAST_WORDS:]
        self._lines.feed(news.rank, news.stream, news.data)
        self._flow.took(host, news.stream, len(news.data))

    def _exited(self, host: int, news: messages.Exited) -> None:
        self._lines.close(news.rank)
        after = self._clocks.when(host, news.after)
        blames = self._blamed(news.rank)
        self._event(events.Ended(news.rank, after, news.code, news.signal, news.by_us, blames=blames))

    def _blamed(self, rank: int) -> int | None:
        """The other rank that this rank's last words name."""
        named = [int(number) for number in _NAMED_RANK.findall(self._last_words[rank])]
        return next((other for other in reversed(named) if other != rank and other < self.job.size), None)

    def _on_lost(self, host: int, why: str) -> None:
        for rank in self._request.roster.ranks_on(host):
            self._lines.close(rank)
        self._event(events.Lost(host, why, self._now()))

    def _on_gone(self, host: int) -> None:
        self._event(events.Gone(host))

    def _catch_signals(self) -> None:
        for number in _ENDING_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job
                stopped = events.Stopped("interrupted", int(number))
                self._loop.add_signal_handler(number, self._event, stopped)
        for number in _FORWARDED_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._loop.add_signal_handler(number, self._send_all, messages.Forward(int(number)))

    # ---- what is to be done ----

    def _do_draft(self, _: actions.Draft) -> None:
        try:
            hellos = [self._hellos[host] for host in range(len(self._connections))]
            self._plan, self._address = draft(self._request, hellos)
        except BoltloomError as error:
            self._event(events.Refused(exit_status(error), error.one_line()))
        else:
            self._event(events.Drafted())

    def _do_prepare(self, _: actions.Prepare) -> None:
        assert self._plan
        for host, connection in enumerate(self._connections):
            connection.send(prepare_order(self._request, self._plan, host, self._address))

    def _do_start(self, _: actions.Start) -> None:
        assert self._plan
        plan = with_ports(self._plan, self._address, [self._ports[host] for host in range(len(self._connections))])
        self._verbose(f"run {plan.run_id}: {len(plan.hosts)} ranks, backend {plan.backend}, at {plan.coordinator}")
        self._verbose("running " + " ".join(self._request.argv))
        self._typing.readers(self._request.stdin)
        self._last_words = dict.fromkeys(self._last_words, b"")
        self._clocks = Clocks()
        self._started_at = time.monotonic()
        for host, connection in enumerate(self._connections):
            connection.send(start_order(self._request, plan, host))

    def _do_look(self, _: actions.Look) -> None:
        if any(not connection.reach.local for connection in self._connections):
            self._send_all(messages.Ping())
            self._loop.call_later(_LOOK_S, self._look, self._loop.time() + _LOOK_S)

    def _look(self, planned: float) -> None:
        now = time.monotonic()
        far = [(host, each) for host, each in enumerate(self._connections) if not each.reach.local]
        quiet = tuple((host, now - connection.heard) for host, connection in far)
        self._event(events.Looked(self._loop.time() - planned, quiet))

    def _do_give_up(self, action: actions.GiveUp) -> None:
        self._connections[action.host].give_up(action.why)

    def _do_end(self, action: actions.End) -> None:
        self._send_all(messages.Stop(int(action.signal), action.grace))

    def _do_wake(self, action: actions.Wake) -> None:
        self._loop.call_later(action.after, self._event, action.event)

    def _do_say(self, action: actions.Say) -> None:
        for line in action.lines:
            self.say(line)

    def _do_leave(self, _: actions.Leave) -> None:
        self._typing.stop()
        self._lines.finish()
        for connection in self._connections:
            connection.leave()

    def _do_close(self, _: actions.Close) -> None:
        self._over.set()

    _DO: dict[type, Callable[[Supervisor, Any], None]] = {
        actions.Draft: _do_draft,
        actions.Prepare: _do_prepare,
        actions.Start: _do_start,
        actions.Look: _do_look,
        actions.GiveUp: _do_give_up,
        actions.End: _do_end,
        actions.Wake: _do_wake,
        actions.Say: _do_say,
        actions.Leave: _do_leave,
        actions.Close: _do_close,
    }

    # ---- the rest ----

    def say(self, line: str) -> None:
        """One line of our own on stderr, behind everything that the ranks have written so far."""
        for each in line.split("\n"):
            self._lines.note(f"boltloom: {each}")

    def _verbose(self, line: str) -> None:
        if self._request.verbose:
            self.say(line)

    def _now(self) -> float:
        return time.monotonic() - self._started_at

    def _soon(self, action: Callable[..., None], *given: object) -> Callable[..., None]:
        """The same for other threads."""

        def act(*arguments: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody needs to know any more
                self._loop.call_soon_threadsafe(partial(action, *given), *arguments)

        return act

    def _to_rank(self, rank: int, order: messages.Order) -> None:
        self._connections[self.job.seats[rank]].send(order)

    def _send_all(self, order: messages.Order) -> None:
        for connection in self._connections:
            connection.send(order)


async def _supervise(request: Request, agents: Sequence[AgentProcess], screen: Screen) -> Job:
    supervisor = Supervisor(request, agents, screen)
    await supervisor.run()
    return supervisor.job


def supervise(request: Request, agents: Sequence[AgentProcess]) -> int:
    """Run a job whose agents have been started, and give the exit status."""
    began = time.monotonic()
    screen = Screen()
    job = asyncio.run(_supervise(request, agents, screen))
    # Who pages through our output may take an hour for it, unless somebody wants an end; a signal ends us here at once.
    patience = None
    if job.stopped or job.failure:
        patience = _IMPATIENT_S
    elif request.deadline is not None:
        patience = max(_IMPATIENT_S, began + request.deadline - time.monotonic())
    if screen.close(patience) or job.status:
        return job.status
    os.write(2, b"boltloom: the deadline for the whole run has passed before its output was taken\n")
    return EXIT_DEADLINE
