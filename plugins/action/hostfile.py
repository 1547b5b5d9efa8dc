# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.hostfile. Its documentation stands in plugins/modules/hostfile.py."""

from __future__ import annotations

import os
from dataclasses import replace

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import backend as backends
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import (
    codec,
    configured,
    hostfile,
    ranks,
    rdma_links,
    replacing,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.management import pick_management
from ansible_collections.boltloom.cluster.plugins.plugin_utils import _reach
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_file import (
    read_text,
    refuse_unwritable,
    write_text,
)
from ansible_collections.boltloom.cluster.plugins.plugin_utils._plain_values import as_texts
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
        "envs": {"type": "raw", "default": []},
        "replace": {"type": "bool", "default": False},
        "asked_over": {"type": "str", "default": "auto"},
        "asked_backend": {"type": "str", "default": "auto"},
        "decide": {"type": "bool", "default": False},
        "show": {"type": "bool", "default": True},
    }

    def answer(self, arguments, task_vars):
        """The file's text, and the file when its text is another and may take its place."""
        plan = codec.plan_from_dict(arguments["plan"])
        path = os.path.abspath(os.path.expanduser(arguments["path"]))
        before = read_text(path)
        fresh = self._fresh(plan, arguments, task_vars)
        text = hostfile.dump(fresh)
        hostfile.parse(text, "the hostfile to be written")  # what no launcher would read is not written
        kept = "" if arguments["replace"] else kept_or_refused(path, before, fresh, plan, arguments, task_vars)
        changed = before != text and not kept
        if changed:
            refuse_unwritable(path)
        if changed and not self._task.check_mode and not arguments["decide"]:
            write_text(path, text)
        if arguments["show"] and not arguments["decide"]:
            self.show(kept or _summary(path, changed, self._task.check_mode, plan, arguments))
        result = {"changed": changed and not arguments["decide"], "path": path, "content": text, "kept": kept}
        if not arguments["decide"]:
            after = before if kept else text
            result["diff"] = {"before": before, "after": after, "before_header": path, "after_header": path}
        return result

    def _fresh(self, plan, arguments, task_vars):
        ssh = {host: _reach.ssh_name(host, task_vars["hostvars"][host]) for host in plan.order}
        management = management_addresses(plan.order, arguments, task_vars)
        judged = judged_cables(plan, arguments["backend"], task_vars, arguments["addressed"])
        decided = (arguments["backend"], arguments["over"], judged, arguments["reason"])
        made = ranks.hostfile_from_plan(plan, management, ssh, *decided)
        return replace(made, envs=as_texts(arguments["envs"], "thunderbolt_net_envs"))


def management_addresses(hosts, arguments, task_vars):
    """What the inventory or the role says wins; a network common to all hosts is looked for only where it is needed."""
    said = {host: said_address(host, arguments, task_vars) for host in hosts}
    said = {host: address for host, address in said.items() if address}
    needed = arguments["over"] == "ethernet" or arguments["backend"] != "ring" or len(hosts) < 2
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


def said_address(host, arguments, task_vars):
    """The argument of this action first, then what the host's own task noted."""
    given = _reach.management_address(host, arguments["management"].get(host))
    noted = task_vars["hostvars"][host].get("ansible_facts", {}).get(_reach.FACT) or {}
    return given or str(noted.get("management_address") or "")


def kept_or_refused(path, before, fresh, plan, arguments, task_vars):
    """Why the file that is there stays, "" if it does not. :raises HostfileError: it would be a step down."""
    if not before.strip():
        return ""
    try:
        old = hostfile.parse(before, path)
    except HostfileError as error:
        raise HostfileError(
            "{0}, so it is left as it is".format(error.message),
            "name another thunderbolt_net_hostfile, or replace it with -e {0}".format(replacing.REPLACE),
        ) from error
    asked = replacing.Asked(arguments["asked_over"], arguments["asked_backend"], known_hosts(old, task_vars))
    kept = replacing.kept_words(path, old, fresh, asked)
    if not kept:

        def reasons():
            why = lost_words(old, plan, task_vars) or [arguments["reason"]]
            return [words for words in why if words]

        replacing.refuse_step_down(path, old, fresh, asked, reasons)
    return kept


def known_hosts(old, task_vars):
    """The hosts that the inventory has. One that is only a list on the command line takes nobody out."""
    listed = [str(host) for host in task_vars.get("groups", {}).get("all", ())]
    whole = isinstance(task_vars.get("inventory_dir"), str) and os.path.isdir(task_vars["inventory_dir"])
    return tuple(listed if whole else [*listed, *replacing.host_names(old)])


def lost_words(old, plan, task_vars):
    """What became of the cables that were there, by what the hosts keep of them, else by the file."""
    hosts = list(plan.order)
    facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
    links = configured.configured_plan(facts).links or replacing.recorded_links(old)
    return [lost.words for lost in configured.lost_cables(links, facts, plan.links)]


def _summary(path, changed, check_mode, plan, arguments):
    """What there is now and what it is good for; the callback would only say "changed"."""
    verb = ("would write" if check_mode else "wrote") if changed else "unchanged:"
    count = "{0} rank{1}".format(len(plan.order), "" if len(plan.order) == 1 else "s")
    words = (verb, path, count, arguments["backend"], arguments["over"])
    return "{0} {1}: {2}, backend {3}, over {4}".format(*words)
