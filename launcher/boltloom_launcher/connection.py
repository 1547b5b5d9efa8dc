# SPDX-License-Identifier: Apache-2.0
"""One agent as the launcher sees it: frames out, frames in, and another try where sshd had no room for us."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from typing import IO, cast

from boltloom_launcher.agent.frames import MAGIC, FrameError, FrameReader, pack
from boltloom_launcher.agent.messages import Leave, Message, Order
from boltloom_launcher.bootstrap import READY, agent_bytes
from boltloom_launcher.errors import BoltloomError
from boltloom_launcher.gate import Gate
from boltloom_launcher.lost import Lost, turned_away, why_lost
from boltloom_launcher.pacing import LET_IN_S, delay
from boltloom_launcher.spawn import Way

_KEEP_WORDS = 8192
_REAP_S = 2.0


class Connection:
    """The connection to one agent.

    ``on_news(message)`` is called for each message, ``on_lost(why)`` once if the
    connection ends before :meth:`leave` was called, ``on_gone()`` when nothing is left of it.
    """

    def __init__(
        self,
        way: Way,
        gate: Gate,
        on_news: Callable[[Message], None],
        on_lost: Callable[[str], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.reach = way.reach
        self.heard = time.monotonic()
        self._way, self._gate = way, gate
        self._on_news, self._on_lost, self._on_gone = on_news, on_lost, on_gone
        self._frames = FrameReader()
        self._tries = 0
        self._in_gate = way.process is not None and not way.reach.local
        self._turn: asyncio.Task[None] | None = None  # waits until another ssh may be started
        self._leaving = False
        self._opened = False
        self._gone = False
        self._ending: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        """Nothing is known yet of what this process will say."""
        self._asked = self.reach.local  # the far side has asked for the agent
        self._speaks = False  # the agent's mark has been seen
        self._before = b""  # what came before it: a login shell's banner
        self._words = b""  # the end of what ssh or the agent said on stderr
        self._words_over = asyncio.Event()

    async def open(self) -> None:
        """Attach the event loop to the process's pipes, or wait for a turn to start it."""
        if self._way.process is None:
            self._turn = asyncio.get_running_loop().create_task(self._begin(0.0))
        else:
            await self._attach()

    async def _begin(self, after: float) -> None:
        await asyncio.sleep(after)
        await self._gate.enter()
        self._in_gate = True
        self._turn = None
        try:
            self._way.begin()
        except (BoltloomError, OSError) as error:
            self._let_in(self._tries)
            self._leaving = True
            self._on_lost(f"{self.reach.name}: no ssh can be started for it ({error})")
            self._over()
        else:
            await self._attach()

    async def _attach(self) -> None:
        loop, process = asyncio.get_running_loop(), self._way.process
        assert process
        self._tries += 1
        stdin, stdout, stderr = (cast(IO[bytes], p) for p in (process.stdin, process.stdout, process.stderr))
        self._out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, stdin)
        self._in, _ = await loop.connect_read_pipe(lambda: _Pipe(self._receive, self._end), stdout)
        self._err, _ = await loop.connect_read_pipe(lambda: _Pipe(self._hear_words, self._words_over.set), stderr)
        self._opened = True
        if self._in_gate:
            loop.call_later(LET_IN_S, self._let_in, self._tries)

    def _let_in(self, tries: int) -> None:
        """The sshd at the gate has let us in, or the time for that is over."""
        if self._in_gate and tries == self._tries:
            self._in_gate = False
            self._gate.leave()

    def send(self, order: Order) -> None:
        """Send one message, if the other end is still there."""
        if self._opened and not self._out.is_closing():
            self._out.write(pack(order))

    def leave(self) -> None:
        """Ask the agent to end whatever is left of its ranks, and itself."""
        self._leaving = True
        if self._turn:
            self._turn.cancel()
            self._turn = None
            self._over()
        elif not self._speaks:
            self.kill()  # an ssh that is still connecting; an agent that has just started sees its stdin end
        else:
            self.send(Leave())

    def give_up(self, why: str) -> None:
        """Treat the connection as lost, though its end has not been seen."""
        if not self._leaving and not self._gone:
            self._leaving = True
            self._on_lost(why)
        self.kill()

    def kill(self) -> None:
        """End the local process of the connection at once. The agent then sees the end of its stdin."""
        if self._way.process:
            with contextlib.suppress(ProcessLookupError):
                self._way.process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Free what the event loop holds."""
        if self._turn:
            self._turn.cancel()
        if not self._opened:
            return
        for transport in (self._out, self._in, self._err):
            transport.close()

    def _receive(self, data: bytes) -> None:
        self.heard = time.monotonic()
        if not self._speaks:
            self._before += data
            self._answer()
            _, mark, data = self._before.partition(MAGIC)
            if not mark:
                self._before = self._before[-_KEEP_WORDS:]
                return
            self._speaks = True
        try:
            for message in self._frames.feed(data):
                self._on_news(message)
        except FrameError as error:
            self.give_up(f"the agent on {self.reach.name} sent {error}: something else writes on its connection")

    def _answer(self) -> None:
        """Give the far side the agent when it asks for it."""
        _, ready, said = self._before.partition(READY)
        python, line, _ = said.partition(b"\n")
        if self._asked or not ready or not line:
            return
        self._asked = True
        self._let_in(self._tries)
        self._out.write(agent_bytes(python))

    def _hear_words(self, data: bytes) -> None:
        self._words = (self._words + data)[-_KEEP_WORDS:]

    def _end(self) -> None:
        self._ending = asyncio.get_running_loop().create_task(self._reap())

    async def _reap(self) -> None:
        """The agent's stdout has ended: learn how its process ended, and say so if nobody expected it."""
        process = self._way.process
        assert process
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                await self._words_over.wait()
                while process.poll() is None:
                    await asyncio.sleep(0.002)  # its pipes are closed already: it is about to end
        lost = Lost(process.poll(), self._asked, self._speaks, self._before, self._words, self._tries)
        crowded = not self._leaving and not self.reach.local and turned_away(lost)
        if crowded:
            self._gate.crowded()
        self._let_in(self._tries)
        if crowded and time.monotonic() < self._gate.last_try:
            self._again()
            return
        if not self._leaving:
            self._leaving = True
            self._on_lost(why_lost(self.reach, lost))
        self._over()

    def _again(self) -> None:
        import random  # seldom needed

        self.close()
        self._opened = False
        self._forget()
        self._turn = asyncio.get_running_loop().create_task(self._begin(delay(self._tries, random.random())))

    def _over(self) -> None:
        self._gone = True
        self._on_gone()


class _Pipe(asyncio.Protocol):
    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_data, self._on_end = on_data, on_end

    def data_received(self, data: bytes) -> None:
        self._on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end()
