# SPDX-License-Identifier: Apache-2.0
"""What the report says of the rank that failed first. Which rank that is, and the other lines: test_policy.py."""

from __future__ import annotations

import signal

import pytest
from boltloom_launcher.policy.events import Ended, Stopped
from boltloom_launcher.policy.job import Job
from boltloom_launcher.report import summary

TRACE = ("Traceback (most recent call last):", '  File "train.py", line 3, in step', "ValueError: bad")


def report(end: Ended, size: int = 2, **more: object) -> list[str]:
    """Of a run whose other ranks were ended."""
    others = tuple(Ended(rank, 2.0, signal=signal.SIGTERM, by_us=True) for rank in range(1, size))
    job = Job(tuple(f"mac{rank}" for rank in range(size)), tuple(range(size)), 10.0, phase="leaving")
    return summary(job._replace(ended=(end, *others), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peak", "words"),
    [
        (None, ""),
        (15 << 20, ""),
        (64 << 20, ", at most 64 MiB of memory"),
        (1023 << 20, ", at most 1023 MiB of memory"),
        (3 << 29, ", at most 1.5 GiB of memory"),
        (414 << 30, ", at most 414.0 GiB of memory"),
    ],
)
def test_how_much_memory_it_had(peak: int | None, words: str) -> None:
    end = Ended(0, 1.5, code=1, peak_bytes=peak)
    assert report(end) == [f"rank 0 on mac0 exited with status 1 after 1.5 s{words}; the other rank was ended"]


def test_of_several_ranks_the_last_line_is_repeated() -> None:
    assert report(Ended(0, 1.5, code=1, last_words=TRACE))[1:] == ["the last words of rank 0: ValueError: bad"]


def test_what_stands_right_above_is_not_repeated() -> None:
    end = Ended(0, 1.5, code=1, last_words=TRACE)
    assert report(end, size=1) == ["rank 0 on mac0 exited with status 1 after 1.5 s"]


def test_what_nobody_has_seen_is_told_at_more_length() -> None:
    end = Ended(0, 1.5, code=1, last_words=TRACE)
    for size in (1, 2):
        assert report(end, size, hidden=frozenset(range(size)))[1:] == [
            "the last words of rank 0:",
            "  Traceback (most recent call last):",
            '    File "train.py", line 3, in step',
            "  ValueError: bad",
        ]
    assert len(report(end, 2, hidden=frozenset([1]))) == 2


def test_memory_that_ran_out_is_told() -> None:
    end = Ended(0, 1.5, signal=signal.SIGKILL, oom_kill=True, last_words=("loading",))
    assert report(end)[1:] == [
        "memory ran out on mac0 meanwhile, and its kernel killed for it: see dmesg there",
        "the last words of rank 0: loading",
    ]


def test_a_run_that_somebody_stopped_needs_no_last_words() -> None:
    end = Ended(0, 1.5, code=1, by_us=True, last_words=TRACE)
    lines = report(end, stopped=Stopped("interrupted", signal.SIGINT))
    assert lines == ["interrupted by SIGINT; 2 ranks were ended"]
