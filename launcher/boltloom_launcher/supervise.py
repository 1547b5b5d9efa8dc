# SPDX-License-Identifier: Apache-2.0
"""Runs one job: connects the agents, has the hosts checked, starts the ranks, and performs what the policy decides."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from boltloom_launcher import policy
from boltloom_launcher.addresses import Hello
from boltloom_launcher.agent.frames import Header
from boltloom_launcher.backends import Plan, endpoint
from boltloom_launcher.clocks import Clocks
from boltloom_launcher.connection import Connection
from boltloom_launcher.errors import BoltloomError, DeadlinePassed, Interrupted, UnfitError
from boltloom_launcher.job import SILENCE_S, Request, draft, prepare_order, start_order
from boltloom_launcher.output import Lines, Screen
from boltloom_launcher.report import summary
from boltloom_launcher.spawn import AgentProcess
from boltloom_launcher.stdin import TypingIn

_CONNECT_S = 30.0
_PREPARE_S = 30.0
_PING_S = 5.0  # a host that went away and came back says so to the next ping
_OVERDUE_S = 7.0  # beyond the grace: an agent repeats SIGKILL for 5 s before it gives up
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """One run. Everything happens in the event loop's thread."""

    def __init__(self, request: Request, agents: Sequence[AgentProcess], screen: Screen) -> None:
        roster = request.roster
        size = len(roster.seats)
        self._request = request
        self._loop = asyncio.get_running_loop()
        screen.tell(self._soon(self._pause, True), self._soon(self._pause, False), self._soon(self._no_reader))
        self._lines = Lines(screen.write, size, request.tag)
        self._job = policy.Job(size, request.grace)
        self._over: asyncio.Future[int] = self._loop.create_future()
        self._clocks = Clocks()
        self._running = False  # the ranks have been told to start
        self._started_at = 0.0
        self._stop_error: BoltloomError | None = None
        self._task = asyncio.current_task()
        self._answers: list[asyncio.Future[Header]] = []
        self._connections = [
            Connection(reach, process, partial(self._on_frame, host), partial(self._on_lost, host))
            for host, (reach, process) in enumerate(zip(roster.reaches, agents, strict=True))
        ]
        self._typing = TypingIn(lambda data: self._connections[roster.seats[0].host].send({"do": "stdin"}, data))

    async def run(self) -> int:
        """Run the job to its end and give the exit status.

        :raises BoltloomError: it never started.
        """
        self._catch_signals()
        if self._request.deadline is not None:
            self._loop.call_later(self._request.deadline, self._stop, policy.Stopped("deadline"))
        try:
            await self._start_ranks()
            return await self._over
        except asyncio.CancelledError:
            if self._stop_error is None:
                raise
            raise self._stop_error from None
        finally:
            await self._leave()

    # ---- before the ranks run ----

    async def _start_ranks(self) -> None:
        self._expect()
        await asyncio.gather(*(connection.open() for connection in self._connections))
        hellos = [_hello(answer) for answer in await self._all_answers(_CONNECT_S, "has not answered")]
        plan, address = draft(self._request, hellos)
        self._expect()
        for host, connection in enumerate(self._connections):
            connection.send(prepare_order(self._request, plan, host, address))
        answers = await self._all_answers(_PREPARE_S, "has not finished its checks")
        plan = self._checked(plan, address, answers)
        self._say_verbose(plan)
        self._running = True
        self._started_at = time.monotonic()
        for host, connection in enumerate(self._connections):
            connection.send(start_order(self._request, plan, host))
            if not connection.reach.local:
                self._keep_alive(connection)

    def _expect(self) -> None:
        self._answers = [self._loop.create_future() for _ in self._connections]

    async def _all_answers(self, deadline: float, what: str) -> list[Header]:
        """One answer from every host, or everything that is wrong with all of them."""
        await asyncio.wait(self._answers, timeout=deadline)
        problems = []
        for connection, answer in zip(self._connections, self._answers, strict=True):
            if not answer.done():
                problems.append(f"{connection.reach.name}: {what} for {deadline:.0f} s")
            elif answer.exception():
                problems.append(str(answer.exception()))
        if problems:
            raise UnfitError(problems)
        return [answer.result() for answer in self._answers]

    def _checked(self, plan: Plan, address: str, answers: Sequence[Header]) -> Plan:
        problems = [
            f"{connection.reach.name}: {problem}"
            for connection, answer in zip(self._connections, answers, strict=True)
            for problem in answer["problems"]
        ]
        if problems:
            raise UnfitError(problems)
        rendezvous, master_port = answers[plan.seats[0].host]["ports"]
        return replace(plan, coordinator=endpoint(address, rendezvous), master_port=master_port)

    def _say_verbose(self, plan: Plan) -> None:
        if self._request.verbose:
            self.say(f"run {plan.run_id}: {len(plan.hosts)} ranks, backend {plan.backend}, at {plan.coordinator}")
            self.say("running " + " ".join(self._request.argv))

    # ---- news ----

    def _on_frame(self, host: int, header: Header, payload: bytes) -> None:
        kind = header["is"]
        if kind == "output":
            self._lines.feed(header["rank"], header["stream"], payload)
        elif kind == "exited":
            self._lines.close(header["rank"])
            after = self._clocks.when(host, header["after"])
            self._event(policy.Ended(header["rank"], after, header["code"], header["signal"], header["ended"]))
        elif kind == "started":
            self._clocks.learn(host, header["after"], time.monotonic() - self._started_at)
            self._event(policy.Started(header["rank"], header["pid"]))
            self._verbose(f"rank {header['rank']} runs on {self._connections[host].reach.name} (pid {header['pid']})")
        elif kind == "unstarted":
            why = f"could not be started ({header['why']})"
            self._event(policy.Ended(header["rank"], 0.0, reason=why))
        elif kind == "stdin_ready":
            self._typing.ready()
        elif kind == "stdin_closed":
            self._typing.stop()
        elif kind in ("hello", "prepared") and not self._answers[host].done():
            self._answers[host].set_result(header)

    def _on_lost(self, host: int, why: str) -> None:
        if not self._running:
            if not self._answers[host].done():
                self._answers[host].set_exception(UnfitError([why]))
                self._answers[host].exception()  # seen, even if an interruption comes before it is asked for
            elif self._task:
                self._stop_error = UnfitError([why])
                self._task.cancel()
            return
        after = time.monotonic() - self._started_at
        ranks = self._request.roster.ranks_on(host)
        for rank in ranks:
            self._lines.close(rank)
            self._event(policy.Ended(rank, after, by_us=self._job.ending, reason=f"was lost: {why}"))

    def _on_signal(self, number: int) -> None:
        self._stop(policy.Stopped("interrupted", number))

    def _no_reader(self) -> None:
        self._stop(policy.Stopped("output-closed", signal.SIGPIPE))

    def _stop(self, event: policy.Stopped) -> None:
        if self._over.done():
            self._send_all({"do": "stop", "signal": int(signal.SIGKILL), "grace": 0.0})  # leaving takes too long
        elif self._running:
            self._event(event)
        elif self._task and self._stop_error is None:
            deadline = event.why == "deadline"
            late = DeadlinePassed("the deadline for the whole run has passed before the ranks had started")
            self._stop_error = late if deadline else Interrupted(event.signal)
            self._task.cancel()

    # ---- what the policy decides ----

    def _event(self, event: policy.Event) -> None:
        self._job, actions = policy.step(self._job, event)
        for action in actions:
            if isinstance(action, policy.End):
                self._end(action)
            else:
                self._finish(action.status)

    def _end(self, action: policy.End) -> None:
        self._send_all({"do": "stop", "signal": int(action.signal), "grace": action.grace})
        self._loop.call_later(action.grace + _OVERDUE_S, self._event, policy.EndingOverdue())

    def _finish(self, status: int) -> None:
        self._lines.finish()
        if self._over.done():
            return  # we were leaving already
        for line in summary(self._job, self._request.roster.name):
            self.say(line)
        self._over.set_result(status)

    # ---- the rest ----

    def say(self, line: str) -> None:
        """One line of our own on stderr, behind everything that the ranks have written so far."""
        self._lines.note(f"boltloom: {line}")

    def _verbose(self, line: str) -> None:
        if self._request.verbose:
            self.say(line)

    def _soon(self, action: Callable[..., None], *arguments: object) -> Callable[[], None]:
        def act() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody needs to know any more
                self._loop.call_soon_threadsafe(action, *arguments)

        return act

    def _send_all(self, header: Header) -> None:
        for connection in self._connections:
            connection.send(header)

    def _pause(self, paused: bool) -> None:
        for connection in self._connections:
            connection.pause(paused)

    def _catch_signals(self) -> None:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job
                self._loop.add_signal_handler(number, self._on_signal, int(number))

    def _keep_alive(self, connection: Connection) -> None:
        if connection.gone.is_set() or self._over.done():
            return
        quiet = time.monotonic() - connection.heard
        if quiet > SILENCE_S and not connection.paused:
            connection.give_up(f"nothing has been heard from {connection.reach.name} for {quiet:.0f} s")
            return
        connection.send({"do": "ping"})
        self._loop.call_later(_PING_S, self._keep_alive, connection)

    async def _leave(self) -> None:
        """Every door leads through here: agents and their processes are gone when it ends."""
        self._running = True  # a connection that ends from now on is no reason to fail
        if not self._over.done():
            self._over.cancel()
        self._typing.stop()
        for connection in self._connections:
            connection.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._request.grace + _OVERDUE_S):
                await asyncio.gather(*(connection.gone.wait() for connection in self._connections))
        for connection in self._connections:
            connection.kill()
            connection.close()


def _hello(answer: Header) -> Hello:
    return Hello(answer["pid"], answer["python"], answer["hostname"], answer["server"], answer["client"])


async def _supervise(request: Request, agents: Sequence[AgentProcess], screen: Screen) -> int:
    return await Supervisor(request, agents, screen).run()


def supervise(request: Request, agents: Sequence[AgentProcess]) -> int:
    """Run a job whose agents have been started, and give the exit status."""
    screen = Screen()
    try:
        return asyncio.run(_supervise(request, agents, screen))
    finally:
        # Without a deadline: who pages through our output may take an hour for it. A signal ends us here at once.
        screen.close()
