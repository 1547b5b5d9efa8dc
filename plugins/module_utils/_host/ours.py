# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What this collection itself knows of the host: what it configured, what is unfinished, and how it is connected."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Callable, List, Mapping, Tuple, TypeVar

from .._fabric.errors import BoltloomError
from .._fabric.model import HostFacts, WantPort
from . import journal, state
from .state import State

Noun = TypeVar("Noun")


def with_ours(facts: HostFacts, root: str, environment: Mapping[str, str] = os.environ) -> HostFacts:
    """The facts with what is ours. A damaged file of ours is a warning: looking at the cables needs none of them."""
    place = State(facts.system, root)
    warnings: List[str] = []

    def attempt(read: Callable[[], Noun], otherwise: Noun) -> Noun:
        try:
            return read()
        except BoltloomError as error:
            warnings.append(error.one_line())
            return otherwise

    nothing: Tuple[WantPort, ...] = ()
    applied = attempt(lambda: state.read_applied(place), nothing)
    unfinished = attempt(lambda: journal.unfinished(place), "")
    outcome = attempt(lambda: state.read_outcome(place), "")
    return replace(
        facts,
        applied=applied,
        unfinished=unfinished,
        ssh_address=ssh_address(environment),
        warnings=facts.warnings + tuple(warnings) + ((outcome,) if outcome else ()),
    )


def ssh_address(environment: Mapping[str, str]) -> str:
    """This host's own end of the ssh connection, "" if there is none: "client port server port"."""
    fields = environment.get("SSH_CONNECTION", "").split()
    return fields[2] if len(fields) == 4 else ""
