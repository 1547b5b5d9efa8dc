# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""A connection that notices within seconds that its host has lost power or network."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

# The first value that ssh hears of an option counts, so what the user has set in any other way stays.
KEEP_ALIVE = "-o ServerAliveInterval=5 -o ServerAliveCountMax=3"


class KeptAliveAction(ActionBase):
    """An action that runs the module of its name on the host. The task that connects first decides for the others."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Run the module."""
        result = super().run(tmp, task_vars)
        self.keep_alive()
        result.update(self.execute(task_vars))
        return result

    def execute(self, task_vars):
        """What runs once the connection is kept alive."""
        return self._execute_module(task_vars=task_vars)

    def keep_alive(self):
        """Add our options to the user's. Only ssh has them."""
        if self._connection.transport == "ssh":
            extra = self._connection.get_option("ssh_extra_args") or ""
            if KEEP_ALIVE not in extra:
                self._connection.set_option("ssh_extra_args", (extra + " " + KEEP_ALIVE).strip())
