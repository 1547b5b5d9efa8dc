# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.become_check. Its documentation stands in plugins/modules/become_check.py."""

from __future__ import annotations

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

REMEDY = "give --ask-become-pass, set ansible_become_password, or let this user use sudo without a password"


class ActionModule(ActionBase):
    """Becomes root once, and says in one line why that does not work."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Run the smallest command there is as root: it needs no Python and copies nothing."""
        result = super().run(tmp, task_vars)
        host = (task_vars or {}).get("inventory_hostname", "this host")
        try:
            outcome = self._low_level_execute_command("/usr/bin/id -u")
        except AnsibleConnectionFailure:
            raise  # unreachable: ssh's own words follow
        except AnsibleError as error:
            return dict(result, failed=True, msg=_refused(host, error.message))
        words = (outcome["stderr"].strip() or outcome["stdout"].strip()).splitlines() or ["no output"]
        if outcome["rc"] != 0:
            return dict(result, failed=True, msg=_refused(host, words[-1]))
        if outcome["stdout"].split()[-1:] != ["0"]:
            return dict(result, failed=True, msg="{0}: the task is not run as root: set become: true".format(host))
        return dict(result, changed=False)


def _refused(host, words):
    return "{0}: sudo does not work ({1}): {2}".format(host, words, REMEDY)
