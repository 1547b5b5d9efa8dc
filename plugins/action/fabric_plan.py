# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.fabric_plan. Its documentation stands in plugins/modules/fabric_plan.py."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import (
    backend,
    codec,
    configured,
    lifeline,
    picture,
    rdma_links,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.todo import hosts_to_change, require_possible
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import hosts_of_play, reported, said_addresses


class ActionModule(ControlAction):
    """Plans the fabric of all hosts."""

    ARGUMENT_SPEC = {
        "hosts": {"type": "list", "elements": "str", "default": []},
        "over": {"type": "str", "choices": list(backend.OVER), "default": "auto"},
        "backend": {"type": "str", "choices": list(backend.BACKENDS), "default": backend.NOT_ASKED},
        "shape": {"type": "str", "choices": ["auto", "mesh", "ring"], "default": "auto"},
        "pool": {"type": "str", "default": "10.77.0.0/16"},
        "slow_is_error": {"type": "bool", "default": False},
        "show": {"type": "bool", "default": True},
        "allow_cutting_ssh": {"type": "bool", "default": False},
    }

    def answer(self, arguments, task_vars):
        """The plan, what its ranks talk by, and how it looks."""
        hosts = hosts_of_play(task_vars, arguments["hosts"])
        facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
        options = PlanOptions(arguments["pool"], arguments["shape"], tuple(hosts), strict=arguments["slow_is_error"])
        plan = make_plan(facts, options)
        heard = [f"{host}: {words}" for host in hosts for words in facts[host].warnings]
        heard += configured.standing(facts, task_vars.get("groups", {}).get("all", hosts))
        judged = _judged(arguments, task_vars, plan, facts)
        try:
            choice = backend.choose(arguments["backend"], arguments["over"], plan, facts, judged)
            cuts = _cuts(arguments, task_vars, choice, facts)
        except BoltloomError as error:  # with the cables before one's eyes, and all that is odd about them
            seen = self._seen(plan, arguments["show"])
            return {"failed": True, "msg": error.one_line(), "warnings": list(plan.warnings) + heard, **seen}
        seen = self._seen(choice.plan, arguments["show"], f"backend {choice.backend}, {choice.reason}")
        return {
            "changed": False,
            "plan": codec.plan_to_dict(choice.plan),
            "over": choice.over,
            "backend": choice.backend,
            "reason": choice.reason,
            "to_change": list(hosts_to_change(facts, choice.plan)) if choice.over == "thunderbolt" else [],
            "warnings": list(choice.warnings) + cuts + heard,
            **seen,
        }

    def _seen(self, plan, show, decision=""):
        """The picture and the table, and beneath them what was decided."""
        cables, table = picture.cables_picture(plan), picture.plan_table(plan)
        if show:
            self.show("\n\n".join(part for part in (cables, table, decision) if part))
        return {"picture": cables, "table": table}


def _judged(arguments, task_vars, plan, facts):
    """The cables as they will be for RDMA once they are addressed; None where the decision does not rest on it."""
    if not backend.asks_for_rdma(arguments["backend"], arguments["over"]):
        return None
    rdma = reported(task_vars, list(plan.order), "boltloom_rdma", codec.rdma_from_dict)
    return rdma_links.judge_links(plan, facts, rdma, settled=False)


def _cuts(arguments, task_vars, choice, facts):
    """Warnings of hosts that are reached over what is to be changed. :raises BoltloomError: that was not allowed, or
    something on a host is in the way of the change."""
    if choice.over != "thunderbolt":
        return []
    require_possible(facts, choice.plan)
    said = said_addresses(task_vars, list(facts))
    return lifeline.refuse_to_cut(facts, choice.plan, said, arguments["allow_cutting_ssh"])
