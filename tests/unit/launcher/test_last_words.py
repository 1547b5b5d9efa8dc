# SPDX-License-Identifier: Apache-2.0
"""Whatever a rank wrote last can be shown, in few and short lines."""

from __future__ import annotations

import pytest
from boltloom_launcher.last_words import LastWords
from hypothesis import given
from hypothesis import strategies as st


def after(*pieces: bytes, stream: int = 2, hidden: bool = False) -> tuple[str, ...]:
    words = LastWords(2, frozenset([1]) if hidden else frozenset())
    for piece in pieces:
        words.add(1, stream, piece)
    return words.lines(1)


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (b"", ()),
        (b"\n \n\n", ()),
        (b"no newline", ("no newline",)),
        (b"one\r\n\r\n  two\n", ("one", "  two")),
        (b"10%\r20%\r100%\r\n", ("100%",)),
        (b"\x1b[1;31mValueError\x1b[0m: bad\ttab\x1b]0;title\x07\n", ("ValueError: bad    tab",)),
        (b"\x00\x1b\x7f\xff \xe2\x80\xae\n", ("\\x00\\x1b\\x7f\\xff \\u202e",)),
        ("caf\u00e9 \u2713\n".encode(), ("caf\u00e9 \u2713",)),
        (b"".join(b"%d\n" % number for number in range(9)), ("4", "5", "6", "7", "8")),
        (b"begin " + b"x" * 1000 + b"\nend\n", ("begin " + "x" * 294 + "...", "end")),
        (b"begin" + b"x" * (1 << 20) + b" end", ("..." + "x" * 296 + " end",)),
    ],
)
def test_what_is_shown_of_it(written: bytes, lines: tuple[str, ...]) -> None:
    assert after(written) == lines
    assert after(*(written[at : at + 999] for at in range(0, len(written), 999))) == lines


@given(
    st.lists(
        st.builds(lambda piece, times: piece * times, st.binary(max_size=99), st.sampled_from([1, 99])), max_size=4
    )
)
def test_anything_can_be_shown_in_few_short_lines(pieces: list[bytes]) -> None:
    lines = after(*pieces)
    assert len(lines) <= 5
    assert all(line.isprintable() and 0 < len(line) <= 303 for line in lines)


def test_stdout_counts_where_it_is_hidden_and_there_is_nothing_else() -> None:
    assert after(b"out\n", stream=1) == ()
    assert after(b"out\n", stream=1, hidden=True) == ("out",)
    words = LastWords(2, frozenset([0, 1]))
    words.add(0, 1, b"out\n")
    words.add(0, 2, b"err\n")
    assert words.lines(0) == ("err",)


@pytest.mark.parametrize(
    ("written", "misses"),
    [
        (b"RuntimeError: [ring] connection to a peer was lost\n", True),
        (b"terminate called\n  what():  [ring] Too many send/recv errors. Failing pending tasks...\n", True),
        (b"RuntimeError: [.../gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:2 ...\n", True),
        (b"ConnectionResetError: [Errno 104] Connection reset by peer\n", True),
        (b"BrokenPipeError: [Errno 32] Broken pipe\n", True),
        (b"[ring] Socket 3 was closed by the peer\nValueError: bad\n", False),
        (b"RuntimeError: [ring] Couldn't bind socket (error: 98)\n", False),
        (b"", False),
    ],
)
def test_who_only_misses_another_rank_says_so(written: bytes, misses: bool) -> None:
    words = LastWords(2)
    words.add(0, 2, written)
    assert words.misses_peer(0) == misses


def test_the_last_other_rank_that_is_named_is_blamed() -> None:
    words = LastWords(3)
    words.add(0, 2, b"rank 1 is gone\nrank 2 is gone, says rank 0; rank 7 is nobody\n")
    assert (words.blamed_by(0), words.blamed_by(1)) == (2, None)
    words.begin()
    assert (words.blamed_by(0), words.lines(0)) == (None, ())
