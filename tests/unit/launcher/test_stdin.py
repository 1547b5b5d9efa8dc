# SPDX-License-Identifier: Apache-2.0
"""What is typed reaches every rank whole and in order, and a rank that never reads holds up nobody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from boltloom_launcher import stdin
from boltloom_launcher.stdin import TypingIn


class Ranks:
    """Take pieces, and say that they are ready for more when they are told to."""

    def __init__(self, readers: list[int]) -> None:
        self.got: dict[int, bytes] = dict.fromkeys(readers, b"")
        self.ended: set[int] = set()
        self.said: list[str] = []
        self.fast = set(readers)  # these want the next piece at once
        self.typing = TypingIn(self.take, self.said.append)
        self.typing.readers(readers)

    def take(self, rank: int, data: bytes) -> None:
        assert rank not in self.ended
        self.got[rank] += data
        if not data:
            self.ended.add(rank)
            asyncio.get_running_loop().call_soon(self.typing.closed, rank)
        elif rank in self.fast:
            asyncio.get_running_loop().call_soon(self.typing.ready, rank)

    async def until(self, *ranks: int) -> None:
        async with asyncio.timeout(30):
            while not self.ended.issuperset(ranks):
                await asyncio.sleep(0.001)


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """A file in the place of our stdin, and what stands in it."""
    text = os.urandom(1 << 20)
    (tmp_path / "typed").write_bytes(text)
    fd = os.open(tmp_path / "typed", os.O_RDONLY)
    monkeypatch.setattr(stdin, "_STDIN", fd)
    yield text
    os.close(fd)


def test_everybody_gets_all(typed: bytes) -> None:
    async def run() -> None:
        ranks = Ranks([0, 1, 2])
        for rank in (2, 0, 1):
            ranks.typing.ready(rank)
        await ranks.until(0, 1, 2)
        assert ranks.got == dict.fromkeys(range(3), typed)
        ranks.typing.stop()

    asyncio.run(run())


def test_a_slow_rank_holds_up_nobody_and_misses_nothing(typed: bytes) -> None:
    async def run() -> None:
        ranks = Ranks([0, 1, 2])
        ranks.fast = {0}
        for rank in (0, 1):
            ranks.typing.ready(rank)
        await ranks.until(0)
        assert ranks.got[0] == typed
        assert len(ranks.got[1]) <= 64 << 10 and not ranks.got[2]
        ranks.fast = {1, 2}
        for rank in (1, 2):  # the third was started late
            ranks.typing.ready(rank)
        await ranks.until(1, 2)
        assert ranks.got == dict.fromkeys(range(3), typed)
        assert not ranks.said

    asyncio.run(run())


def test_a_rank_that_never_reads_costs_a_bounded_amount_and_is_named(
    typed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdin, "_MOST_WAITING", 1 << 18)

    async def run() -> None:
        ranks = Ranks([0, 1])
        ranks.fast = {0}
        ranks.typing.ready(0)
        await ranks.until(0, 1)
        assert ranks.got == {0: typed, 1: b""}
        assert ranks.said == ["rank 1 gets no more of what is typed: it has left 0 MiB unread"]

    asyncio.run(run())


def test_no_room_for_what_waits_is_said(typed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", no_room)

    async def run() -> None:
        ranks = Ranks([0, 1])
        ranks.fast = {0}
        ranks.typing.ready(0)
        await ranks.until(0, 1)
        assert ranks.got == {0: typed, 1: b""}
        assert ranks.said == [
            "rank 1 gets no more of what is typed: it cannot be kept for it (No space left on device)"
        ]

    asyncio.run(run())


def test_a_rank_that_has_ended_is_not_waited_for(typed: bytes) -> None:
    async def run() -> None:
        ranks = Ranks([0, 1])
        ranks.typing.ready(0)
        ranks.typing.ready(1)
        ranks.typing.closed(1)
        await ranks.until(0)
        assert ranks.got[0] == typed

    asyncio.run(run())


def test_after_a_restart_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(stdin, "_STDIN", reading)

    async def run() -> None:
        ranks = Ranks([0])
        ranks.typing.ready(0)
        os.write(writing, b"first ")
        async with asyncio.timeout(30):
            while not ranks.got[0]:
                await asyncio.sleep(0.001)
        ranks.typing.closed(0)
        ranks.typing.readers([0])
        os.write(writing, b"second")
        ranks.typing.ready(0)
        os.close(writing)
        await ranks.until(0)
        assert ranks.got[0] == b"first second"
        ranks.typing.stop()

    asyncio.run(run())
    os.close(reading)
