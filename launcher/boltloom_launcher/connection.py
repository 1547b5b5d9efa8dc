# SPDX-License-Identifier: Apache-2.0
"""One agent as the launcher sees it: frames out, frames in, and the words for its loss."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from typing import IO, cast

from boltloom_launcher.agent.frames import MAGIC, FrameError, FrameReader, pack
from boltloom_launcher.agent.messages import Leave, Message, Order
from boltloom_launcher.bootstrap import NO_PYTHON, tried_pythons
from boltloom_launcher.hosts import Reach
from boltloom_launcher.spawn import AgentProcess

_KEEP_WORDS = 8192
_REAP_S = 2.0
_SSH_FAILED = 255


class Connection:
    """The connection to one agent.

    ``on_news(message)`` is called for each message, ``on_lost(why)`` once if the
    connection ends before :meth:`leave` was called, ``on_gone()`` when nothing is left of it.
    """

    def __init__(
        self,
        reach: Reach,
        process: AgentProcess,
        on_news: Callable[[Message], None],
        on_lost: Callable[[str], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.reach = reach
        self.heard = time.monotonic()
        self._process = process
        self._on_news, self._on_lost, self._on_gone = on_news, on_lost, on_gone
        self._frames = FrameReader()
        self._speaks = False  # the agent's mark has been seen
        self._before = b""  # what came before it: a login shell's banner
        self._words = b""  # the end of what ssh or the agent said on stderr
        self._words_over = asyncio.Event()
        self._leaving = False
        self._opened = False
        self._gone = False
        self._ending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Attach the event loop to the process's pipes."""
        loop = asyncio.get_running_loop()
        stdin, stdout, stderr = (
            cast(IO[bytes], p) for p in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        self._out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, stdin)
        self._in, _ = await loop.connect_read_pipe(lambda: _Pipe(self._receive, self._end), stdout)
        self._err, _ = await loop.connect_read_pipe(lambda: _Pipe(self._hear_words, self._words_over.set), stderr)
        self._opened = True

    def send(self, order: Order) -> None:
        """Send one message, if the other end is still there."""
        if self._opened and not self._out.is_closing():
            self._out.write(pack(order))

    def leave(self) -> None:
        """Ask the agent to end whatever is left of its ranks, and itself."""
        self._leaving = True
        if not self._speaks:
            self.kill()  # an ssh that is still connecting; an agent that has just started sees its stdin end
            return
        self.send(Leave())

    def give_up(self, why: str) -> None:
        """Treat the connection as lost, though its end has not been seen."""
        if not self._leaving and not self._gone:
            self._leaving = True
            self._on_lost(why)
        self.kill()

    def kill(self) -> None:
        """End the local process of the connection at once. The agent then sees the end of its stdin."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Free what the event loop holds."""
        if not self._opened:
            return
        for transport in (self._out, self._in, self._err):
            transport.close()

    def _receive(self, data: bytes) -> None:
        self.heard = time.monotonic()
        if not self._speaks:
            self._before += data
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

    def _hear_words(self, data: bytes) -> None:
        self._words = (self._words + data)[-_KEEP_WORDS:]

    def _end(self) -> None:
        self._ending = asyncio.get_running_loop().create_task(self._reap())

    async def _reap(self) -> None:
        """The agent's stdout has ended: learn how its process ended, and say so if nobody expected it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                await self._words_over.wait()
                while self._process.poll() is None:
                    await asyncio.sleep(0.002)  # its pipes are closed already: it is about to end
        self._gone = True
        if not self._leaving:
            self._leaving = True
            self._on_lost(self._why(self._process.poll()))
        self._on_gone()

    def _why(self, status: int | None) -> str:
        name, words = self.reach.name, self._last_words()
        if self._speaks:
            return f"the connection to {name} was lost{f' ({words})' if words else ''}"
        if not self.reach.local and status == NO_PYTHON:
            tried = tried_pythons(self.reach.pythons)
            return (
                f"Python not found on host {name} (tried {tried}): install Python 3.8 or newer there, or give --python"
            )
        if not self.reach.local and status == _SSH_FAILED:
            remedy = f"check that ssh {self.reach.target} works without a question"
            return f"cannot reach {name} by ssh ({words or 'it said nothing'}): {remedy}"
        return f"the agent did not start on {name} (status {status}{f': {words}' if words else ''})"

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._words.decode(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "").rstrip(".")


class _Pipe(asyncio.Protocol):
    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_data, self._on_end = on_data, on_end

    def data_received(self, data: bytes) -> None:
        self._on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end()
