# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What a person can have done wrong, as types.

Pure code raises these; exactly one place per product turns them into one line
(a module's ``fail_json``, the launcher's ``main``). Anything else that is raised
is a bug and keeps its traceback.
"""

from __future__ import annotations

from typing import Sequence, Tuple


class BoltloomError(Exception):
    """A failure that is not a bug: what happened, and what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def one_line(self) -> str:
        """The message and, when there is one, what to do about it."""
        return "{0}: {1}".format(self.message, self.hint) if self.hint else self.message


class HostfileError(BoltloomError):
    """A hostfile is missing, not JSON, of a wrong shape or contradicts itself (exit code 2)."""


class ParseError(BoltloomError):
    """A command printed something that we do not understand."""


class PlanError(BoltloomError):
    """The plan that was asked for cannot be made. It carries what it takes to see why."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.picture = ""  # the cables, for people
        self.warnings: Tuple[str, ...] = ()  # what is odd about hosts and cables, and may be the cause

    def showing(self, picture: str, warnings: Sequence[str]) -> None:
        """Add the evidence."""
        self.picture = picture
        self.warnings = tuple(warnings)


class TopologyError(PlanError):
    """The cables do not make the fabric that was asked for (exit code 3)."""


class AddressError(PlanError):
    """No addresses can be given without colliding with what a host already uses (exit code 3)."""


class GraphError(BoltloomError):
    """The cables cannot be drawn in the form that was asked for (exit code 2)."""
