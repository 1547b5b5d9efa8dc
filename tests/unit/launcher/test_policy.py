# SPDX-License-Identifier: Apache-2.0
"""When a job is ended and what its status is, as histories: events in, actions out. No process, no clock."""

from __future__ import annotations

import signal
from typing import NamedTuple

import pytest
from boltloom_launcher.policy import Action, End, Ended, EndingOverdue, Event, Finish, Job, Started, Stopped, step
from boltloom_launcher.report import summary

TERM, KILL, INT = signal.SIGTERM, signal.SIGKILL, signal.SIGINT
GRACE = 10.0


def ok(rank: int, after: float = 5.0) -> Ended:
    return Ended(rank, after, code=0)


def fails(rank: int, code: int = 1, after: float = 1.0) -> Ended:
    return Ended(rank, after, code=code)


def killed(rank: int, number: int = KILL, after: float = 1.0) -> Ended:
    return Ended(rank, after, signal=number)


def ended_by_us(rank: int, after: float = 1.1) -> Ended:
    return Ended(rank, after, signal=TERM, by_us=True)


class History(NamedTuple):
    name: str
    size: int
    events: list[tuple[Event, list[Action]]]
    says: list[str]


HISTORIES = [
    History("all succeed", 2, [(Started(0, 10), []), (Started(1, 11), []), (ok(1), []), (ok(0), [Finish(0)])], []),
    History(
        "the first to fail decides, the others are ended",
        3,
        [
            (Started(0, 10), []),
            (Started(1, 11), []),
            (Started(2, 12), []),
            (fails(1, 7, 3.25), [End(TERM, GRACE)]),
            (ended_by_us(0), []),
            (ended_by_us(2), [Finish(7)]),
        ],
        ["rank 1 on mac1 (pid 11) exited with status 7 after 3.2 s; the other 2 ranks were ended"],
    ),
    History(
        "news out of order: the earliest by time is the cause",
        2,
        [(fails(0, 1, 1.01), [End(TERM, GRACE)]), (killed(1, KILL, 1.0), [Finish(137)])],
        ["rank 1 on mac1 was killed by SIGKILL after 1.0 s; 1 other rank failed after it"],
    ),
    History(
        "a rank that was told to end is no cause, whatever its status and time",
        2,
        [(fails(0, 5, 2.0), [End(TERM, GRACE)]), (Ended(1, 1.9, code=1, by_us=True), [Finish(5)])],
        ["rank 0 on mac0 exited with status 5 after 2.0 s; the other rank was ended"],
    ),
    History(
        "the last rank fails after the others succeeded",
        2,
        [(ok(0), []), (fails(1, 3), [Finish(3)])],
        ["rank 1 on mac1 exited with status 3 after 1.0 s"],
    ),
    History(
        "a host is lost with its two ranks",
        3,
        [
            (Ended(1, 4.0, reason="was lost: the connection to mac1 was lost"), [End(TERM, GRACE)]),
            (Ended(2, 4.0, reason="was lost: the connection to mac1 was lost"), []),
            (ended_by_us(0), [Finish(3)]),
        ],
        ["rank 1 on mac1 was lost: the connection to mac1 was lost; 1 other rank failed after it; 1 rank was ended"],
    ),
    History(
        "a rank that had ended well is not lost with its host",
        2,
        [(ok(0), []), (Ended(0, 9.0, reason="was lost"), []), (ok(1), [Finish(0)])],
        [],
    ),
    History(
        "Ctrl-C is forwarded and gives 130, also when ranks then end well",
        2,
        [
            (Stopped("interrupted", INT), [End(INT, GRACE)]),
            (Ended(0, 2, code=0, by_us=True), []),
            (ok(1), [Finish(130)]),
        ],
        ["interrupted by SIGINT; 2 ranks were ended"],
    ),
    History(
        "the second Ctrl-C kills at once",
        1,
        [
            (Stopped("interrupted", INT), [End(INT, GRACE)]),
            (Stopped("interrupted", INT), [End(KILL, 0.0)]),
            (Ended(0, 2, signal=KILL, by_us=True), [Finish(130)]),
        ],
        ["interrupted by SIGINT; 1 rank was ended"],
    ),
    History(
        "SIGTERM gives 143",
        1,
        [(Stopped("interrupted", TERM), [End(TERM, GRACE)]), (ended_by_us(0), [Finish(143)])],
        ["interrupted by SIGTERM; 1 rank was ended"],
    ),
    History(
        "the deadline gives 124, and changes nothing about an ending in progress",
        1,
        [(Stopped("deadline"), [End(TERM, GRACE)]), (Stopped("deadline"), []), (ended_by_us(0), [Finish(124)])],
        ["the deadline for the whole run has passed; 1 rank was ended"],
    ),
    History(
        "a deadline after a failure leaves the failure's status",
        2,
        [(fails(0, 9), [End(TERM, GRACE)]), (Stopped("deadline"), []), (ended_by_us(1), [Finish(9)])],
        ["rank 0 on mac0 exited with status 9 after 1.0 s; the other rank was ended"],
    ),
    History(
        "nobody reads our output: quiet, and the status that a shell gives for SIGPIPE",
        1,
        [(Stopped("output-closed", signal.SIGPIPE), [End(TERM, GRACE)]), (ended_by_us(0), [Finish(141)])],
        [],
    ),
    History(
        "a rank that cannot even be killed is named, and the status is that of the cause",
        2,
        [(fails(0, 4), [End(TERM, GRACE)]), (EndingOverdue(), [Finish(4)]), (ended_by_us(1), [])],
        ["rank 0 on mac0 exited with status 4 after 1.0 s", "rank 1 on mac1 may still be running: look there"],
    ),
    History(
        "a rank that could not be started",
        2,
        [(Ended(1, 0.0, reason="could not be started (no memory)"), [End(TERM, GRACE)]), (ended_by_us(0), [Finish(3)])],
        ["rank 1 on mac1 could not be started (no memory); the other rank was ended"],
    ),
]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda h: h.name)
def test_history(history: History) -> None:
    job = Job(history.size, GRACE)
    at_finish = job
    for event, expected in history.events:
        job, actions = step(job, event)
        assert list(actions) == expected, event
        if any(isinstance(action, Finish) for action in actions):
            at_finish = job
    assert job.finished
    assert summary(at_finish, lambda rank: f"mac{rank}") == history.says


def test_a_failed_rank_never_gives_zero() -> None:
    """Whatever comes together with the failure, and in whatever order."""
    others: list[Event] = [ok(1), Stopped("deadline"), Stopped("interrupted", INT), EndingOverdue(), ended_by_us(1)]
    for first in others:
        for second in others:
            for order in ([fails(0), first, second], [first, fails(0), second], [first, second, fails(0)]):
                job = Job(2, GRACE)
                for event in [*order, EndingOverdue()]:
                    job, _ = step(job, event)
                assert job.finished and job.status != 0, order


def test_an_unknown_end_never_gives_zero() -> None:
    job, _ = step(Job(2, GRACE), ok(0))
    job, actions = step(job, EndingOverdue())
    assert actions == (Finish(3),)
