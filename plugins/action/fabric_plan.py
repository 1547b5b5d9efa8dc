# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.fabric_plan. Its documentation stands in plugins/modules/fabric_plan.py."""

from __future__ import annotations

from ansible.utils.display import Display
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec, lifeline, picture
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._over import choose_over
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import hosts_of_play, reported, said_addresses


class ActionModule(ControlAction):
    """Plans the fabric of all hosts."""

    ARGUMENT_SPEC = {
        "hosts": {"type": "list", "elements": "str", "default": []},
        "over": {"type": "str", "choices": ["auto", "thunderbolt", "ethernet"], "default": "auto"},
        "shape": {"type": "str", "choices": ["auto", "mesh", "ring"], "default": "auto"},
        "pool": {"type": "str", "default": "10.77.0.0/16"},
        "show": {"type": "bool", "default": True},
        "allow_cutting_ssh": {"type": "bool", "default": False},
    }

    def answer(self, arguments, task_vars):
        """The plan, and how it looks."""
        hosts = hosts_of_play(task_vars, arguments["hosts"])
        facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
        options = PlanOptions(pool=arguments["pool"], shape=arguments["shape"], order=tuple(hosts))
        plan = make_plan(facts, options)
        over, warnings = choose_over(arguments["over"], plan)
        if over == "thunderbolt":
            warnings = warnings + lifeline.refuse_to_cut(
                facts, plan, said_addresses(task_vars, hosts), arguments["allow_cutting_ssh"]
            )
        cables, table = picture.cables_picture(plan), picture.plan_table(plan)
        if arguments["show"]:
            Display().display("\n{0}\n\n{1}\n".format(cables, table))
        return {
            "changed": False,
            "plan": codec.plan_to_dict(plan),
            "over": over,
            "picture": cables,
            "table": table,
            "warnings": warnings + [f"{host}: {words}" for host in hosts for words in facts[host].warnings],
        }
