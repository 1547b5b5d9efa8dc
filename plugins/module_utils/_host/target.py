# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The host that is being changed: how to run a command on it, and what its readers say at this moment."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

from .commands import Run, required


class Target:
    """A runner of commands and the root of the file system. What a reader said once is not asked again:
    take a :meth:`fresh` one to look again."""

    def __init__(self, run: Run, root: str = "/") -> None:
        self.run = run
        self.root = root
        self._said: Dict[Tuple[str, ...], str] = {}

    def said(self, argv: Sequence[str]) -> str:
        """What a command that changes nothing prints. :raises HostError: it failed."""
        key = tuple(argv)
        if key not in self._said:
            self._said[key] = required(self.run, argv).stdout
        return self._said[key]

    def fresh(self) -> Target:
        """The same host, of which nothing is known yet."""
        return Target(self.run, self.root)
