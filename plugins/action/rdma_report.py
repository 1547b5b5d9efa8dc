# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.rdma_report. Its documentation stands in plugins/modules/rdma_report.py."""

from __future__ import annotations

from ansible.utils.display import Display
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import hosts_of_play, reported

READY = "ready"


class ActionModule(ControlAction):
    """Shows one line per host."""

    ARGUMENT_SPEC = {
        "hosts": {"type": "list", "elements": "str", "default": []},
        "required": {"type": "bool", "default": False},
        "show": {"type": "bool", "default": True},
    }

    def answer(self, arguments, task_vars):
        """The verdicts, aligned; a failure only when every host was required to be ready."""
        hosts = hosts_of_play(task_vars, arguments["hosts"])
        facts = reported(task_vars, hosts, "boltloom_rdma", codec.rdma_from_dict)
        width = max(len(host) for host in hosts)
        lines = [
            "{0:<{1}}  {2:<14}  {3}".format(host, width, facts[host].verdict, facts[host].reason) for host in hosts
        ]
        if arguments["show"]:
            Display().display("\n" + "\n".join(lines) + "\n")
        result = {"changed": False, "lines": lines, "verdicts": {host: facts[host].verdict for host in hosts}}
        unfit = [host for host in hosts if facts[host].verdict != READY]
        if unfit and arguments["required"]:
            reasons = "; ".join("{0}: {1}".format(host, facts[host].reason) for host in unfit)
            result.update(failed=True, msg="RDMA is required and not ready: {0}".format(reasons))
        return result
