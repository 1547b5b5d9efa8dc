# SPDX-License-Identifier: Apache-2.0
"""The runs on some hosts: shown, chosen by name, ended, and what their ranks wrote."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from collections.abc import Sequence
from typing import Any

from boltloom_launcher.agent.messages import EndRun, Log, LogEnd, ReadLog, RunEnding
from boltloom_launcher.agent.rank_log import ROOM
from boltloom_launcher.errors import UnfitError, UsageError
from boltloom_launcher.hosts import Reach
from boltloom_launcher.output import Lines, Style
from boltloom_launcher.policy.limits import OVERDUE_S
from boltloom_launcher.visit import Found, Visit, find_runs, on_hosts
from boltloom_launcher.whoami import whoami

_LOOK_S = 0.1
_FOLLOW_S = 0.2
_COLUMNS = ("RUN", "HOST", "RANKS", "SINCE", "STATE", "COMMAND")


async def list_runs(reaches: Sequence[Reach]) -> tuple[list[Found], list[str]]:
    """The runs on these hosts, and what is wrong with hosts that could not be asked."""
    async with on_hosts(reaches) as visits:
        return without_launchers(await find_runs(visits)), [visit.problem for visit in visits if visit.problem]


def without_launchers(found: Sequence[Found]) -> list[Found]:
    """A launcher's own entry says nothing about a run whose ranks are listed, too."""
    with_ranks = {each.run for each in found if each.entry.ranks}
    return [each for each in found if each.entry.ranks or each.run not in with_ranks]


def table(found: Sequence[Found]) -> list[str]:
    """For a person."""
    rows = [_COLUMNS, *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    return [
        "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]


def _row(found: Found) -> tuple[str, ...]:
    entry = found.entry
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.since))
    ranks = spans([rank for rank, _ in entry.ranks])
    command = escaped(shlex.join(entry.command))
    return escaped(entry.name), escaped(found.visit.host), ranks, since, entry.state, command


def for_programs(found: Sequence[Found]) -> list[dict[str, Any]]:
    """For ``--json``."""
    return [
        {
            "run": each.entry.name,
            "host": each.visit.host,
            "ranks": [{"rank": rank, "pid": pid} for rank, pid in each.entry.ranks],
            "since": each.entry.since,
            "state": each.entry.state,
            "command": each.entry.command,
            "launcher": {"user": each.entry.user, "host": each.entry.host, "pid": each.entry.pid},
            "output_dir": each.entry.logs or None,
        }
        for each in found
    ]


def spans(ranks: Sequence[int]) -> str:
    """ "0-2,5" for 0, 1, 2, 5."""
    parts: list[list[int]] = []
    for rank in sorted(ranks):
        if parts and rank == parts[-1][-1] + 1:
            parts[-1][1:] = [rank]
        else:
            parts.append([rank])
    return ",".join("-".join(map(str, part)) for part in parts)


def escaped(text: str) -> str:
    """On one line, and nothing in it that a terminal would obey."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


# ---- one of them ----


def choose(found: Sequence[Found], wanted: str) -> list[Found]:
    """The run of that name, or whose name alone begins so, on each of its hosts.

    :raises UsageError: there is none, or more than one.
    """
    there = [each for each in found if each.entry.state != "over"]
    name, _, pid = wanted.partition("/")
    exact = [each for each in there if each.entry.name == name and pid in ("", str(each.entry.pid))]
    chosen = exact or [each for each in there if not pid and name and each.entry.name.startswith(name)]
    runs = list(dict.fromkeys(each.run for each in chosen))
    if not runs:
        raise UsageError(
            f"there is no run {escaped(wanted)!r} on these hosts",
            "see boltloom ps, and name its hosts with --hosts, --hostfile or -i",
        )
    if len(runs) > 1:
        names = {name for name, *_ in runs}
        which = ", ".join(f"{name}/{pid} of {user}@{host}" for name, user, host, pid in runs)
        more = "its whole name" if len(names) == len(runs) else "NAME/PID"
        raise UsageError(f"{len(runs)} runs are called {escaped(wanted)!r} ({escaped(which)})", f"give {more}")
    return chosen


async def end_run(reaches: Sequence[Reach], wanted: str, number: int) -> tuple[str, list[str], list[str]]:
    """End it wherever it is on these hosts, and wait until that is done: its name, those hosts, and all problems.

    :raises UsageError: there is no such run.
    :raises UnfitError: no host could be asked, or it is not seen to end.
    """
    async with on_hosts(reaches) as visits:
        chosen = choose(await _found(visits), wanted)
        order = EndRun("", number, "@".join(whoami()))
        answers = await asyncio.gather(
            *(each.visit.ask(order._replace(key=each.entry.key), RunEnding) for each in chosen)
        )
        problems = [
            f"{each.visit.host}: the run {answer.problem}"
            for each, answer in zip(chosen, answers, strict=True)
            if isinstance(answer, RunEnding) and answer.problem not in ("", "has ended")
        ]
        chosen = [each for each in chosen if not each.entry.hosts] or chosen  # a launcher may be stuck for longer
        await _until_over(chosen)
        problems += [visit.problem for visit in visits if visit.problem]
        return chosen[0].entry.name, list(dict.fromkeys(each.visit.host for each in chosen)), problems


async def _until_over(chosen: Sequence[Found]) -> None:
    left = list(chosen)
    end = time.monotonic() + max(each.entry.grace for each in chosen) + OVERDUE_S
    while left:
        there = await find_runs(list(dict.fromkeys(each.visit for each in left)))
        keys = {(each.visit, each.entry.key) for each in there if each.entry.state != "over"}
        left = [each for each in left if (each.visit, each.entry.key) in keys]
        if left and time.monotonic() > end:
            where = ", ".join(each.visit.host for each in left)
            raise UnfitError([f"run {left[0].entry.name} has not ended on {where} yet: look there, see boltloom ps"])
        await asyncio.sleep(_LOOK_S)


async def _found(visits: Sequence[Visit]) -> list[Found]:
    found = await find_runs(visits)
    problems = [visit.problem for visit in visits if visit.problem]
    if problems and not found:  # whether there is such a run is not known
        raise UnfitError(problems)
    return found


# ---- what its ranks wrote ----


async def show_logs(reaches: Sequence[Reach], wanted: str, only: int | None, follow: bool) -> list[str]:
    """Write to stdout what the ranks of a run wrote last, and what they write. What is wrong with other hosts.

    :raises UsageError: there is no such run, or no such rank.
    """
    async with on_hosts(reaches) as visits:
        chosen = choose(await _found(visits), wanted)
        hosts = {rank: each for each in chosen for rank, _ in each.entry.ranks if only in (None, rank)}
        if not hosts:
            ranks = spans([rank for each in chosen for rank, _ in each.entry.ranks])
            raise UsageError(f"--rank is {only}, which has no output on these hosts", f"give one of {ranks or 'none'}")
        names = [hosts[rank].visit.host if rank in hosts else "" for rank in range(max(hosts) + 1)]
        shown = len({each.visit for each in hosts.values()}) > 1
        lines = Lines(_write, names if shown else ["" for _ in names], Style(tag=len(hosts) > 1))
        reading = [_Reading(rank, found) for rank, found in sorted(hosts.items())]
        while reading:
            reading = [each for each in reading if await each.on(lines) and follow]
            lines.look()
            sys.stdout.flush()
            if reading:
                await asyncio.sleep(_FOLLOW_S)
        lines.finish()
        sys.stdout.flush()
        return [visit.problem for visit in visits if visit.problem]


class _Reading:
    """How far a rank's output has been read."""

    def __init__(self, rank: int, found: Found) -> None:
        self._rank, self._found = rank, found
        self._place = 0

    async def on(self, lines: Lines) -> bool:
        """Pass on what is new. False: there will be no more."""
        answer = await self._found.visit.ask(ReadLog(self._found.entry.key, self._rank, self._place), Log, LogEnd)
        if not isinstance(answer, Log):
            lines.close(self._rank)
            return False
        data = answer.data
        if answer.start > self._place:  # what came between is no longer there: begin with a whole line
            data = data.partition(b"\n")[2] or data
            kept, place = f"only the last {ROOM >> 20} MiB is kept", self._found.entry.logs
            more = f"; all of it is in {place} of {self._found.entry.host}" if place else ""
            print(f"boltloom: rank {self._rank}: {kept}{more}", file=sys.stderr)
        self._place = answer.start + len(answer.data)
        if data:
            lines.feed(self._rank, 1, data)
        return True


def _write(stream: int, data: bytes) -> None:
    sys.stdout.buffer.write(data)
