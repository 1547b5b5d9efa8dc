# SPDX-License-Identifier: Apache-2.0
"""The decisions.

The first rank to fail decides. "First" is by the time that its agent measured, not by
the order in which news arrive; a rank that had been told to end is a casualty, not a cause.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from typing import Any

from boltloom_launcher.errors import EXIT_DEADLINE, EXIT_OUTPUT, EXIT_SIGNAL, EXIT_UNFIT
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
    Phase,
    Refused,
    Started,
    Stopped,
)
from boltloom_launcher.policy.job import TOGETHER_S, Failure, Job
from boltloom_launcher.policy.limits import INSPECT_S, OVERDUE_S, PREPARE_S, REACH_S, SILENCE_S
from boltloom_launcher.report import ending_line, summary

Step = tuple[Job, tuple[Action, ...]]

_ASKING: tuple[Phase, ...] = ("connecting", "preparing", "inspecting", "reaching")  # every host answers once
_BEFORE: tuple[Phase, ...] = (*_ASKING, "resting")
_RANKS: tuple[Phase, ...] = ("running", "ending")
# It was reached, or ssh would have given up; but our command does not run there.
_SLOW = (
    ": see that ssh HOST true ends by itself, which it does not where a start-up file reads stdin or runs another shell"
)


def begin(job: Job) -> Step:
    """The first step: the agents have been started."""
    wakes = [Wake(job.connect, Overdue("connecting", job.attempt))]
    if job.deadline is not None:
        wakes.append(Wake(job.deadline, Stopped("deadline")))
    return job, tuple(wakes)


def step(job: Job, event: Event) -> Step:
    """Take one event. Nothing happens any more when the run is over."""
    if job.phase == "over":
        return job, ()
    return _STEPS[type(event)](job, event)


# ---- before the ranks run ----


def _answered(job: Job, event: Answered) -> Step:
    if job.phase not in _ASKING:
        return job, ()
    job = _with_problems(job, [(event.host, problem) for problem in event.problems])
    job = job._replace(answered=job.answered | {event.host})
    return _all_answered(job) if len(job.answered) == len(job.hosts) else (job, ())


def _with_problems(job: Job, found: Iterable[tuple[int, str]]) -> Job:
    return job._replace(problems=(*job.problems, *((host, f"{job.hosts[host]}: {words}") for host, words in found)))


def _all_answered(job: Job) -> Step:
    if job.problems:
        return _unfit(job)
    if job.phase == "connecting":
        return _draft(job)
    if job.phase == "preparing" and job.compared:
        return _ask(job, "inspecting", Inspect(), INSPECT_S)
    if job.phase == "inspecting":
        return job, (Compare(),)
    return _go(job)


def _ask(job: Job, phase: Phase, action: Action, within: float) -> Step:
    return job._replace(phase=phase, answered=frozenset()), (action, Wake(within, Overdue(phase, job.attempt)))


def _compared(job: Job, event: Compared) -> Step:
    if job.phase != "inspecting":
        return job, ()
    said = (Say(event.warnings),) if event.warnings and job.attempt == 1 else ()
    job = _with_problems(job, event.problems)
    job, actions = _unfit(job) if job.problems else _ask(job, "reaching", Reach(), REACH_S)
    return job, (*said, *actions)


def _go(job: Job) -> Step:
    if job.dry:
        job, actions = _fail(job, 0, ())
        return job, (Show(), *actions)
    return job._replace(phase="running"), (Start(), *((Look(),) if job.attempt == 1 else ()))


def _draft(job: Job) -> Step:
    return job._replace(phase="preparing", answered=frozenset()), (Draft(),)


def _drafted(job: Job, event: Drafted) -> Step:
    return job._replace(compared=event.compared), (
        Prepare(),
        Wake(_preparation(job), Overdue("preparing", job.attempt)),
    )


def _preparation(job: Job) -> float:
    """Seconds for the checks; before another attempt, everybody of the last one has to be gone."""
    return PREPARE_S if job.attempt == 1 else PREPARE_S + job.grace


def _refused(job: Job, event: Refused) -> Step:
    return _fail(job, event.status, (event.why,))


def _unfit(job: Job) -> Step:
    return _fail(job, EXIT_UNFIT, tuple(line for _, line in sorted(job.problems, key=lambda each: each[0])))


def _fail(job: Job, status: int, lines: tuple[str, ...]) -> Step:
    return _leave(job._replace(failure=Failure(status, lines)))


# ---- while they run ----


def _started(job: Job, event: Started) -> Step:
    return job._replace(pids=(*job.pids, (event.rank, event.pid))), ()


def _ended(job: Job, event: Ended) -> Step:
    if job.phase not in _RANKS or any(end.rank == event.rank for end in job.ended):
        return job, ()  # its host was lost after it had ended
    job = job._replace(ended=(*job.ended, event))
    if len(job.ended) == job.size:
        return _finish(job)
    if not event.failed or job.phase != "running":
        return job, ()
    if event.casualty:  # a program closes its connections before it ends: let the cause show itself
        return job, (Wake(TOGETHER_S, Overdue("running", job.attempt)),)
    return _end(job, signal.SIGTERM)


def _end(job: Job, number: int) -> Step:
    return job._replace(phase="ending"), (
        End(number, job.grace),
        Wake(job.grace + OVERDUE_S, Overdue("ending", job.attempt)),
    )


def _lost(job: Job, event: Lost) -> Step:
    job = job._replace(lost=job.lost | {event.host})
    if job.phase in _RANKS:
        return _lost_ranks(job, event)
    if job.phase not in _BEFORE:
        return job, ()
    had_answered = event.host in job.answered or job.phase == "resting"
    job = job._replace(answered=job.answered | {event.host}, problems=(*job.problems, (event.host, event.why)))
    return _unfit(job) if had_answered or len(job.answered) == len(job.hosts) else (job, ())


def _lost_ranks(job: Job, event: Lost) -> Step:
    actions: tuple[Action, ...] = ()
    told = job.phase == "ending" or any(agent.host == event.host for agent in job.agents_ended)
    for rank, host in enumerate(job.seats):
        if host == event.host:
            job, more = _ended(job, Ended(rank, event.after, by_us=told, reason=f"was lost: {event.why}"))
            actions += more
    return job, actions


def _agent_ended(job: Job, event: AgentEnded) -> Step:
    if job.phase in _BEFORE:
        return _fail(job, EXIT_UNFIT, (f"{job.hosts[event.host]}: the agent {event.why}",))
    job = job._replace(agents_ended=(*job.agents_ended, event))
    return _end(job, signal.SIGTERM) if job.phase == "running" else (job, ())


def _looked(job: Job, event: Looked) -> Step:
    if job.phase in ("leaving", "connecting"):
        return job, ()
    if event.late > SILENCE_S / 2:
        return job, (Look(),)  # we were stopped or asleep: what hosts said meanwhile has yet to be read
    silent = [(host, quiet) for host, quiet in event.quiet if quiet > SILENCE_S and host not in job.lost]
    words = "nothing has been heard from {} for {:.0f} s"
    gone = tuple(GiveUp(host, words.format(job.hosts[host], quiet)) for host, quiet in silent)
    return job, (*gone, Look())


def _finish(job: Job) -> Step:
    again = job.status != 0 and not job.stopped and job.attempt <= job.restarts
    if not again or job.lost or job.agents_ended or len(job.ended) < job.size:
        return _leave(job)
    said = (*summary(job), f"starting all ranks again in {job.rest:g} s ({job.attempt} of {job.restarts} restarts)")
    wake = Wake(job.rest, Overdue("resting", job.attempt))
    job = job._replace(phase="resting", pids=(), ended=())
    return job, (Say(said), End(signal.SIGTERM, job.grace), wake)  # whom the ranks left behind is ended meanwhile


# ---- from outside ----


def _stopped(job: Job, event: Stopped) -> Step:
    if job.phase in _BEFORE:
        return _stopped_before(job, event)
    if job.phase == "running":
        number = event.signal if event.why in ("interrupted", "killed") else int(signal.SIGTERM)
        job, actions = _end(job._replace(stopped=event), number)
        return job, (Say((ending_line(job),)), *actions) if event.why == "interrupted" else actions
    # The user is in a hurry: the second signal kills. A deadline changes nothing about an ending in progress.
    job = job._replace(restarts=0)  # whoever wants an end gets no other attempt
    if event.why != "interrupted":
        return job, ()
    return job, (End(int(signal.SIGKILL), 0.0), Wake(OVERDUE_S, Overdue(job.phase, job.attempt)))


def _stopped_before(job: Job, event: Stopped) -> Step:
    again = job.attempt > 1 or job.phase == "resting"
    started = "before the ranks had started again" if again else "before the ranks had started"
    if event.why == "deadline":
        silent = ", ".join(job.hosts[host] for host in _silent(job)) if job.phase == "connecting" else ""
        who = f"; nothing has been heard from {silent}" if silent else ""
        return _fail(job, EXIT_DEADLINE, (f"the deadline for the whole run has passed {started}{who}",))
    if event.why == "output-failed":
        return _fail(job, EXIT_OUTPUT, (f"cannot write stdout: {event.words}",))
    if event.why == "killed":
        return _fail(job, EXIT_SIGNAL + event.signal, (f"ended by boltloom kill of {event.words} {started}",))
    why = "nobody reads stdout any more" if event.why == "output-closed" else f"interrupted {started}"
    return _fail(job, EXIT_SIGNAL + event.signal, (why,))


# ---- leaving ----


def _leave(job: Job) -> Step:
    job = job._replace(phase="leaving")
    actions: tuple[Action, ...] = (Say(tuple(summary(job))), Leave())
    if len(job.gone) == len(job.hosts):
        return job._replace(phase="over"), (*actions, Close())
    return job, (*actions, Wake(job.grace + OVERDUE_S, Overdue("leaving", job.attempt)))


def _gone(job: Job, event: Gone) -> Step:
    job = job._replace(gone=job.gone | {event.host})
    if job.phase == "leaving" and len(job.gone) == len(job.hosts):
        return job._replace(phase="over"), (Close(),)
    return job, ()


def _overdue(job: Job, event: Overdue) -> Step:
    if event.phase != job.phase or event.attempt != job.attempt:
        return job, ()
    if job.phase == "resting":
        return _draft(job._replace(attempt=job.attempt + 1))
    if job.phase == "running":
        return _end(job, signal.SIGTERM)
    if job.phase == "ending":
        return _leave(job)
    if job.phase == "leaving":
        return job._replace(phase="over"), (Close(),)
    waited, what = {
        "connecting": (job.connect, "answered"),
        "preparing": (_preparation(job), "finished its checks"),
        "inspecting": (INSPECT_S, "said what its ranks will find"),
        "reaching": (REACH_S, "tried its connections"),
    }[job.phase]
    remedy = _SLOW if job.phase == "connecting" else ""
    late = tuple((host, f"{job.hosts[host]}: has not {what} for {waited:.0f} s{remedy}") for host in _silent(job))
    return _unfit(job._replace(problems=job.problems + late))


def _silent(job: Job) -> list[int]:
    return [host for host in range(len(job.hosts)) if host not in job.answered]


_STEPS: dict[type, Callable[[Job, Any], Step]] = {
    Answered: _answered,
    Drafted: _drafted,
    Refused: _refused,
    Compared: _compared,
    Started: _started,
    Ended: _ended,
    Lost: _lost,
    AgentEnded: _agent_ended,
    Gone: _gone,
    Stopped: _stopped,
    Looked: _looked,
    Overdue: _overdue,
}
