# SPDX-License-Identifier: Apache-2.0
"""Runs one job: turns what agents, signals and the clock say into events, and performs what the policy decides."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from boltloom_launcher.agent import messages
from boltloom_launcher.backends import Plan
from boltloom_launcher.clocks import Clocks
from boltloom_launcher.connection import Connection
from boltloom_launcher.errors import EXIT_DEADLINE, BoltloomError, exit_status
from boltloom_launcher.gate import gates
from boltloom_launcher.job import Request
from boltloom_launcher.orders import draft, prepare_order, run_order, start_order, with_ports, would_run
from boltloom_launcher.output import Screen
from boltloom_launcher.own_entry import OwnEntry
from boltloom_launcher.pacing import connect_limit
from boltloom_launcher.policy import actions, events
from boltloom_launcher.policy.job import Job, status_of
from boltloom_launcher.policy.step import begin, step
from boltloom_launcher.rank_output import RankOutput
from boltloom_launcher.report import for_programs, stopped_words, summary
from boltloom_launcher.spawn import Way
from boltloom_launcher.stdin import TypingIn
from boltloom_launcher.terminal import OwnTerminal, size

if TYPE_CHECKING:
    from boltloom_launcher.preflight import Preflight

_LOOK_S = 5.0  # a host that went away and came back says so to the next ping
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FORWARDED_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
_IMPATIENT_S = 1.0  # for a reader of our output, when somebody wants the run to end


class Supervisor:
    """One run. Everything happens in the event loop's thread."""

    def __init__(self, request: Request, ways: Sequence[Way], screen: Screen) -> None:
        roster = request.roster
        self._request = request
        self._loop = asyncio.get_running_loop()
        self.job = Job(
            hosts=tuple(reach.name for reach in roster.reaches),
            seats=tuple(seat.host for seat in roster.seats),
            grace=request.grace,
            deadline=request.deadline,
            hidden=request.hidden,
            restarts=request.restarts,
            rest=request.rest,
            dry=request.dry,
            connect=connect_limit([way.settings for way in ways]),
        )
        self._events: deque[events.Event] = deque()
        self._stepping = True  # not before the connections are open
        self._over = asyncio.Event()
        self._clocks = Clocks()
        self._started_at = 0.0
        self._hellos: dict[int, messages.Hello] = {}
        self._prepared: dict[int, messages.Prepared] = {}
        self._plan: Plan | None = None
        self._preflight: Preflight | None = None
        self._address = ""  # under which the others reach rank 0
        self._output = RankOutput(request, screen, self._grant, self._event)
        interrupt = events.Stopped("interrupted", int(signal.SIGINT))
        self._entry = OwnEntry()
        self._terminal = OwnTerminal(request.keys, partial(self._event, interrupt), self._tell_size)
        self._typing = TypingIn(
            lambda rank, data: self._to_rank(rank, messages.Stdin(rank, data)), self._output.say, self._terminal
        )
        shared = gates(ways, time.monotonic() + self.job.connect)
        self._connections = [
            Connection(
                way, gate, partial(self._on_news, host), partial(self._on_lost, host), partial(self._on_gone, host)
            )
            for host, (way, gate) in enumerate(zip(ways, shared, strict=True))
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
            self._terminal.release()
            self._entry.remove()
            for connection in self._connections:
                connection.kill()
                connection.close()
            self._output.close()

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
                event = self._events.popleft()
                told = for_programs(self.job, event) if self._request.events else {}
                if self._request.events and told:
                    self._request.events.note(**told)
                self._take(step(self.job, event))
        finally:
            self._stepping = False

    def _take(self, result: tuple[Job, tuple[actions.Action, ...]]) -> None:
        self.job, todo = result
        for action in todo:
            self._DO[type(action)](self, action)

    def _on_news(self, host: int, news: messages.Message) -> None:
        if isinstance(news, messages.Output):
            self._output.take(host, news)
        elif isinstance(news, messages.Hello | messages.Prepared | messages.Inspected | messages.Connected):
            self._event(events.Answered(host, self._heard(host, news)))
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
            self._agent_ended(host, news)
        else:
            self._about_mpi(host, news)

    def _heard(
        self, host: int, news: messages.Hello | messages.Prepared | messages.Inspected | messages.Connected
    ) -> tuple[str, ...]:
        """Keep what a host has answered; the problems that it has."""
        if isinstance(news, messages.Hello):
            self._hellos[host] = news
            return ()
        if isinstance(news, messages.Prepared):
            self._prepared[host] = news
            if not news.mpirun:
                return tuple(news.problems)
            from boltloom_launcher.mpi.serving import mismatch  # what only mpi needs, the others do not wait for

            return (*news.problems, *mismatch(host, self._prepared, self.job.hosts))
        assert self._preflight
        return self._preflight.heard(host, news)

    def _exited(self, host: int, news: messages.Exited) -> None:
        self._output.end(news.rank)
        after = self._clocks.when(host, news.after)
        words = self._output.last_words
        self._event(
            events.Ended(
                news.rank,
                after,
                news.code,
                news.signal,
                news.by_us,
                blames=words.blamed_by(news.rank),
                misses_peer=words.misses_peer(news.rank),
                peak_bytes=news.peak_bytes,
                oom_kill=news.oom_kill,
                last_words=words.lines(news.rank),
            )
        )

    def _about_mpi(self, host: int, news: messages.Message) -> None:
        if self._plan is None:
            return
        from boltloom_launcher.mpi.serving import RANKS_END_S, daemon_order, how_it_ended

        first = self._plan.seats[0].host
        if isinstance(news, messages.WantDaemon | messages.MpirunOver) and host != first:
            return  # mpirun runs there, and only it has daemons started
        if isinstance(news, messages.WantDaemon):
            where, order = daemon_order(news, self._plan, first)
            self._connections[where].send(order)
        elif isinstance(news, messages.DaemonOver):
            self._connections[first].send(news)
        elif isinstance(news, messages.MpirunOver) and self.job.phase in ("running", "ending"):
            if news.signal is not None and self.job.pids and self.job.phase == "running":
                self._output.say(f"mpirun on {self.job.hosts[first]} {how_it_ended(news)}")
            after = RANKS_END_S if self.job.pids else 0.0  # what ended the ranks may be news that is under way
            self._loop.call_later(after, self._mpirun_over, self.job.attempt, news)

    def _mpirun_over(self, attempt: int, news: messages.MpirunOver) -> None:
        from boltloom_launcher.mpi.serving import left_alone

        if attempt == self.job.attempt:
            for event in left_alone(self.job, news, self._now()):
                self._event(event)

    def _agent_ended(self, host: int, news: messages.Ended) -> None:
        if news.by:
            self._event(events.Stopped("killed", news.signal, news.by))
        else:
            self._event(events.AgentEnded(host, news.why, self._now()))

    def _on_lost(self, host: int, why: str) -> None:
        for rank in self._request.roster.ranks_on(host):
            self._output.end(rank)
        self._event(events.Lost(host, why, self._now()))

    def _on_gone(self, host: int) -> None:
        self._event(events.Gone(host))

    def _catch_signals(self) -> None:
        for number in _ENDING_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job
                self._loop.add_signal_handler(number, self._on_signal, int(number))
        for number in _FORWARDED_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._loop.add_signal_handler(number, self._send_all, messages.Forward(int(number)))
        if self._request.tty:
            self._loop.add_signal_handler(signal.SIGWINCH, self._tell_size)

    def _on_signal(self, number: int) -> None:
        self._event(self._entry.stopped(number))

    # ---- what is to be done ----

    def _do_draft(self, _: actions.Draft) -> None:
        try:
            hellos = [self._hellos[host] for host in range(len(self._connections))]
            before = self._plan
            self._plan, self._address = draft(self._request, hellos)
            if before:  # another attempt of the same run: people know it by its name
                self._plan = self._plan._replace(run_id=before.run_id)
        except BoltloomError as error:
            self._event(events.Refused(exit_status(error), error.one_line()))
        else:
            machines = {hello.machine for hello in hellos}
            self._event(events.Drafted(compared=self._request.preflight and len(machines) > 1))

    def _do_prepare(self, _: actions.Prepare) -> None:
        assert self._plan
        for host, connection in enumerate(self._connections):
            connection.send(prepare_order(self._request, self._plan, host, self._address))

    def _do_inspect(self, _: actions.Inspect) -> None:
        from boltloom_launcher.preflight import Place, Preflight  # what only several hosts need, one does not wait for

        hosts = [Place(reach.name, self._hellos[i].machine) for i, reach in enumerate(self._request.roster.reaches)]
        self._preflight = Preflight(self._request, self._whole_plan(), hosts)
        for host, connection in enumerate(self._connections):
            connection.send(self._preflight.inspect_order(host))

    def _do_compare(self, _: actions.Compare) -> None:
        assert self._preflight
        for line in self._preflight.facts():
            self._verbose(line)
        self._event(self._preflight.compared())

    def _do_reach(self, _: actions.Reach) -> None:
        assert self._preflight
        for host, connection in enumerate(self._connections):
            connection.send(self._preflight.connect_order(host))

    def _whole_plan(self) -> Plan:
        assert self._plan
        return with_ports(self._plan, self._address, [self._prepared[host].ports for host in sorted(self._prepared)])

    def _mpirun(self) -> str:
        return self._prepared[self.job.seats[0]].mpirun

    def _do_show(self, _: actions.Show) -> None:
        plan = self._whole_plan()
        for host, prepared in sorted(self._prepared.items()):
            order = start_order(self._request, plan, host, self._mpirun())
            for line in would_run(order, self.job.hosts[host], prepared):
                self._output.show(line)

    def _do_start(self, _: actions.Start) -> None:
        plan = self._whole_plan()
        self._verbose(f"run {plan.run_id}: {len(plan.hosts)} ranks, backend {plan.backend}, at {plan.coordinator}")
        self._verbose("running " + " ".join(self._request.argv))
        if self._request.events:
            ranks = [self.job.hosts[host] for host in self.job.seats]
            attempt, backend = self.job.attempt, plan.backend
            self._request.events.note("starting", run=plan.run_id, attempt=attempt, backend=backend, ranks=ranks)
        self._typing.readers(self._request.stdin)
        self._output.begin()
        run = run_order(self._request, plan)
        self._entry.enter(self._request, run)
        self._send_all(run)
        self._tell_size()
        self._terminal.begin()
        self._clocks = Clocks()
        self._started_at = time.monotonic()
        for host, connection in enumerate(self._connections):
            connection.send(start_order(self._request, plan, host, self._mpirun()))

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
        self._terminal.release()  # from here on, Ctrl-C is for us
        self._send_all(messages.Stop(int(action.signal), action.grace))

    def _do_wake(self, action: actions.Wake) -> None:
        self._loop.call_later(action.after, self._event, action.event)

    def _do_say(self, action: actions.Say) -> None:
        for line in action.lines:
            self._output.say(line)

    def _do_leave(self, _: actions.Leave) -> None:
        if self._request.events:
            self._request.events.note("finished", status=self.job.status, lines=summary(self.job))
            if self._request.events.problem:
                self._output.say(self._request.events.problem)
        self._typing.stop()
        self._output.finish()
        for connection in self._connections:
            connection.leave()

    def _do_close(self, _: actions.Close) -> None:
        self._over.set()

    _DO: dict[type, Callable[[Supervisor, Any], None]] = {
        actions.Draft: _do_draft,
        actions.Prepare: _do_prepare,
        actions.Inspect: _do_inspect,
        actions.Compare: _do_compare,
        actions.Reach: _do_reach,
        actions.Start: _do_start,
        actions.Show: _do_show,
        actions.Look: _do_look,
        actions.GiveUp: _do_give_up,
        actions.End: _do_end,
        actions.Wake: _do_wake,
        actions.Say: _do_say,
        actions.Leave: _do_leave,
        actions.Close: _do_close,
    }

    # ---- the rest ----

    def _verbose(self, line: str) -> None:
        if self._request.verbose:
            self._output.say(line)

    def _now(self) -> float:
        return time.monotonic() - self._started_at

    def _tell_size(self) -> None:
        """The ranks' terminals are as large as ours. Where all of them read, ours shows what is typed."""
        if self._request.tty:
            self._send_all(messages.Terminal(*size(), echo=self._request.keys))

    def _grant(self, host: int, credit: messages.Credit) -> None:
        self._connections[host].send(credit)

    def _to_rank(self, rank: int, order: messages.Order) -> None:
        self._connections[self.job.seats[rank]].send(order)

    def _send_all(self, order: messages.Order) -> None:
        for connection in self._connections:
            connection.send(order)


async def _supervise(request: Request, ways: Sequence[Way], screen: Screen) -> Job:
    supervisor = Supervisor(request, ways, screen)
    await supervisor.run()
    return supervisor.job


def supervise(request: Request, ways: Sequence[Way]) -> int:
    """Run a job whose agents have been started, and give the exit status."""
    began = time.monotonic()
    screen = Screen()
    job = asyncio.run(_supervise(request, ways, screen))
    # Who pages through our output may take an hour for it, unless somebody wants an end; a signal ends us here at once.
    patience = None
    if job.stopped or job.failure:
        patience = _IMPATIENT_S
    elif request.deadline is not None:
        patience = max(_IMPATIENT_S, began + request.deadline - time.monotonic())
    taken = screen.close(patience)
    if job.status:
        return job.status
    late = _after_the_end(taken, screen.problem)
    if late is None:
        return 0
    os.write(2, f"boltloom: {late[1]}\n".encode())
    return late[0]


def _after_the_end(taken: bool, problem: OSError | None) -> tuple[int, str] | None:
    """The status and the line for output that was lost, or not taken, after all ranks had ended well."""
    if not taken:
        return EXIT_DEADLINE, "the deadline for the whole run has passed before its output was taken"
    if problem is None:
        return None
    stopped = events.Stopped("output-failed", words=problem.strerror or str(problem))
    if problem.errno == errno.EPIPE:
        stopped = events.Stopped("output-closed", signal.SIGPIPE)
    return status_of(stopped), stopped_words(stopped)
