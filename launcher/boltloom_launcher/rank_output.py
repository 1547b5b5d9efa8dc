# SPDX-License-Identifier: Apache-2.0
"""What the ranks write, from the moment it arrives: shown, kept in files, granted again, remembered for the report."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from boltloom_launcher.agent.messages import Credit, Output
from boltloom_launcher.flow import Flow
from boltloom_launcher.job import Request
from boltloom_launcher.last_words import LastWords
from boltloom_launcher.output import Lines, Readers, Screen
from boltloom_launcher.policy.events import Stopped

_HALF_LINE_S = 0.025  # half a line is shown after one to two of these
_SIGPIPE = 13


class RankOutput:
    """The output of all ranks of a run."""

    def __init__(
        self,
        request: Request,
        screen: Screen,
        grant: Callable[[int, Credit], None],
        on_stopped: Callable[[Stopped], None],
    ) -> None:
        """``grant(host, credit)`` lets a host send more; ``on_stopped`` is told when nobody takes our output."""
        self._loop = asyncio.get_running_loop()
        ranks = range(len(request.roster.seats))
        self._lines = Lines(screen.write, [request.roster.name(rank) for rank in ranks], request.style)
        self._one_stream = request.tty
        self._logs = request.logs
        if self._logs:
            self._logs.on_problem = self.say
        self._flow = Flow(lambda host, stream, size: grant(host, Credit(stream, size)))
        self.last_words = LastWords(len(ranks), request.hidden)
        self._looking = False
        screen.tell(
            Readers(
                full=partial(self._soon, self._flow.hold),
                room=partial(self._soon, self._flow.go_on),
                closed=partial(self._soon, on_stopped, Stopped("output-closed", _SIGPIPE)),
                failed=lambda words: self._soon(on_stopped, Stopped("output-failed", words=words)),
            )
        )

    def take(self, host: int, news: Output) -> None:
        """A rank on this host has written something."""
        if news.own:
            self.last_words.add(news.rank, 2 if self._one_stream else news.stream, news.data)
        self._lines.feed(news.rank, news.stream, news.data)
        if self._logs:
            self._logs.write(news.rank, news.stream, news.data)
        if self._lines.holds and not self._looking:
            self._look_later()
        self._flow.took(host, news.stream, len(news.data))

    def end(self, rank: int) -> None:
        """The rank is over."""
        self._lines.close(rank)

    def begin(self) -> None:
        """The ranks are started, for the first time or again."""
        self.last_words.begin()

    def say(self, line: str) -> None:
        """One line of our own on stderr, behind everything that the ranks have written so far."""
        for each in line.split("\n"):
            self._lines.note(f"boltloom: {each}")

    def show(self, line: str) -> None:
        """One line of our own on stdout."""
        self._lines.say(line)

    def finish(self) -> None:
        """Whatever was held back is passed on."""
        self._lines.finish()

    def close(self) -> None:
        """Nothing more is written."""
        self.finish()
        if self._logs:
            self._logs.close()

    def _look_later(self) -> None:
        self._looking = True
        self._loop.call_later(_HALF_LINE_S, self._look)

    def _look(self) -> None:
        self._lines.look()
        self._looking = False
        if self._lines.holds:
            self._look_later()

    def _soon(self, action: Callable[..., None], *arguments: object) -> None:
        """From the threads that write."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody needs to know any more
            self._loop.call_soon_threadsafe(action, *arguments)
