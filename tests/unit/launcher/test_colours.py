# SPDX-License-Identifier: Apache-2.0
"""Colours are for terminals, unless somebody says otherwise."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator

import pytest
from boltloom_launcher import colours


@pytest.fixture
def terminal() -> Iterator[int]:
    ends = pty.openpty()
    yield ends[1]
    for fd in ends:
        os.close(fd)


@pytest.mark.parametrize(
    ("choice", "environment", "on_terminal", "elsewhere"),
    [
        ("auto", {"TERM": "xterm"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {}, False, False),
        ("always", {"NO_COLOR": "1"}, True, True),
        ("never", {"TERM": "xterm"}, False, False),
    ],
)
def test_who_gets_them(
    terminal: int,
    monkeypatch: pytest.MonkeyPatch,
    choice: str,
    environment: dict[str, str],
    on_terminal: bool,
    elsewhere: bool,
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    reading, writing = os.pipe()
    try:
        assert (colours.wanted(choice, terminal), colours.wanted(choice, writing)) == (on_terminal, elsewhere)
    finally:
        os.close(reading)
        os.close(writing)


def test_neighbours_differ_and_nobody_looks_like_trouble() -> None:
    seen = [colours.of_rank(rank, b"x") for rank in range(10)]
    assert len(set(seen)) == 10
    assert not any(text.startswith((b"\x1b[31m", b"\x1b[91m")) for text in seen)
    assert colours.of_rank(10, b"x") == seen[0]
