# SPDX-License-Identifier: Apache-2.0
"""Lines stay whole, bytes stay as they are, memory stays bounded."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from boltloom_launcher.output import Lines, Readers, Screen, Style
from hypothesis import given
from hypothesis import strategies as st


class Written:
    def __init__(self) -> None:
        self.by_stream = {1: b"", 2: b""}

    def __call__(self, stream: int, data: bytes) -> None:
        self.by_stream[stream] += data


def lines(ranks: int, tag: bool = False) -> tuple[Lines, Written]:
    written = Written()
    return Lines(written, ["here"] * ranks, Style(tag)), written


def test_one_rank_passes_at_once_prompts_too() -> None:
    merger, written = lines(1)
    merger.feed(0, 1, b"name? ")
    assert written.by_stream[1] == b"name? "


def test_half_a_line_waits_for_its_other_half() -> None:
    merger, written = lines(2)
    merger.feed(0, 1, b"one\ntw")
    merger.feed(1, 1, b"other\n")
    merger.feed(0, 1, b"o\n")
    assert written.by_stream[1] == b"one\nother\ntwo\n"


def test_tags_stand_before_every_line() -> None:
    merger, written = lines(12, tag=True)
    merger.feed(11, 1, b"a\n\nb\n")
    merger.feed(3, 2, b"e\n")
    assert written.by_stream == {1: b"[11] a\n[11] \n[11] b\n", 2: b"[3] e\n"}


def test_what_a_rank_leaves_without_newline_comes_out_when_it_ends() -> None:
    merger, written = lines(2, tag=True)
    merger.feed(0, 1, b"last words")
    assert written.by_stream[1] == b""
    merger.close(0)
    merger.feed(1, 1, b"mine\n")
    assert written.by_stream[1] == b"[0] last words\n[1] mine\n"


def test_a_progress_bar_moves_and_nobody_writes_into_it() -> None:
    merger, written = lines(2)
    merger.feed(0, 2, b"\r10%")
    merger.feed(0, 2, b"\r20%")
    assert written.by_stream[2] == b"\r10%"
    merger.feed(1, 2, b"hello\n")
    assert written.by_stream[2] == b"\r10%\nhello\n"
    merger.feed(0, 2, b"\r\n")
    assert written.by_stream[2] == b"\r10%\nhello\n\r20%\r\n"


def test_half_a_line_is_shown_after_a_moment_in_which_nobody_else_wrote() -> None:
    merger, written = lines(2)
    merger.feed(0, 1, b"name? ")
    merger.feed(1, 2, b"on the other stream")
    assert merger.holds
    merger.look()
    assert written.by_stream == {1: b"", 2: b""}
    merger.look()
    assert written.by_stream == {1: b"name? ", 2: b"on the other stream"}
    assert not merger.holds
    merger.feed(0, 1, b"me\n")
    assert written.by_stream[1] == b"name? me\n"


def test_words_that_come_one_by_one_are_shown_one_by_one() -> None:
    merger, written = lines(4)
    for word in (b"Once ", b"upon ", b"a ", b"time"):
        merger.feed(0, 1, word)
        merger.look()
    assert written.by_stream[1] == b"Once upon a time"


def test_half_a_line_waits_while_others_write() -> None:
    merger, written = lines(2)
    merger.feed(0, 1, b"half ")
    for _ in range(3):
        merger.feed(1, 1, b"whole\n")
        merger.look()
    merger.feed(0, 1, b"and half\n")
    assert written.by_stream[1] == b"whole\n" * 3 + b"half and half\n"


def test_raw_bytes_pass_as_they_come() -> None:
    written = Written()
    merger = Lines(written, ["a", "b"], Style(raw=True))
    merger.feed(0, 1, b"\x00ha")
    merger.feed(1, 1, b"\r50%")
    merger.feed(0, 1, b"lf\n")
    assert written.by_stream[1] == b"\x00ha\r50%lf\n"


def test_only_those_who_are_to_be_shown_are() -> None:
    for shown, expected in ((frozenset([1]), b"b\n"), (frozenset[int](), b"")):
        written = Written()
        merger = Lines(written, ["a", "b"], Style(shown=shown))
        merger.feed(0, 1, b"a\n")
        merger.feed(1, 1, b"b\n")
        merger.note("boltloom: hello")
        assert written.by_stream == {1: expected, 2: b"boltloom: hello\n"}


def test_the_only_rank_that_is_shown_may_draw() -> None:
    written = Written()
    merger = Lines(written, ["a", "b"], Style(shown=frozenset([0])))
    merger.feed(1, 1, b"half")
    merger.feed(0, 1, b"\x1b[2A\r> ")
    assert written.by_stream[1] == b"\x1b[2A\r> " and not merger.holds


def test_tags_name_the_host_where_there_are_several_and_stamps_the_time() -> None:
    written = Written()
    merger = Lines(written, ["mac1", "mac2"], Style(tag=True, stamps=True))
    merger.feed(1, 1, b"x\ny\n")
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
    assert re.fullmatch(rf"{stamp} \[1 mac2\] x\n{stamp} \[1 mac2\] y\n", written.by_stream[1].decode())


def test_colours_are_for_the_streams_that_a_terminal_shows() -> None:
    written = Written()
    merger = Lines(written, ["mac1", "mac1"], Style(tag=True, hosts=True, coloured=frozenset([2])))
    merger.feed(1, 1, b"x\n")
    merger.feed(1, 2, b"y\n")
    merger.note("boltloom: hello")
    assert written.by_stream == {1: b"[1 mac1] x\n", 2: b"\x1b[33m[1 mac1]\x1b[0m y\n\x1b[1mboltloom: hello\x1b[0m\n"}
    merger = Lines(written, ["mac1", "mac2"], Style(tag=True, hosts=False))
    merger.feed(1, 1, b"z\n")
    assert written.by_stream[1] == b"[1 mac1] x\n[1] z\n"


def test_a_line_without_end_is_not_held_for_ever() -> None:
    merger, written = lines(2)
    for _ in range(9):
        merger.feed(0, 1, b"x" * (256 << 10))
    assert len(written.by_stream[1]) >= 1 << 20
    merger.feed(1, 1, b"y\n")
    merger.feed(0, 1, b"z\n")
    whole = written.by_stream[1]
    assert b"\ny\n" in whole
    assert whole.replace(b"\ny\n", b"") == b"x" * (9 * (256 << 10)) + b"z\n"


PIECES = st.lists(
    st.tuples(st.integers(0, 2), st.binary(max_size=12) | st.sampled_from([b"\n", b"a\n", b"\r", "é\n".encode()[:1]]))
)


@given(PIECES)
def test_each_ranks_bytes_come_out_unharmed_and_in_order(pieces: list[tuple[int, bytes]]) -> None:
    """Tagged by hand, whatever comes out for a rank is what went in, but for a newline where a line was cut."""
    passed: dict[int, bytes] = {0: b"", 1: b"", 2: b""}
    merger, written = lines(3)
    for rank, data in pieces:
        before = len(written.by_stream[1])
        merger.feed(rank, 1, data)
        new = written.by_stream[1][before:]
        passed[rank] += new[1:] if before and _inserted(written.by_stream[1], before, passed[rank], data, new) else new
    whole = {rank: b"".join(d for r, d in pieces if r == rank) for rank in passed}
    for rank, seen in passed.items():
        assert whole[rank].startswith(seen)
        rest = whole[rank][len(seen) :]
        assert b"\n" not in rest


def _inserted(whole: bytes, at: int, seen: bytes, data: bytes, new: bytes) -> bool:
    """A newline of ours stands there: the last writer had left its line open, and it was somebody else."""
    return new[:1] == b"\n" and not whole[:at].endswith(b"\n") and not (seen + data).startswith(seen + new)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe in the place of our stdout: its reading and its writing end."""
    reading, writing = os.pipe()
    yield reading, writing
    for fd in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(fd)


class Told:
    """What was said about the readers."""

    def __init__(self, screen: Screen) -> None:
        self.full, self.room, self.closed, self.failed = (threading.Event() for _ in range(4))
        self.words: list[object] = []

        def tell(event: threading.Event) -> Callable[..., None]:
            def act(*words: object) -> None:
                self.words += words
                event.set()

            return act

        screen.tell(Readers(tell(self.full), tell(self.room), tell(self.closed), tell(self.failed)))


def fill(screen: Screen, told: Told) -> int:
    """Write until too much waits; how many bytes that were."""
    sent = 0
    while not told.full.is_set():
        screen.write(1, b"x" * (1 << 20))
        sent += 1 << 20
        assert sent < 64 << 20, "it never said that it is full"
    return sent


def test_a_slow_reader_is_told_about_and_nothing_is_lost(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    screen = Screen(stdout=writing)
    told = Told(screen)
    sent = fill(screen, told)
    assert told.words == [1]
    got = 0
    while got < sent:
        got += len(os.read(reading, 1 << 20))
    assert screen.close()
    assert told.room.wait(5)
    assert got == sent


def test_a_stuck_stdout_does_not_hold_up_stderr_nor_the_end(pipe: tuple[int, int]) -> None:
    _, writing = pipe
    heard, said = os.pipe()
    screen = Screen(stdout=writing, stderr=said)
    fill(screen, Told(screen))
    screen.write(2, b"boltloom: rank 1 exited\n")
    assert os.read(heard, 100) == b"boltloom: rank 1 exited\n"
    assert not screen.close(patience=0.05)
    os.close(heard)
    os.close(said)


def test_a_reader_who_went_away_is_told_about(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    screen = Screen(stdout=writing)
    told = Told(screen)
    os.close(reading)
    screen.write(1, b"x")
    assert screen.close()
    assert told.closed.is_set() and not told.failed.is_set()


def test_a_disk_that_is_full_is_told_about() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    screen = Screen(stdout=full)
    told = Told(screen)
    screen.write(1, b"x")
    assert screen.close()
    os.close(full)
    assert told.failed.is_set() and not told.closed.is_set()
    assert told.words == ["No space left on device"]
