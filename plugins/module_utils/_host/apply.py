# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Performs the steps of a diff, in order, and undoes them when one fails.

Each kind of step is one function and one row of a table per system. A function
performs the step and returns what would undo it.
"""

from __future__ import annotations

from typing import Callable, List, Mapping, Sequence, Tuple

from .._fabric import steps as kinds
from .._fabric.errors import BoltloomError
from .._fabric.model import HostFacts
from .._fabric.steps import Step
from . import steps_linux, steps_macos
from .commands import HostError, Run

Undo = Callable[[], object]
Perform = Callable[[Step, HostFacts, Run, str], Undo]

MACOS: Mapping[str, Perform] = {
    kinds.DISABLE_BRIDGE_SERVICE: steps_macos.disable_service,
    kinds.RELEASE_PORT_FROM_BRIDGE: steps_macos.release_port,
    kinds.DESTROY_BRIDGE: steps_macos.destroy_bridge,
    kinds.FORGET_BRIDGE: steps_macos.forget_bridge,
    kinds.SET_BRIDGE_MEMBERS: steps_macos.set_bridge_members,
    kinds.CREATE_SERVICE: steps_macos.create_service,
    kinds.REMOVE_ADDRESS: steps_macos.remove_address,
    kinds.SET_MANUAL: steps_macos.set_manual,
    kinds.ENABLE_SERVICE: steps_macos.enable_service,
}
LINUX: Mapping[str, Perform] = {
    kinds.RELEASE_PORT_FROM_BRIDGE: steps_linux.release_port,
    kinds.REMOVE_ADDRESS: steps_linux.remove_address,
    kinds.ADD_ADDRESS: steps_linux.add_address,
}


class Applied:
    """The steps that were done, and the way back."""

    def __init__(self) -> None:
        self._done: List[Tuple[Step, Undo]] = []

    def did(self, step: Step, undo: Undo) -> None:
        """Remember a step that was done."""
        self._done.append((step, undo))

    def undo(self) -> List[str]:
        """Undo everything in reverse order. Returns what could not be undone, in words; goes on after a failure."""
        failures: List[str] = []
        while self._done:
            step, undo = self._done.pop()
            try:
                undo()
            except BoltloomError as error:
                failures.append("could not undo {0!r}: {1}".format(step.describe(), error.one_line()))
        return failures


def apply_steps(steps: Sequence[Step], have: HostFacts, run: Run, root: str) -> Applied:
    """Do all steps. :raises HostError: one failed; what was done before it has been undone."""
    table = MACOS if have.system == "macos" else LINUX
    applied = Applied()
    for step in steps:
        try:
            applied.did(step, _performer(table, step, have.system)(step, have, run, root))
        except BoltloomError as error:
            raise undone(applied, "could not {0}: {1}".format(step.describe(), error.one_line())) from error
        except BaseException:  # a bug or an interrupt must not leave the host half done either
            applied.undo()
            raise
    return applied


def undone(applied: Applied, why: str) -> HostError:
    """Undo, and make the error that says so."""
    failures = applied.undo()
    if failures:
        return HostError("{0}; {1}".format(why, "; ".join(failures)), "look at the host by hand")
    return HostError(why, "everything done before it on this host was undone")


def _performer(table: Mapping[str, Perform], step: Step, system: str) -> Perform:
    if step.kind not in table:
        raise HostError("nobody knows how to {0} on {1}".format(step.describe(), system))
    return table[step.kind]
