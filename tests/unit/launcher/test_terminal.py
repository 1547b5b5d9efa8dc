# SPDX-License-Identifier: Apache-2.0
"""Our terminal is raw while a rank has it, and what interrupts the run is pressed on purpose."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Iterator

import pytest
from boltloom_launcher import terminal
from boltloom_launcher.terminal import OwnTerminal


class Pressed:
    """Counts what a person wanted."""

    def __init__(self, raw: bool = True) -> None:
        self.interrupts = 0
        self.own = OwnTerminal(raw, self.interrupt, lambda: None)

    def interrupt(self) -> None:
        self.interrupts += 1


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal in the place of our stdin."""
    other, fd = os.openpty()
    monkeypatch.setattr(terminal, "_STDIN", fd)
    yield fd
    os.close(other)
    os.close(fd)


def test_it_is_raw_in_between_and_as_it_was_afterwards(ours: int) -> None:
    async def run() -> None:
        before = termios.tcgetattr(ours)
        pressed = Pressed()
        pressed.own.claim()
        assert termios.tcgetattr(ours) == before  # not before a rank has it
        for _ in range(2):  # a restart
            pressed.own.begin()
            raw = termios.tcgetattr(ours)
            assert not raw[3] & (termios.ICANON | termios.ECHO | termios.ISIG) and not raw[1] & termios.OPOST
            pressed.own.release()
            pressed.own.claim()
            assert termios.tcgetattr(ours) == before
        Pressed(raw=False).own.begin()
        assert termios.tcgetattr(ours) == before

    asyncio.run(run())


@pytest.mark.parametrize(
    ("pieces", "seconds", "interrupts"),
    [
        ([b"\x1d\x1d\x1d"], 0.0, 1),
        ([b"\x1d", b"\x1d", b"\x1d"], 0.4, 1),
        ([b"\x1d", b"\x1d", b"\x1d"], 0.6, 0),  # one may be pressed again and again
        ([b"\x1d\x1dx\x1d"], 0.0, 0),
        ([b"\x1d\x1d\x1d\x1d\x1d\x1d"], 0.0, 2),
        ([b"\x03\x03\x03"], 0.0, 0),
    ],
)
def test_three_times_within_a_second(
    ours: int, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes], seconds: float, interrupts: int
) -> None:
    async def run() -> None:
        pressed, now = Pressed(), [0.0]
        monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
        pressed.own.heard(b"\x1d\x1d\x1d")  # not raw yet: Ctrl-C does it
        pressed.own.begin()
        for piece in pieces:
            pressed.own.heard(piece)
            now[0] += seconds
        pressed.own.release()
        assert pressed.interrupts == interrupts

    asyncio.run(run())
