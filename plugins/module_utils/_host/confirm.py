# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Lets a change stay. It reads no facts: the module that does it brings none of what reads them along."""

from __future__ import annotations

from . import journal as journals
from . import lock
from .commands import HostError
from .state import State, read_outcome
from .system import system_of


def confirm(run_id: str, root: str = "/", owner: str = "") -> bool:
    """The change is there to stay. Whether there was one to confirm.

    :raises HostError: it was taken back before, or is another one's.
    """
    place = State(system_of(root), root)
    with lock.held(place, owner):
        journal = journals.read(place)
        if journal is not None and run_id in ("", journal.run):
            if not journal.applied:
                raise HostError("there is nothing to confirm yet: {0}".format(journal.describe()), "run again")
            journals.confirm(place, journal)
            return True
        origin = journals.read_origin(place)
        if run_id and (origin is None or origin.run != run_id):
            why = read_outcome(place) or "the change is not there any more, or another run has begun one"
            raise HostError("it is too late to confirm: {0}".format(why), "run again")
        return False
