# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.configured_links. Its documentation stands in plugins/modules/configured_links.py."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec, configured
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError, TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import hosts_of_play, reported


class ActionModule(ControlAction):
    """Reads off the facts what the hosts are configured for."""

    ARGUMENT_SPEC = {
        "hosts": {"type": "list", "elements": "str", "default": []},
    }

    def answer(self, arguments, task_vars):
        """The links that are configured, and those among them whose cable is gone."""
        hosts = hosts_of_play(task_vars, arguments["hosts"])
        facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
        plan = configured.configured_plan(facts)
        if not plan.links:
            raise TopologyError(
                "no Thunderbolt link is configured on {0}".format(", ".join(hosts)),
                "run boltloom.cluster.configure first",
            )
        cables, warnings = _cables(facts)
        lost = configured.lost_cables(plan.links, facts, cables) if cables is not None else ()
        return {
            "changed": False,
            "plan": codec.plan_to_dict(plan),
            "lost": [
                {"ends": [[end.host, end.address] for end in _ends(one.link)], "words": one.words} for one in lost
            ],
            "warnings": warnings + list(configured.slower_cables(plan.links, cables or ())),
        }


def _ends(link):
    return (link.a, link.b)


def _cables(facts):
    """The cables that are there now; None, and why, where they contradict themselves: the links can be tried anyway."""
    try:
        return find_cables(facts).links, []
    except BoltloomError as error:
        return None, [error.one_line()]
