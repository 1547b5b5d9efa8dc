# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.thunderbolt_facts: the module on the host, over a connection that is kept alive."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.modules import thunderbolt_facts
from ansible_collections.boltloom.cluster.plugins.plugin_utils import _reach
from ansible_collections.boltloom.cluster.plugins.plugin_utils._kept_alive import KeptAliveAction


class ActionModule(KeptAliveAction):
    """Reads the Thunderbolt ports of a host, and notes how it is reached: only its own task knows that for sure."""

    ARGUMENT_SPEC = thunderbolt_facts.ARGUMENT_SPEC

    def execute(self, task_vars):
        """What the host says, and our way to it."""
        host = str(task_vars["inventory_hostname"])
        try:
            address = _reach.management_address(host, self._task.args.get("management_address"))
        except BoltloomError as error:
            return {"failed": True, "msg": error.one_line()}
        found = super().execute(task_vars)
        if "ansible_facts" in found:
            found["reach"] = {"ssh": self._destination(host), "management_address": address}
            found["ansible_facts"][_reach.FACT] = found["reach"]
        return found

    def _destination(self, host):
        """What the connection of this task uses, whether the inventory, a play or the command line says it."""
        if self._connection.transport not in ("ssh", "paramiko", "paramiko_ssh"):
            return _reach.ssh_name(host, {})
        said = {name: self._connection.get_option(name) for name in ("host", "remote_user", "port")}
        return _reach.destination(str(said["host"] or host), str(said["remote_user"] or ""), int(said["port"] or 0))
