# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.reach_facts. Its documentation stands in plugins/modules/reach_facts.py."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.plugin_utils import _reach
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction


class ActionModule(ControlAction):
    """Notes how Ansible reaches the host of this task: only here every place where that can be said counts."""

    ARGUMENT_SPEC = {
        "management_address": {"type": "str", "default": ""},
    }

    def answer(self, arguments, task_vars):
        """A fact of the host. Nothing is sent to it."""
        host = str(task_vars["inventory_hostname"])
        address = _reach.management_address(host, arguments["management_address"])
        reach = {"ssh": self._destination(host), "management_address": address}
        return {"changed": False, "reach": reach, "ansible_facts": {_reach.FACT: reach}}

    def _destination(self, host):
        """What the connection of this task would use, whether the inventory, a play or the command line says it."""
        if self._connection.transport not in ("ssh", "paramiko", "paramiko_ssh"):
            return _reach.ssh_name(host, {})
        said = {name: self._connection.get_option(name) for name in ("host", "remote_user", "port")}
        return _reach.destination(str(said["host"] or host), str(said["remote_user"] or ""), int(said["port"] or 0))
