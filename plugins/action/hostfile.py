# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.hostfile. Its documentation stands in plugins/modules/hostfile.py."""

from __future__ import annotations

import os

from ansible.utils.display import Display
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import backend as backends
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec, hostfile, ranks, rdma_links
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.management import pick_management
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_file import read_text, write_text
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import reported


class ActionModule(ControlAction):
    """Writes the hostfile."""

    ARGUMENT_SPEC = {
        "path": {"type": "path", "required": True},
        "plan": {"type": "dict", "required": True},
        "over": {"type": "str", "choices": ["thunderbolt", "ethernet"], "default": "thunderbolt"},
        "backend": {"type": "str", "choices": ["ring", "jaccl", "jaccl-ring"], "default": "ring"},
        "reason": {"type": "str", "default": ""},
        "addressed": {"type": "bool", "default": True},
        "management": {"type": "dict", "default": {}},
        "show": {"type": "bool", "default": True},
    }

    def answer(self, arguments, task_vars):
        """The file's text, and the file when its text is another."""
        plan = codec.plan_from_dict(arguments["plan"])
        ssh = {host: ssh_name(host, task_vars["hostvars"][host]) for host in plan.order}
        management = management_addresses(plan.order, arguments, task_vars)
        judged = judged_cables(plan, arguments["backend"], task_vars, arguments["addressed"])
        decided = (arguments["backend"], arguments["over"], judged, arguments["reason"])
        text = hostfile.dump(ranks.hostfile_from_plan(plan, management, ssh, *decided))
        path = os.path.abspath(os.path.expanduser(arguments["path"]))
        before = read_text(path)
        changed = before != text
        if changed and not self._task.check_mode:
            write_text(path, text)
        if arguments["show"]:
            Display().display(_summary(path, changed, self._task.check_mode, plan, arguments))
        result = {"changed": changed, "path": path, "content": text}
        result["diff"] = {"before": before, "after": text, "before_header": path, "after_header": path}
        return result


def management_addresses(hosts, arguments, task_vars):
    """What the inventory says wins; a network common to all hosts is looked for only where it is needed."""
    said = {host: str(arguments["management"][host]) for host in hosts if arguments["management"].get(host)}
    needed = arguments["over"] == "ethernet" or arguments["backend"] != "ring"
    unsaid = [host for host in hosts if host not in said]
    if not needed or not unsaid:
        return said
    return {**pick_management(reported(task_vars, unsaid, "boltloom_thunderbolt", codec.facts_from_dict)), **said}


def judged_cables(plan, backend, task_vars, settled):
    """The cables judged for RDMA where the backend needs it, as the hosts reported last."""
    if backend not in backends.RDMA_BACKENDS:
        return ()
    hosts = list(plan.order)
    facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
    rdma = reported(task_vars, hosts, "boltloom_rdma", codec.rdma_from_dict)
    return rdma_links.judge_links(plan, facts, rdma, settled)


def _summary(path, changed, check_mode, plan, arguments):
    """What there is now and what it is good for; the callback would only say "changed"."""
    verb = ("would write" if check_mode else "wrote") if changed else "unchanged:"
    words = (verb, path, len(plan.order), arguments["backend"], arguments["over"])
    return "\n{0} {1}: {2} ranks, backend {3}, over {4}\n".format(*words)


def ssh_name(host, variables):
    """What ssh is to be called with: the inventory's address and user if it names them, else the host's name."""
    address = str(variables.get("ansible_host") or host)
    user = variables.get("ansible_user")
    return "{0}@{1}".format(user, address) if user else address
