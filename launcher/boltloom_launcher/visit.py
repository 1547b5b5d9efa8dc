# SPDX-License-Identifier: Apache-2.0
"""Agents on hosts, started only to ask them about the runs of other agents there."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from boltloom_launcher.agent.messages import Hello, ListRuns, Message, Order, RunEntry, Runs
from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.connection import Connection
from boltloom_launcher.gate import Gate, gates
from boltloom_launcher.hosts import Reach
from boltloom_launcher.pacing import connect_limit
from boltloom_launcher.spawn import Way, start_agents

_ANSWER_S = 20.0
_LEAVE_S = 2.0
_HERE = "127.0.0.1"


class Visit:
    """One host. It answers each question in turn; ``problem`` says why it answers no more."""

    def __init__(self, way: Way, gate: Gate) -> None:
        self.host = way.reach.name
        self.problem = ""
        self.machine = ""  # the same for every name of one computer
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._connection = Connection(way, gate, self._answers.put_nowait, self._lost, self._gone.set)

    async def open(self, within: float) -> None:
        """Wait until it is there, so many seconds at most."""
        await self._connection.open()
        hello = await self._answer(Hello, within)
        self.machine = hello.machine if isinstance(hello, Hello) else ""

    async def ask(self, order: Order, *kinds: type[Message]) -> Message | None:
        """The answer, one of these kinds; None if the host is lost."""
        if self.problem:
            return None
        self._connection.send(order)
        return await self._answer(kinds, _ANSWER_S)

    async def runs(self) -> list[RunEntry]:
        """Those that have ranks there."""
        answer = await self.ask(ListRuns(), Runs)
        return answer.runs if isinstance(answer, Runs) else []

    async def leave(self) -> None:
        """We have heard enough. A last order is carried out before."""
        if not self.problem:
            self._connection.leave()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await self._gone.wait()
        self._connection.kill()
        self._connection.close()

    async def _answer(self, kinds: type[Message] | tuple[type[Message], ...], within: float) -> Message | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while (answer := await self._answers.get()) is not None:
                    if isinstance(answer, kinds):
                        return answer
        self.problem = self.problem or f"{self.host}: has not answered for {within:.0f} s"
        return None

    def _lost(self, why: str) -> None:
        self.problem = self.problem or why
        self._answers.put_nowait(None)


class Found(NamedTuple):
    """A run on a host."""

    visit: Visit
    entry: RunEntry

    @property
    def run(self) -> tuple[str, str, str, int]:
        """The same on all hosts of a run, another for every other run, also one of the same name."""
        return self.entry.name, self.entry.user, self.entry.host, self.entry.pid


@contextlib.asynccontextmanager
async def visiting(reaches: Sequence[Reach]) -> AsyncIterator[list[Visit]]:
    """Be on all these hosts, as far as they can be reached."""
    ways = start_agents(reaches)
    within = connect_limit([way.settings for way in ways if not way.reach.local])
    shared = gates(ways, time.monotonic() + within)
    visits = [Visit(way, gate) for way, gate in zip(ways, shared, strict=True)]
    try:
        await asyncio.gather(*(visit.open(within) for visit in visits))
        yield visits
    finally:
        await asyncio.gather(*(visit.leave() for visit in visits))


@contextlib.asynccontextmanager
async def on_hosts(reaches: Sequence[Reach]) -> AsyncIterator[list[Visit]]:
    """Be on these hosts; on none, be on this computer, and on those where its launchers have ranks."""
    if reaches:
        async with visiting(reaches) as visits:
            yield visits
        return
    async with visiting([Reach(_HERE)]) as here:
        hosts = [host for found in await find_runs(here) for host in found.entry.hosts]
        far = dict.fromkeys(Reach(name, target, tuple(opts), tuple(pythons)) for name, target, opts, pythons in hosts)
        async with visiting(list(far)) as there:
            yield [*here, *there]


async def find_runs(visits: Sequence[Visit]) -> list[Found]:
    """All runs, in the order of the hosts; what a computer with two names said twice counts once."""
    answers = await asyncio.gather(*(visit.runs() for visit in visits))
    found = [Found(visit, entry) for visit, runs in zip(visits, answers, strict=True) for entry in runs]
    return list({(each.visit.machine, each.entry.key): each for each in reversed(found)}.values())[::-1]
