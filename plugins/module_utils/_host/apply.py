# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Performs the steps of a diff, in order, and brings back what was when one fails.

A system is two tables. A row of ``kinds`` says which *things* of the host a step changes
(a network service, a bridge, the addresses of an interface) and how the step is done. A row of
``things`` says how to read the complete value of such a thing and how to bring a value back.
So the way back needs no memory of the steps: the values from before are in the journal, and any
process can write them, in any state of the host, as often as it likes.
"""

from __future__ import annotations

import json
import operator
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .._fabric.errors import BoltloomError
from .._fabric.options import Wish
from .._fabric.steps import SET_OPTION, Step
from . import interrupts
from . import journal as journals
from .commands import HostError
from .interrupts import Interrupted
from .journal import Before, Journal
from .state import State
from .target import Target

SETTLE_SECONDS = 20.0  # macOS applies what networksetup wrote a moment later, not while the command runs
SETTLE_PAUSE = 0.5

# What is known of a thing: a value that JSON keeps as it is. None: there is no such thing.
Value = Any


@dataclass(frozen=True)
class Kind:
    """One kind of step."""

    things: Callable[[Step], Sequence[str]]  # what it changes, as "kind of thing:name"
    perform: Callable[[Step, Target], object]


@dataclass(frozen=True)
class Thing:
    """One kind of thing that steps change. The functions get the name behind the colon."""

    read: Callable[[str, Target], Value]  # the complete value at this moment
    write: Callable[[str, Value, Target], object]  # make it this value, whatever it is now
    same: Callable[[Value, Value], bool] = operator.eq  # (now, before): nothing that anybody could miss is missing


@dataclass(frozen=True)
class System:
    """How things are done on one system."""

    kinds: Mapping[str, Kind]
    things: Mapping[str, Thing]

    def changes(self, steps: Sequence[Step]) -> List[str]:
        """The things that the steps change, each once, in the order in which they are touched first."""
        found: Dict[str, None] = {}
        for step in steps:
            things = [step.thing] if step.kind == SET_OPTION else self._kind(step).things(step)
            found.update(dict.fromkeys(things))
        return list(found)

    def wished(self, wishes: Sequence[Wish], target: Target) -> Tuple[List[Step], str, str]:
        """Steps for the wishes that are not so yet, and these things as text, now and then."""
        look = target.fresh()
        steps: List[Step] = []
        texts = ["", ""]
        for wish in wishes:
            now = self._thing(wish.thing).read(_name(wish.thing), look)
            if now != wish.value:
                steps.append(Step(SET_OPTION, thing=wish.thing, value=json.dumps(wish.value), words=wish.words))
                for number, value in enumerate((now, wish.value)):
                    texts[number] += "{0}: {1}\n".format(wish.thing.rstrip(":"), _shown(value))
        return steps, texts[0], texts[1]

    def read(self, things: Sequence[str], target: Target) -> Dict[str, Value]:
        """The complete values of things, as they are now."""
        look = target.fresh()
        return {thing: self._thing(thing).read(_name(thing), look) for thing in things}

    def perform(self, step: Step, target: Target) -> None:
        """:raises HostError: it did not work."""
        if step.kind == SET_OPTION:
            self.write(step.thing, json.loads(step.value), target)
        else:
            self._kind(step).perform(step, target.fresh())

    def differing(self, before: Before, target: Target) -> Dict[str, Value]:
        """The things that are not what they were, with what they are now."""
        now = self.read(list(before), target)
        return {thing: now[thing] for thing in before if not self._thing(thing).same(now[thing], before[thing])}

    def write(self, thing: str, value: Value, target: Target) -> None:
        """:raises HostError: it did not work."""
        self._thing(thing).write(_name(thing), value, target.fresh())

    def _kind(self, step: Step) -> Kind:
        if step.kind not in self.kinds:
            raise HostError("nobody knows how to {0} on this system".format(step.describe()))
        return self.kinds[step.kind]

    def _thing(self, thing: str) -> Thing:
        kind = thing.partition(":")[0]
        if kind not in self.things:
            raise HostError(
                "nobody knows how to bring back {0}".format(thing), "a newer version of boltloom.cluster noted it"
            )
        return self.things[kind]


def apply_steps(steps: Sequence[Step], system: System, target: Target, place: State) -> None:
    """Do all steps; the journal is there already. :raises HostError: one failed; what was before is brought back."""
    for number, step in enumerate(steps, 1):
        try:
            journals.note_step(place, number)
            system.perform(step, target)
        except BoltloomError as error:
            why = "could not {0}: {1}".format(step.describe(), error.one_line())
            raise undone(system, target, place, why) from error
        except Interrupted as interrupt:
            why = "stopped by {0} at the step to {1}".format(interrupt, step.describe())
            raise undone(system, target, place, why) from interrupt
        except BaseException:  # a bug must not leave the host half done either
            undone(system, target, place, "")
            raise


def undone(system: System, target: Target, place: State, why: str) -> HostError:
    """Bring back what was before the change, and make the error that says so, or what is different."""
    interrupts.ignore()
    journal = journals.read(place)
    left = bring_back(journal.before if journal else {}, system, target)
    if left:
        return HostError("{0}; not everything could be undone: {1}".format(why, "; ".join(left)), LOOK)
    journals.close(place)
    return HostError(why, "everything done before it on this host was undone")


LOOK = "run the restore playbook when the cause is gone; the way back is still on the host"


def bring_back(before: Before, system: System, target: Target, settle: Optional[float] = None) -> List[str]:
    """Write the values from before, the last thing touched first, until all are seen to be there.

    Returns what is different after a while, in words. It goes on after a failure.
    """
    deadline = time.monotonic() + (SETTLE_SECONDS if settle is None else settle)
    while True:
        left = _bring_back_once(before, system, target)
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(SETTLE_PAUSE)


def _bring_back_once(before: Before, system: System, target: Target) -> List[str]:
    failures: Dict[str, str] = {}
    try:
        differing = system.differing(before, target)
        for thing in reversed(list(differing)):
            try:
                system.write(thing, before[thing], target)
            except BoltloomError as error:
                failures[thing] = error.one_line()
        differing = system.differing(before, target)
    except BoltloomError as error:
        return ["the host cannot be read ({0})".format(error.one_line())]
    return [_difference(thing, differing[thing], before[thing], failures.get(thing, "")) for thing in differing]


def _difference(thing: str, now: Value, before: Value, failure: str) -> str:
    kind, _colon, name = thing.partition(":")
    words = "{0} {1} is {2}, was {3}".format(kind, name, _shown(now), _shown(before))
    return "{0} ({1})".format(words, failure) if failure else words


def _shown(value: Value) -> str:
    return "not there" if value is None else "{0:.200}".format(json.dumps(value, sort_keys=True))


def _name(thing: str) -> str:
    return thing.partition(":")[2]


def start(steps: Sequence[Step], system: System, target: Target, place: State, owner: str, boot: str) -> Journal:
    """Note the way back of these steps on the disk. What a run that died had noted is kept, as it is older."""
    died = journals.read(place)
    before = system.read(system.changes(steps), target)
    return journals.begin(place, owner, boot, [step.describe() for step in steps], before, died)
