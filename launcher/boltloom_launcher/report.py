# SPDX-License-Identifier: Apache-2.0
"""What a person is told at the end: who failed, where, how, and what became of the others. What programs are told."""

from __future__ import annotations

import signal
from typing import Any

from boltloom_launcher.policy.events import AgentEnded, Ended, Event, Lost, Started, Stopped
from boltloom_launcher.policy.job import Job

_MOST = 8  # ranks that get a line of their own
_MEMORY = 64 << 20  # less is what any interpreter takes, and is not worth a word


def summary(job: Job) -> list[str]:
    """The lines for stderr; none when all went well, at least one otherwise."""
    if job.failure:
        return list(job.failure.lines)
    if job.status == 0:
        return []
    lines = [_headline(job), *_more_of_the_cause(job), *_own_failures(job), *_agents(job)]
    ended = {end.rank for end in job.ended}
    lines += [
        f"rank {r} on {_host(job, r)} may still be running: look there" for r in range(job.size) if r not in ended
    ]
    return [line for line in lines if line]


def for_programs(job: Job, event: Event) -> dict[str, Any]:
    """The content of a line of --events; nothing for what only we need to know."""
    if job.phase == "over":
        return {}
    if isinstance(event, Started):
        return {"event": "started", "rank": event.rank, "host": _host(job, event.rank), "pid": event.pid}
    if isinstance(event, Ended):
        names = ("rank", "after", "code", "signal", "by_us", "reason", "peak_bytes", "oom_kill", "last_words")
        return {"event": "ended", "host": _host(job, event.rank), **{name: getattr(event, name) for name in names}}
    if isinstance(event, Lost | AgentEnded):
        return {"event": "lost", "host": job.hosts[event.host], "why": event.why}
    if isinstance(event, Stopped):
        return {"event": "stopped", "why": event.why, "signal": event.signal}
    return {}


def ending_line(job: Job) -> str:
    """What is said as soon as somebody wants the run to end."""
    left = job.size - len(job.ended)
    return f"ending {_count(left, 'rank')}, up to {job.grace:g} s; Ctrl-C again to kill"


def _headline(job: Job) -> str:
    if job.stopped:
        return stopped_words(job.stopped) + _ended_words(job, 0)
    if job.cause:
        failed = len(_failed(job)) - 1
        others = f"; {_count(failed, 'other rank')} failed too" if failed else ""
        return f"{_who(job, job.cause)} {_how(job.cause)}{others}{_ended_words(job, failed)}"
    if job.agents_ended:
        return ""
    first = next((end for end in job.ended if end.failed), None)  # told to end, though nothing is known of why
    return f"{_who(job, first)} {_how(first)}" if first else "not every rank is known to have ended"


def _more_of_the_cause(job: Job) -> list[str]:
    """What helps to understand it: memory that ran out, and its last words where people may not have them in sight."""
    end = job.cause
    if not end or job.stopped:
        return []
    lines = []
    if end.oom_kill:
        lines.append(
            f"memory ran out on {_host(job, end.rank)} meanwhile, and its kernel killed for it: see dmesg there"
        )
    words = end.last_words if end.rank in job.hidden else end.last_words[-1:] if job.size > 1 else ()
    if len(words) == 1:
        lines.append(f"the last words of rank {end.rank}: {words[0].strip()}")
    elif words:
        lines += [f"the last words of rank {end.rank}:", *(f"  {line}" for line in words)]
    return lines


def _own_failures(job: Job) -> list[str]:
    """A line for each rank that failed of its own accord, besides the cause."""
    others = [end for end in _failed(job) if job.stopped or end != job.cause]
    lines = [
        f"{_who(job, end)} {_how(end)}" + (", missing another rank" if end.casualty else "")
        for end in sorted(others, key=lambda end: end.rank)[:_MOST]
    ]
    return [*lines, f"and {_count(len(others) - _MOST, 'more rank')} failed"] if len(others) > _MOST else lines


def _agents(job: Job) -> list[str]:
    lines = []
    for agent in job.agents_ended:
        ranks = sum(host == agent.host for host in job.seats)
        lines.append(
            f"the agent on {job.hosts[agent.host]} {agent.why} and ended its {_count(ranks, 'rank')}: see whether that "
            "host shuts down, or who ended it"
        )
    return lines


def _failed(job: Job) -> list[Ended]:
    return [end for end in job.ended if end.failed and not end.by_us]


def _ended_words(job: Job, failed: int) -> str:
    """Those that were ended by us, and what it took."""
    ours = [end for end in job.ended if end.by_us]
    if not ours:
        return ""
    many, whole = len(ours), not failed and not job.stopped
    which = ("the other rank" if many == 1 else f"the other {_count(many, 'rank')}") if whole else _count(many, "rank")
    killed = sum(end.signal == signal.SIGKILL for end in ours)
    how = "" if not killed else f" ({killed} by SIGKILL)" if killed < many else " by SIGKILL"
    return f"; {which} {_were(many)} ended{how}"


def _host(job: Job, rank: int) -> str:
    return job.hosts[job.seats[rank]]


def _who(job: Job, end: Ended) -> str:
    pid = dict(job.pids).get(end.rank)
    return f"rank {end.rank} on {_host(job, end.rank)}" + (f" (pid {pid})" if pid else "")


def _how(end: Ended) -> str:
    if end.reason:
        return end.reason
    after = f"after {end.after:.1f} s" if end.after >= 1 else f"after {end.after:.2f} s"
    if end.peak_bytes is not None and end.peak_bytes >= _MEMORY:
        after += f", at most {_size(end.peak_bytes)} of memory"
    if end.signal is not None:
        return f"was killed by {signal_name(end.signal)} {after}"
    return f"exited with status {end.code} {after}"


def _size(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB" if count < 1 << 30 else f"{count / (1 << 30):.1f} GiB"


def stopped_words(stopped: Stopped) -> str:
    """Why a run was stopped."""
    if stopped.why == "deadline":
        return "the deadline for the whole run has passed"
    if stopped.why == "output-closed":
        return "nobody reads stdout any more"
    if stopped.why == "output-failed":
        return f"cannot write stdout: {stopped.words}"
    if stopped.why == "killed":
        return f"ended by boltloom kill of {stopped.words}"
    return f"interrupted by {signal_name(stopped.signal)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def signal_name(number: int) -> str:
    """ "SIGKILL" for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
