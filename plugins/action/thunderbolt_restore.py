# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.thunderbolt_restore: the module on the host, in the name of this control machine."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.modules import thunderbolt_restore
from ansible_collections.boltloom.cluster.plugins.plugin_utils._owned_action import OwnedAction


class ActionModule(OwnedAction):
    """Brings back what was before."""

    ARGUMENT_SPEC = thunderbolt_restore.ARGUMENT_SPEC

    def more(self, arguments, task_vars):
        """How this host is reached."""
        if arguments.get("reached_at"):
            return {}
        facts = task_vars.get("ansible_facts", {}).get("boltloom_thunderbolt") or {}
        said = [facts.get("ssh_address"), task_vars.get("ansible_host"), task_vars.get("inventory_hostname")]
        return {"reached_at": [str(address) for address in said if address]}
