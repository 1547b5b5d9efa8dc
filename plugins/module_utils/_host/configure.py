# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Makes one host look as the plan wants: read, compare, note the way back, apply, read again."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Tuple

from .._fabric import codec
from .._fabric.diff import before_after, diff_host
from .._fabric.errors import BoltloomError, TopologyError
from .._fabric.model import HostPlan
from .._fabric.steps import Step
from . import journal as journals
from .apply import SETTLE_PAUSE, SETTLE_SECONDS, System, apply_steps, start, undone
from .commands import HostError, Run
from .commands import run as run_here
from .probe import read_facts
from .state import State
from .systems import SYSTEMS
from .target import Target


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode what would be."""

    steps: Tuple[str, ...]
    before: str
    after: str
    warnings: Tuple[str, ...] = ()


def configure(
    plan: Mapping[str, Any],
    host: str,
    check_mode: bool,
    run: Run = run_here,
    root: str = "/",
    settle: float = SETTLE_SECONDS,
    owner: str = "",
) -> Outcome:
    """Apply the plan to this host. :raises BoltloomError: nothing is half done, or the message says what is."""
    want = host_plan(plan, host)
    have = read_facts(run, root)
    steps = diff_host(have, want)
    before, after = before_after(have, want)
    if steps and not check_mode:
        require_root(steps)
        place, target = State(have.system, root), Target(run, root)
        start(steps, SYSTEMS[have.system], target, place, owner, have.boot)
        apply_steps(steps, SYSTEMS[have.system], target, place)
        _verify(SYSTEMS[have.system], want, target, place, settle)
        journals.note_applied(place)
        journals.confirm(place)
    return Outcome(tuple(step.describe() for step in steps), before, after)


def host_plan(plan: Mapping[str, Any], host: str) -> HostPlan:
    """The part of the plan that is about one host. :raises TopologyError: the plan does not know it."""
    for candidate in codec.plan_from_dict(plan).hosts:
        if candidate.host == host:
            return candidate
    raise TopologyError("the plan does not know the host {0}".format(host), "plan again with this host")


def require_root(steps: Sequence[Step]) -> None:
    """:raises HostError: there is something to do, and this is not root."""
    if os.geteuid() != 0:
        raise HostError("root is needed to {0}".format(steps[0].describe()), "run the task with become")


def _verify(system: System, want: HostPlan, target: Target, place: State, settle: float) -> None:
    """Exit statuses lie, so look. :raises HostError: something is still to do after a while; all is undone."""
    deadline = time.monotonic() + settle
    while True:
        try:
            left = diff_host(read_facts(target.run, target.root), want)
        except BoltloomError as error:
            why = "the host cannot be read after the change: {0}".format(error.one_line())
            raise undone(system, target, place, why) from error
        if not left:
            return
        if time.monotonic() >= deadline:
            break
        time.sleep(SETTLE_PAUSE)
    missing = "; ".join(step.describe() for step in left)
    why = "every command succeeded, and yet after {0:g} s it remains to {1}".format(settle, missing)
    raise undone(system, target, place, why)
