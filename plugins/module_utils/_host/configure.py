# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Makes one host look as the plan wants: read, compare, note the way back, apply, read again."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from .._fabric import codec
from .._fabric.diff import before_after, diff_host, leftover_steps
from .._fabric.errors import BoltloomError, TopologyError
from .._fabric.model import HostFacts, HostPlan
from .._fabric.options import Options, wishes_of
from .._fabric.part import host_plan
from .._fabric.steps import Step
from . import guard, interrupts, lock
from . import journal as journals
from .apply import SETTLE_PAUSE, SETTLE_SECONDS, System, apply_steps, bring_back, start, undone
from .commands import HostError, Run
from .commands import run as run_here
from .journal import Journal
from .probe import read_facts
from .rdma_holders import require_idle
from .state import State
from .system import system_of
from .systems import SYSTEMS
from .target import Target

Diff = Callable[[HostFacts, HostPlan], Tuple[Step, ...]]
GUARD_SECONDS = 120.0  # for the module's own run, where nobody is asked to confirm


@dataclass(frozen=True)
class Terms:
    """On which terms a change is made."""

    owner: str = ""  # who makes it, in words; a second run is told
    confirm_within: float = 0.0  # seconds in which somebody must confirm; 0: it is confirmed when it is in force
    dead_owners: Tuple[str, ...] = ()  # of earlier runs, known to have ended
    settle: float = SETTLE_SECONDS
    options: Options = Options()


def terms_of(params: Mapping[str, Any]) -> Terms:
    """The terms that a module's parameters name."""
    dead: Sequence[str] = params.get("dead_owners") or ()
    options = Options(
        mtu=params.get("mtu") or 0,
        no_sleep=bool(params.get("no_sleep")),
        wired_reserve_gb=params.get("wired_reserve_gb") or 0,
        firewall_programs=tuple(params.get("firewall_programs") or ()),
    )
    return Terms(params.get("owner") or "", float(params.get("confirm_within") or 0), tuple(dead), options=options)


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode what would be."""

    steps: Tuple[str, ...]
    before: str
    after: str
    run: str = ""  # what is to be confirmed, "" if nothing is
    warnings: Tuple[str, ...] = ()

    def as_result(self) -> Dict[str, Any]:
        """What a module returns."""
        return {
            "changed": bool(self.steps),
            "steps": list(self.steps),
            "run": self.run,
            "diff": {"before": self.before, "after": self.after},
            "warnings": list(self.warnings),
        }


def configure(
    plan: Mapping[str, Any],
    host: str,
    check_mode: bool,
    run: Run = run_here,
    root: str = "/",
    terms: Terms = Terms(),
) -> Outcome:
    """Apply the plan to this host. :raises BoltloomError: nothing is half done, or the message says what is."""
    if plan is None:
        raise TopologyError("there is no plan", "give what fabric_plan returned, or state: absent")
    return _make(host_plan(plan, host), diff_host, check_mode, Target(run, root), terms)


def remove_leftovers(
    plan: Optional[Mapping[str, Any]],
    host: str,
    check_mode: bool,
    run: Run = run_here,
    root: str = "/",
    terms: Terms = Terms(),
) -> Outcome:
    """Take away what is ours on ports that the plan does not have, without a plan on all of them."""
    known = [candidate for candidate in codec.plan_from_dict(plan).hosts if candidate.host == host] if plan else []
    return _make(known[0] if known else HostPlan(host, ()), leftover_steps, check_mode, Target(run, root), terms)


def _make(want: HostPlan, diff: Diff, check_mode: bool, target: Target, terms: Terms) -> Outcome:
    place = State(system_of(target.root), target.root)
    if check_mode or os.geteuid() != 0:
        outcome, _facts, _steps = _compare(want, diff, target, place, terms)
        if not check_mode and (outcome.steps or outcome.warnings):
            what = outcome.steps[0] if outcome.steps else "complete the change that is unfinished"
            raise HostError("root is needed to {0}".format(what), "run the task with become")
        return outcome
    try:
        with lock.held(place, terms.owner), interrupts.raised():
            outcome, have, steps = _compare(want, diff, target, place, terms)
            if not (steps or outcome.warnings):
                return outcome
            return replace(outcome, run=_apply(steps, have, want, diff, target, place, terms))
    except interrupts.Interrupted as interrupt:
        raise HostError("stopped by {0}".format(interrupt), "what was done, if anything, is undone by itself") from None


def _compare(
    want: HostPlan, diff: Diff, target: Target, place: State, terms: Terms
) -> Tuple[Outcome, HostFacts, Tuple[Step, ...]]:
    """What is to be done, and what an earlier run left unfinished. :raises Busy: that run is not over."""
    died = journals.read(place)
    if died is not None:
        require_over(place, died, terms)
    have = read_facts(target.run, target.root)
    steps = diff(have, want)
    before, after = before_after(have, want, steps)
    wished, now, then = SYSTEMS[have.system].wished(wishes_of(terms.options, have, want), target)
    steps = (*wished, *steps)
    devices = {step.device for step in steps if step.device}
    if devices:
        require_idle(have.system, devices | {port.device for port in want.ports}, target)
    warnings = ("{0}: it was neither confirmed nor undone, and is completed".format(died.describe()),) if died else ()
    kept = _way_back(place, terms) if steps else ""
    return Outcome(_sentences(steps), before + now, after + then + kept, "", warnings), have, steps


def _way_back(place: State, terms: Terms) -> str:
    """What besides the steps themselves is done, for ``--diff``."""
    text = "{0}: what was before, for restore\n".format(place.folder)
    if terms.confirm_within:
        text += "taken back by this host itself unless confirmed within {0:g} s\n".format(terms.confirm_within)
    return text


def _apply(
    steps: Sequence[Step], have: HostFacts, want: HostPlan, diff: Diff, target: Target, place: State, terms: Terms
) -> str:
    """Returns what is to be confirmed."""
    system = SYSTEMS[have.system]
    journal = start(steps, system, target, place, terms.owner, have.boot)
    try:
        seconds = terms.confirm_within or GUARD_SECONDS
        guard.start(place, journal.run, seconds, lambda found: bring_back(found.before, system, target))
    except BaseException:
        if not journal.took_over:  # nothing was changed; what a run that died had changed stays noted
            journals.close(place)
        raise
    apply_steps(steps, system, target, place)
    _verify(system, want, diff, target, place, terms.settle)
    journals.note_applied(place)
    if terms.confirm_within:
        return journal.run
    journals.confirm(place, journal)
    return ""


def require_over(place: State, journal: Journal, terms: Terms) -> None:
    """:raises Busy: somebody is about to confirm that change."""
    if journal.owner == terms.owner or journal.owner in terms.dead_owners or not guard.stands(place):
        return
    raise lock.Busy(
        "another run is at work on this host: {0}, and not confirmed yet".format(journal.describe()),
        "wait until it has ended; if it has died, the host takes its change back by itself within two minutes",
        journal.owner,
    )


def _sentences(steps: Sequence[Step]) -> Tuple[str, ...]:
    return tuple(step.describe() for step in steps)


def _verify(system: System, want: HostPlan, diff: Diff, target: Target, place: State, settle: float) -> None:
    """Exit statuses lie, so look. :raises HostError: something is still to do after a while; all is undone."""
    deadline = time.monotonic() + settle
    while True:
        try:
            left = diff(read_facts(target.run, target.root), want)
        except BoltloomError as error:
            why = "the host cannot be read after the change: {0}".format(error.one_line())
            raise undone(system, target, place, why) from error
        except interrupts.Interrupted as interrupt:
            raise undone(system, target, place, "stopped by {0}".format(interrupt)) from interrupt
        if not left:
            return
        if time.monotonic() >= deadline:
            break
        time.sleep(SETTLE_PAUSE)
    missing = "; ".join(step.describe() for step in left)
    why = "every command succeeded, and yet after {0:g} s it remains to {1}".format(settle, missing)
    raise undone(system, target, place, why)
