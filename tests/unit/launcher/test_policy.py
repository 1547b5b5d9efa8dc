# SPDX-License-Identifier: Apache-2.0
"""When a run goes on, when it is ended and what its status is, as histories: events in, actions out. No process, no
clock."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from boltloom_launcher.policy.actions import (
    Action,
    Close,
    Compare,
    Draft,
    End,
    GiveUp,
    Inspect,
    Leave,
    Look,
    Prepare,
    Reach,
    Say,
    Show,
    Start,
    Wake,
)
from boltloom_launcher.policy.events import (
    AgentEnded,
    Answered,
    Compared,
    Drafted,
    Ended,
    Event,
    Gone,
    Looked,
    Lost,
    Overdue,
    Refused,
    Started,
    Stopped,
)
from boltloom_launcher.policy.job import TOGETHER_S, Job
from boltloom_launcher.policy.limits import CONNECT_S, INSPECT_S, OVERDUE_S, REACH_S, SILENCE_S
from boltloom_launcher.policy.step import begin, step
from boltloom_launcher.report import summary
from hypothesis import given
from hypothesis import strategies as st

TERM, KILL, INT, ABRT = signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGABRT
GRACE = 10.0
LEAVE = "leave"  # the run is decided: in the histories below, where Say, Leave and Wake would be written out


def new(size: int, **more: object) -> Job:
    """A run with a host for each rank, whose agents have been started."""
    job = Job(tuple(f"mac{rank}" for rank in range(size)), tuple(range(size)), GRACE)
    return job._replace(**more)  # type: ignore[arg-type]


def running(size: int, **more: object) -> Job:
    """The same with ranks that run."""
    return new(size, phase="running", **more)


def take(job: Job, events: Sequence[Event]) -> tuple[Job, list[Action]]:
    """Many events, and all actions that follow from them."""
    done: list[Action] = []
    for event in events:
        job, actions = step(job, event)
        done += actions
    return job, done


def ok(rank: int, after: float = 5.0) -> Ended:
    return Ended(rank, after, code=0)


def fails(rank: int, code: int = 1, after: float = 1.0) -> Ended:
    return Ended(rank, after, code=code)


def misses(rank: int, after: float) -> Ended:
    return Ended(rank, after, code=1, misses_peer=True)


def killed(rank: int, number: int = KILL, after: float = 1.0) -> Ended:
    return Ended(rank, after, signal=number)


def ended_by_us(rank: int, after: float = 1.1) -> Ended:
    return Ended(rank, after, signal=TERM, by_us=True)


class History(NamedTuple):
    name: str
    size: int
    events: list[tuple[Event, list[object]]]  # what follows: End, or the status with which the run is decided
    says: list[str]


HISTORIES = [
    History("all succeed", 2, [(Started(0, 10), []), (Started(1, 11), []), (ok(1), []), (ok(0), [0])], []),
    History(
        "the first to fail decides, the others are ended",
        3,
        [
            (Started(0, 10), []),
            (Started(1, 11), []),
            (Started(2, 12), []),
            (fails(1, 7, 3.25), [End(TERM, GRACE)]),
            (ended_by_us(0), []),
            (ended_by_us(2), [7]),
        ],
        ["rank 1 on mac1 (pid 11) exited with status 7 after 3.2 s; the other 2 ranks were ended"],
    ),
    History(
        "news out of order: the earliest by time is the cause",
        2,
        [(fails(0, 1, 1.01), [End(TERM, GRACE)]), (killed(1, KILL, 1.0), [137])],
        [
            "rank 1 on mac1 was killed by SIGKILL after 1.0 s; 1 other rank failed too",
            "rank 0 on mac0 exited with status 1 after 1.0 s",
        ],
    ),
    History(
        "a rank that was told to end is no cause, whatever its status and time",
        2,
        [(fails(0, 5, 2.0), [End(TERM, GRACE)]), (Ended(1, 1.9, code=1, by_us=True), [5])],
        ["rank 0 on mac0 exited with status 5 after 2.0 s; the other rank was ended"],
    ),
    History(
        "the last rank fails after the others succeeded",
        2,
        [(ok(0), []), (fails(1, 3), [3])],
        ["rank 1 on mac1 exited with status 3 after 1.0 s"],
    ),
    History(
        "a host is lost with its two ranks",
        3,
        [
            (Ended(1, 4.0, reason="was lost: the connection to mac1 was lost"), [End(TERM, GRACE)]),
            (Ended(2, 4.0, reason="was lost: the connection to mac1 was lost"), []),
            (ended_by_us(0), [3]),
        ],
        [
            "rank 1 on mac1 was lost: the connection to mac1 was lost; 1 other rank failed too; 1 rank was ended",
            "rank 2 on mac2 was lost: the connection to mac1 was lost",
        ],
    ),
    History(
        "a rank that had ended well is not lost with its host",
        2,
        [(ok(0), []), (Ended(0, 9.0, reason="was lost"), []), (ok(1), [0])],
        [],
    ),
    History(
        "Ctrl-C is forwarded and gives 130, also when ranks then end well",
        2,
        [
            (Stopped("interrupted", INT), [End(INT, GRACE)]),
            (Ended(0, 2, code=0, by_us=True), []),
            (ok(1), [130]),
        ],
        ["interrupted by SIGINT; 1 rank was ended"],
    ),
    History(
        "the second Ctrl-C kills at once",
        1,
        [
            (Stopped("interrupted", INT), [End(INT, GRACE)]),
            (Stopped("interrupted", INT), [End(KILL, 0.0)]),
            (Ended(0, 2, signal=KILL, by_us=True), [130]),
        ],
        ["interrupted by SIGINT; 1 rank was ended by SIGKILL"],
    ),
    History(
        "SIGTERM gives 143",
        1,
        [(Stopped("interrupted", TERM), [End(TERM, GRACE)]), (ended_by_us(0), [143])],
        ["interrupted by SIGTERM; 1 rank was ended"],
    ),
    History(
        "boltloom kill gives 128 + its signal, and says whose it was",
        2,
        [
            (Stopped("killed", INT, "me@mac9"), [End(INT, GRACE)]),
            (ended_by_us(0), []),
            (Stopped("killed", INT, "me@mac9"), []),
            (ended_by_us(1), [130]),
        ],
        ["ended by boltloom kill of me@mac9; 2 ranks were ended"],
    ),
    History(
        "the deadline gives 124, and changes nothing about an ending in progress",
        1,
        [(Stopped("deadline"), [End(TERM, GRACE)]), (Stopped("deadline"), []), (ended_by_us(0), [124])],
        ["the deadline for the whole run has passed; 1 rank was ended"],
    ),
    History(
        "a deadline after a failure leaves the failure's status",
        2,
        [(fails(0, 9), [End(TERM, GRACE)]), (Stopped("deadline"), []), (ended_by_us(1), [9])],
        ["rank 0 on mac0 exited with status 9 after 1.0 s; the other rank was ended"],
    ),
    History(
        "nobody reads our output: the status that a shell gives for SIGPIPE",
        1,
        [(Stopped("output-closed", signal.SIGPIPE), [End(TERM, GRACE)]), (ended_by_us(0), [141])],
        ["nobody reads stdout any more; 1 rank was ended"],
    ),
    History(
        "a rank that cannot even be killed is named, and the status is that of the cause",
        2,
        [(fails(0, 4), [End(TERM, GRACE)]), (Overdue("ending", 1), [4]), (ended_by_us(1), [])],
        ["rank 0 on mac0 exited with status 4 after 1.0 s", "rank 1 on mac1 may still be running: look there"],
    ),
    History(
        "a rank that misses another one waits for that one to show itself",
        3,
        [(misses(0, 1.0), []), (misses(2, 1.1), []), (fails(1, 7, 1.3), [7])],
        [
            "rank 1 on mac1 exited with status 7 after 1.3 s; 2 other ranks failed too",
            "rank 0 on mac0 exited with status 1 after 1.0 s, missing another rank",
            "rank 2 on mac2 exited with status 1 after 1.1 s, missing another rank",
        ],
    ),
    History(
        "the cause is there: nobody waits for another",
        3,
        [(misses(0, 1.0), []), (fails(1, 7, 1.3), [End(TERM, GRACE)]), (ended_by_us(2), [7])],
        [
            "rank 1 on mac1 exited with status 7 after 1.3 s; 1 other rank failed too; 1 rank was ended",
            "rank 0 on mac0 exited with status 1 after 1.0 s, missing another rank",
        ],
    ),
    History(
        "no cause shows itself",
        2,
        [(misses(0, 1.0), []), (Overdue("running", 1), [End(TERM, GRACE)]), (ended_by_us(1), [1])],
        ["rank 0 on mac0 exited with status 1 after 1.0 s; the other rank was ended"],
    ),
    History(
        "a rank that could not be started",
        2,
        [(Ended(1, 0.0, reason="could not be started (no memory)"), [End(TERM, GRACE)]), (ended_by_us(0), [3])],
        ["rank 1 on mac1 could not be started (no memory); the other rank was ended"],
    ),
]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda h: h.name)
def test_history(history: History) -> None:
    job = running(history.size)
    for event, expected in history.events:
        was = job.phase
        job, actions = step(job, event)
        seen: list[object] = [action for action in actions if isinstance(action, End)]
        if job.phase == "leaving" != was:
            seen.append(job.status)
            assert list(actions) == [
                Say(tuple(history.says)),
                Leave(),
                Wake(GRACE + OVERDUE_S, Overdue("leaving", 1)),
            ]
        assert seen == expected, event
    assert job.phase == "leaving"


def test_a_cause_is_not_waited_for_long() -> None:
    for first in (misses(0, 1.0), Ended(0, 1.0, code=1, blames=1)):
        assert take(running(2), [first])[1] == [Wake(TOGETHER_S, Overdue("running", 1))]


def test_every_ending_of_ranks_has_a_limit() -> None:
    for first in (fails(0), Stopped("deadline"), Stopped("interrupted", INT), AgentEnded(0, "was ended by SIGTERM")):
        job, actions = take(running(3), [first])
        assert Wake(GRACE + OVERDUE_S, Overdue("ending", 1)) in actions
        job, actions = take(job, [Overdue("ending", 1)])
        assert (job.phase, Leave() in actions) == ("leaving", True)
        job, actions = take(job, [Overdue("leaving", 1)])
        assert (job.phase, actions) == ("over", [Close()])


# ---- before the ranks run ----


def test_the_way_to_the_ranks() -> None:
    job, actions = begin(new(2, deadline=60.0))
    assert list(actions) == [Wake(CONNECT_S, Overdue("connecting", 1)), Wake(60.0, Stopped("deadline"))]
    job, done = take(job, [Answered(1)])
    assert done == []
    job, done = take(job, [Answered(0)])
    assert done == [Draft()]
    job, done = take(job, [Drafted()])
    assert done[0] == Prepare()
    job, done = take(job, [Answered(0), Answered(1)])
    assert done == [Start(), Look()]
    assert job.phase == "running"


def test_a_dry_run_starts_nothing() -> None:
    job, done = take(new(1, dry=True), [Answered(0), Drafted(), Answered(0)])
    assert done[3:6] == [Show(), Say(()), Leave()]
    assert (job.phase, job.status) == ("leaving", 0)
    job, done = take(new(1, dry=True), [Answered(0), Drafted(), Answered(0, ("no",))])
    assert (Show() in done, job.status) == (False, 3)


def test_several_computers_are_compared_and_joined_first() -> None:
    both = [Answered(1), Answered(0)]
    job, _ = take(new(2), [*both, Drafted(compared=True)])
    job, done = take(job, both)
    assert done == [Inspect(), Wake(INSPECT_S, Overdue("inspecting", 1))]
    job, done = take(job, both)
    assert done == [Compare()]
    job, done = take(job, [Compared(warnings=("versions differ",))])
    assert done == [Say(("versions differ",)), Reach(), Wake(REACH_S, Overdue("reaching", 1))]
    job, done = take(job, both)
    assert (job.phase, done) == ("running", [Start(), Look()])


def test_hosts_that_do_not_fit_together_run_nothing() -> None:
    both = [Answered(0), Answered(1)]
    asked = [*both, Drafted(compared=True), *both, *both]
    job, done = take(new(2), [*asked, Compared(problems=((1, "has another script"),))])
    assert (job.status, done[-3]) == (3, Say(("mac1: has another script",)))
    job, done = take(new(2), [*asked, Compared(), Answered(0, ("cannot connect",)), Answered(1)])
    assert (job.status, done[-3]) == (3, Say(("mac0: cannot connect",)))
    job, done = take(new(2), [*asked, Compared(), Answered(0), Overdue("reaching", 1)])
    assert done[-3] == Say(("mac1: has not tried its connections for 20 s",))
    job, done = take(new(2), [*asked[:-1], Overdue("inspecting", 1)])
    assert done[-3] == Say(("mac1: has not said what its ranks will find for 45 s",))


def test_what_was_said_once_is_not_said_at_a_restart() -> None:
    job, _ = take(new(1, attempt=2), [Answered(0), Drafted(compared=True), Answered(0), Answered(0)])
    _, done = take(job, [Compared(warnings=("versions differ",))])
    assert done[0] == Reach()


def test_everything_that_is_wrong_with_the_hosts_is_said_at_once() -> None:
    job, done = take(new(3), [Lost(2, "cannot reach mac2"), Answered(0), Overdue("connecting", 1)])
    assert job.status == 3
    assert begin(new(1, connect=80.0))[1][0] == Wake(80.0, Overdue("connecting", 1))
    shells = "which it does not where a start-up file reads stdin or runs another shell"
    line = f"mac1: has not answered for 30 s: see that ssh HOST true ends by itself, {shells}"
    assert done[0] == Say((line, "cannot reach mac2"))
    job, done = take(new(2), [Answered(0), Answered(1), Drafted(), Answered(1, ("no",)), Answered(0, ("nor here",))])
    assert done[2] == Wake(30.0, Overdue("preparing", 1))
    assert done[3] == Say(("mac0: nor here", "mac1: no"))
    assert job.status == 3


def test_a_host_that_answered_and_is_lost_ends_the_waiting() -> None:
    job, done = take(new(3), [Answered(0), Lost(0, "the connection to mac0 was lost")])
    assert done[:2] == [Say(("the connection to mac0 was lost",)), Leave()]
    assert job.status == 3


def test_a_plan_that_cannot_be_made() -> None:
    job, done = take(new(1), [Answered(0), Refused(2, "no RDMA devices")])
    assert (job.status, done[1]) == (2, Say(("no RDMA devices",)))


@pytest.mark.parametrize(
    ("event", "status", "words"),
    [
        (Stopped("interrupted", INT), 130, "interrupted before the ranks had started"),
        (Stopped("deadline"), 124, "the deadline for the whole run has passed before the ranks had started"),
        (Stopped("output-failed", words="No space left on device"), 74, "cannot write stdout: No space left on device"),
        (Stopped("killed", TERM, "me@mac9"), 143, "ended by boltloom kill of me@mac9 before the ranks had started"),
        (AgentEnded(0, "was ended by SIGTERM"), 3, "mac0: the agent was ended by SIGTERM"),
    ],
    ids=["signal", "deadline", "disk full", "killed", "agent ended"],
)
def test_it_may_end_before_it_began(event: Event, status: int, words: str) -> None:
    several = [Answered(0), Drafted(compared=True), Answered(0)]
    for before in ([], [Answered(0), Drafted()], several, [*several, Answered(0), Compared()]):
        job, done = take(new(1), [*before, event])
        assert job.status == status
        silent = "; nothing has been heard from mac0" if status == 124 and not before else ""
        assert Say((words + silent,)) in done and Leave() in done


# ---- liveness ----


def test_a_silent_host_is_given_up() -> None:
    _, done = take(running(2), [Looked(0.0, ((0, 5.0), (1, SILENCE_S + 1)))])
    assert done == [GiveUp(1, "nothing has been heard from mac1 for 61 s"), Look()]


def test_who_was_stopped_himself_blames_nobody() -> None:
    job, done = take(running(1), [Looked(80.0, ((0, 85.0),))])
    assert done == [Look()]
    _, done = take(job, [Looked(0.0, ((0, 90.0),))])
    assert isinstance(done[0], GiveUp)  # heard nothing since we go on, either


def test_an_agent_that_somebody_ended_is_named() -> None:
    job, done = take(running(2), [AgentEnded(1, "was ended by SIGTERM", 3.0)])
    assert isinstance(done[0], End)
    job, done = take(job, [ended_by_us(1), ended_by_us(0)])
    assert job.status == 3
    assert done[0] == Say(
        (
            "the agent on mac1 was ended by SIGTERM and ended its 1 rank: see whether that host shuts down, or who "
            "ended it",
        )
    )


# ---- leaving ----


def test_leaving_waits_for_everybody_but_not_for_ever() -> None:
    job, done = take(running(2), [ok(0), Gone(0), ok(1)])
    assert isinstance(done[-1], Wake)
    _, done = take(job, [Gone(1)])
    assert done == [Close()]
    over, done = take(job, [Overdue("leaving", 1)])
    assert (over.phase, done) == ("over", [Close()])


def test_an_impatient_user_does_not_wait_for_leftovers() -> None:
    job, _ = take(running(1), [killed(0)])
    _, done = take(job, [Stopped("interrupted", INT)])
    assert done[0] == End(KILL, 0.0)


# ---- restarts ----


def test_all_ranks_start_again_as_often_as_allowed() -> None:
    job, done = take(running(2, restarts=1, rest=3.0), [Started(0, 10), Started(1, 11), fails(1, 7), ended_by_us(0)])
    assert job.phase == "resting"
    said = done[2]
    assert isinstance(said, Say)
    assert said.lines[0].startswith("rank 1 on mac1 (pid 11) exited with status 7")
    assert said.lines[1] == "starting all ranks again in 3 s (1 of 1 restarts)"
    assert done[3:] == [End(TERM, GRACE), Wake(3.0, Overdue("resting", 1))]
    job, done = take(job, [Overdue("ending", 1), Overdue("resting", 1)])
    assert done == [Draft()]
    job, done = take(job, [Drafted(), Answered(0), Answered(1)])
    assert done[2:] == [Start()]
    assert (job.phase, job.attempt) == ("running", 2)
    job, done = take(job, [fails(0, 9), ended_by_us(1)])
    assert (job.phase, job.status) == ("leaving", 9)


@pytest.mark.parametrize(
    "events",
    [
        [Stopped("interrupted", INT), ended_by_us(0), ended_by_us(1)],
        [Lost(0, "gone"), ended_by_us(1)],
        [fails(0), Overdue("ending", 1)],
        [AgentEnded(0, "was ended by SIGTERM"), ended_by_us(0), ended_by_us(1)],
        [ok(0), ok(1)],
        [fails(0), Stopped("deadline"), ended_by_us(1)],
        [fails(0), Stopped("killed", TERM, "me@here"), ended_by_us(1)],
        [fails(0), Stopped("interrupted", INT), ended_by_us(1)],
        [fails(0), Stopped("output-closed", 13), ended_by_us(1)],
    ],
    ids=[
        *("interrupted", "host lost", "a rank cannot be killed", "agent ended", "success"),
        *("late deadline", "late kill", "late interrupt", "late end of the reader"),
    ],
)
def test_what_is_not_tried_again(events: list[Event]) -> None:
    job, _ = take(running(2, restarts=5), events)
    assert job.phase == "leaving"


def test_it_can_be_interrupted_while_it_rests() -> None:
    job, done = take(running(1, restarts=5), [fails(0), Stopped("interrupted", INT)])
    assert (job.phase, job.status) == ("leaving", 130)


# ---- whatever happens ----


def test_a_failed_rank_never_gives_zero() -> None:
    """Whatever comes together with the failure, and in whatever order."""
    overdue = Overdue("ending", 1)
    others: list[Event] = [ok(1), Stopped("deadline"), Stopped("interrupted", INT), overdue, ended_by_us(1)]
    for first in others:
        for second in others:
            for order in ([fails(0), first, second], [first, fails(0), second], [first, second, fails(0)]):
                job, _ = take(running(2), [*order, overdue])
                assert job.phase in ("leaving", "ending", "running")
                assert job.status != 0, order


def test_an_unknown_end_never_gives_zero() -> None:
    job, _ = take(running(2), [ok(0), fails(1)])
    assert job.status == 1
    job, _ = take(running(2), [Stopped("deadline"), ok(0), Overdue("ending", 1)])
    assert job.status == 124


_RANKS = st.integers(0, 2)
_TIMES = st.floats(0, 5)
_CODES = st.sampled_from([0, 1, 7, 255])
_SIGNALS = st.sampled_from([KILL, TERM, ABRT, signal.SIGSEGV, 64])
_WHYS = st.sampled_from(["interrupted", "killed", "deadline", "output-closed", "output-failed"])
EVENTS = st.one_of(
    st.builds(Started, _RANKS, st.integers(2, 9999)),
    st.builds(Ended, _RANKS, _TIMES, code=_CODES, by_us=st.booleans(), blames=st.none() | _RANKS),
    st.builds(Ended, _RANKS, _TIMES, code=_CODES, by_us=st.booleans(), misses_peer=st.booleans()),
    st.builds(Ended, _RANKS, _TIMES, signal=_SIGNALS, by_us=st.booleans()),
    st.builds(Ended, _RANKS, _TIMES, reason=st.just("could not be started (no memory)")),
    st.builds(Lost, _RANKS, st.just("the connection was lost"), _TIMES),
    st.builds(AgentEnded, _RANKS, st.just("was ended by SIGTERM"), _TIMES),
    st.builds(Stopped, _WHYS, signal=st.sampled_from([INT, TERM, signal.SIGPIPE]), words=st.just("No space left")),
    st.builds(Looked, st.floats(0, 100), st.lists(st.tuples(_RANKS, st.floats(0, 100)), max_size=2).map(tuple)),
    st.builds(
        Overdue,
        st.sampled_from(["connecting", "preparing", "inspecting", "reaching", "running", "ending", "resting"]),
        st.integers(1, 3),
    ),
    st.builds(Answered, _RANKS, st.sampled_from([(), ("broken",)])),
    st.sampled_from([Drafted(), Drafted(compared=True), Refused(2, "no plan")]),
    st.sampled_from([Compared(), Compared(((1, "differs"),)), Compared(warnings=("differs",))]),
    st.builds(Gone, _RANKS),
)


@given(st.lists(EVENTS, max_size=40), st.integers(0, 2), st.booleans())
def test_no_history_ends_silently_with_a_status_and_every_wait_is_bounded(
    history: list[Event], restarts: int, started: bool
) -> None:
    job = running(3, restarts=restarts) if started else new(3, restarts=restarts)
    _, first = begin(job)
    waits = {first[0]} if not started else set()
    waits = {action.event for action in waits if isinstance(action, Wake)}
    said: list[str] = []
    for event in history:
        was = job
        job, actions = step(job, event)
        waits |= {action.event for action in actions if isinstance(action, Wake)}
        if Leave() in actions:
            said = [line for action in actions if isinstance(action, Say) for line in action.lines]
            assert bool(said) == (job.status != 0)
            assert all("\n" not in line for line in said)
        if job.phase not in ("running", "over") and job.phase != was.phase:
            drafting = any(isinstance(action, Draft) for action in actions)
            assert drafting or Overdue(job.phase, job.attempt) in waits, job.phase
        if job.phase == "running" and any(end.failed for end in job.ended):
            assert Overdue("running", job.attempt) in waits
    assert job.phase != "over" or len(said) > 0 or job.status == 0
    assert summary(job) or job.status == 0


@given(st.floats(0, 1.9), st.permutations(range(3)))
def test_a_kill_beats_an_error_and_an_error_beats_one_that_names_another_rank(late: float, order: list[int]) -> None:
    """As far as clocks can tell; a killed process with much memory is seen to end after those that miss it."""
    ends = [
        Ended(0, 1.0, code=1, blames=2),
        Ended(1, 1.0, signal=ABRT, blames=0),
        Ended(2, 1.0 + late, signal=KILL),
    ]
    job, _ = take(running(3), [ends[rank] for rank in order])
    assert (job.status, job.cause) == (137, ends[2])
    error = Ended(2, 1.0 + late, code=5)
    job, _ = take(running(3), [[*ends[:2], error][rank] for rank in order])
    assert (job.status, job.cause) == (5, error)


def test_a_kill_long_after_the_first_error_is_not_its_cause() -> None:
    job, _ = take(running(2), [fails(0, 5, 1.0), killed(1, KILL, 9.0)])
    assert job.status == 5
