# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The way back as data: what everything that a change touches was before, on the disk before the first step.

A journal is a line with the owner, the steps and the complete values before, and then one
line for each step that was begun. It goes when the change is confirmed or undone; while it is
there, any process can bring back what was, also after a reboot.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .._fabric.errors import ParseError
from .._fabric.reading import json_value, printable, shown
from . import state, whole_file
from .commands import HostError
from .state import State

_YEAR_3000 = 32_503_680_000

Before = Mapping[str, Any]  # thing -> its complete value, in the order in which the steps touch them


@dataclass(frozen=True)
class Journal:
    """A change that was begun."""

    run: str  # new for each run
    owner: str  # who does it, in words: "ada@laptop, process 4711"
    boot: str  # of the host, when it was begun
    began: int  # seconds since 1970, by the host's clock
    steps: Tuple[str, ...]
    before: Before
    begun: int = 0  # how many of the steps were begun
    applied: bool = False  # all of them were done, and seen to be in force
    took_over: str = ""  # the change of a run that had died and that this one completes, in words

    def describe(self) -> str:
        """The change in one line for people."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.began))
        done = "all of its {0} steps".format(len(self.steps)) if self.applied else self._progress()
        return "a change by {0}, begun at {1}, {2}".format(printable(self.owner) or "somebody", when, done)

    def _progress(self) -> str:
        if not 0 < self.begun <= len(self.steps):
            return "before the first of its {0} steps".format(len(self.steps))
        return "step {0} of {1} ({2})".format(self.begun, len(self.steps), printable(self.steps[self.begun - 1]))


def begin(
    place: State, owner: str, boot: str, steps: Sequence[str], before: Before, died: Optional[Journal] = None
) -> Journal:
    """Write a journal. What a run that died had noted stays: its values are the older ones."""
    oldest: Dict[str, Any] = dict(died.before) if died else {}
    for thing, value in before.items():
        oldest.setdefault(thing, value)
    journal = Journal(
        run=uuid.uuid4().hex,
        owner=owner,
        boot=boot,
        began=int(time.time()),
        steps=tuple(steps),
        before=oldest,
        took_over=died.describe() if died else "",
    )
    state.write_text(place.journal, _line(journal) + "\n", 0o644)  # facts are read without root
    whole_file.remove(place.outcome)
    return journal


def note_step(place: State, number: int) -> None:
    """Step ``number`` (from 1) is about to begin."""
    state.append_line(place.journal, json.dumps({"step": number}))


def note_applied(place: State) -> None:
    """All steps were done and seen to be in force."""
    state.append_line(place.journal, json.dumps({"applied": True}))


def read(place: State) -> Optional[Journal]:
    """The journal, None when no change is under way. :raises ParseError, HostError: damaged or unreadable."""
    try:
        with open(place.journal, encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError("{0} cannot be read: {1}".format(place.journal, error.strerror)) from error
    journal = _journal(lines[0], place.journal)
    begun, applied = 0, False
    for line in lines[1:]:
        mark = _mark(line)
        step = mark.get("step")
        begun = step if isinstance(step, int) and not isinstance(step, bool) else begun
        applied = applied or mark.get("applied") is True
    return replace(journal, begun=begun, applied=applied)


def unfinished(place: State) -> str:
    """The change that is under way or was left so, in words, "" if there is none. Root alone may read its details."""
    try:
        journal = read(place)
    except HostError:
        if os.geteuid() == 0:
            raise
        return "a change that only root may read ({0})".format(place.journal)
    return journal.describe() if journal else ""


def close(place: State) -> None:
    """The change is undone."""
    whole_file.remove(place.journal)


def confirm(place: State, journal: Journal) -> None:
    """The change is there to stay: what was before it is kept for ``restore``, unless something older is kept."""
    origin = read_origin(place)
    kept = dict(origin.before) if origin else {}
    for thing, value in journal.before.items():
        kept.setdefault(thing, value)
    since = origin.since if origin else journal.began
    state.write_json(place.origin, {"schema": state.SCHEMA, "since": since, "run": journal.run, "before": _pairs(kept)})
    close(place)
    whole_file.remove(place.outcome)


@dataclass(frozen=True)
class Origin:
    """What was there before our first change on this host, as far as we changed it since."""

    since: int  # seconds since 1970, by the host's clock
    before: Before
    run: str = ""  # the last one that was confirmed


def read_origin(place: State) -> Optional[Origin]:
    """None where nothing of ours is. :raises ParseError, HostError: damaged or unreadable."""
    document = state.read_json(place.origin)
    if document is None:
        return None
    try:
        if document["schema"] != state.SCHEMA:
            raise ValueError("another schema")
        before = {str(thing): value for thing, value in document["before"]}
        return Origin(_seconds(document["since"]), before, _text(document["run"]))
    except (ValueError, LookupError, TypeError) as error:
        raise ParseError("{0}: damaged ({1})".format(place.origin, printable(str(error), 80)), "look at it") from error


def _pairs(before: Before) -> List[List[Any]]:
    """JSON keeps the order of a list, and the order is that of the first touch."""
    return [[thing, value] for thing, value in before.items()]


def _line(journal: Journal) -> str:
    return json.dumps({"schema": state.SCHEMA, **vars(journal), "before": _pairs(journal.before)})


def _journal(line: str, path: str) -> Journal:
    try:
        data = json_value(line, path)
        if data.pop("schema") != state.SCHEMA:
            raise ValueError("another schema")
        before = {str(thing): value for thing, value in data.pop("before")}
        words: Dict[str, Any] = {name: _text(data[name]) for name in ("run", "owner", "boot")}
        steps = tuple(_text(step) for step in data["steps"])
        return Journal(**words, began=_seconds(data["began"]), steps=steps, before=before, **_more(data))
    except ParseError as error:
        raise _damaged(path, error.message[len(path) + 2 :]) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _damaged(path, str(error)) from error


def _more(data: Mapping[str, Any]) -> Dict[str, Any]:
    """What a journal has only sometimes."""
    begun, applied = data.get("begun", 0), data.get("applied", False)
    if isinstance(begun, bool) or not isinstance(begun, int) or not isinstance(applied, bool):
        raise ValueError("another progress")
    return {"begun": begun, "applied": applied, "took_over": _text(data.get("took_over", ""))}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("{0} is no text".format(shown(value)))
    return value


def _seconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _YEAR_3000:
        raise ValueError("{0} is no time".format(shown(value)))
    return value


def _damaged(path: str, words: str) -> ParseError:
    return ParseError("{0}: damaged ({1})".format(path, printable(words, 80)), "look at it and remove it")


def _mark(line: str) -> Mapping[str, Any]:
    """One of the later lines; the last one may be cut off by a power cut, and then its step was not begun."""
    try:
        mark = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return mark if isinstance(mark, dict) else {}
