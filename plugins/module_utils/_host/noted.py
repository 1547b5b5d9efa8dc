# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The note of what was configured last: a step and a thing like all others, so that it goes back with them."""

from __future__ import annotations

from .._fabric import codec
from .._fabric.model import HostPlan
from .._fabric.steps import Step
from . import state, whole_file
from .apply import Kind, Thing, Value
from .state import State
from .system import system_of
from .target import Target


def _note(step: Step, target: Target) -> None:
    _write("", codec.host_plan_to_dict(HostPlan("", step.ports)) if step.ports else None, target)


def _read(_name: str, target: Target) -> Value:
    return state.read_json(_place(target).applied)


def _write(_name: str, value: Value, target: Target) -> None:
    if value is None:
        whole_file.remove(_place(target).applied)
    else:
        state.write_json(_place(target).applied, value, 0o644)


def _place(target: Target) -> State:
    return State(system_of(target.root), target.root)


KIND = Kind(lambda step: ["noted:ports"], _note)
THING = Thing(_read, _write)
