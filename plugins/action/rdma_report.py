# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.rdma_report. Its documentation stands in plugins/modules/rdma_report.py."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import backend, codec, rdma_links
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan, HostPlan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma_ends import READY
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import hosts_of_play, reported


class ActionModule(ControlAction):
    """Shows one line per host and per cable."""

    ARGUMENT_SPEC = {
        "hosts": {"type": "list", "elements": "str", "default": []},
        "plan": {"type": "dict", "default": {}},
        "backend": {"type": "str", "choices": ["", "ring", *backend.RDMA_BACKENDS], "default": ""},
        "required": {"type": "bool", "default": False},
        "show": {"type": "bool", "default": True},
    }

    def answer(self, arguments, task_vars):
        """The verdicts, aligned; a failure only when every host was required to be ready, or a backend is not possible.

        :raises TopologyError: the cables that are ready do not make what the backend needs.
        """
        plan = codec.plan_from_dict(arguments["plan"]) if arguments["plan"] else None
        hosts = list(plan.order) if plan else hosts_of_play(task_vars, arguments["hosts"])
        rdma = reported(task_vars, hosts, "boltloom_rdma", codec.rdma_from_dict)
        facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
        judged = rdma_links.judge_links(plan or _as_cabled(hosts, facts), facts, rdma, settled=True)
        verdicts = rdma_links.judge_hosts(hosts, rdma, judged)
        lines = _host_lines(hosts, verdicts) + _cable_lines(judged)
        if arguments["show"]:
            self.show("\n".join(lines))
        result = {"changed": False, "lines": lines, "verdicts": {host: verdicts[host].verdict for host in hosts}}
        result["cables"] = [_cable(cable) for cable in judged]
        result["warnings"] = list(rdma_links.odd_tables(judged))
        if arguments["backend"] in backend.RDMA_BACKENDS and plan:
            choice = backend.choose(arguments["backend"], "thunderbolt", plan, facts, judged)
            result["warnings"] = [words for words in choice.warnings if words not in plan.warnings] + result["warnings"]
        unfit = [host for host in hosts if verdicts[host].verdict != READY]
        if unfit and arguments["required"]:
            reasons = "; ".join("{0}: {1}".format(host, verdicts[host].reason) for host in unfit)
            result.update(failed=True, msg="RDMA is required and not ready: {0}".format(reasons))
        return result


def _as_cabled(hosts, facts):
    """The cables that there are, where nobody planned anything: any address will do then."""
    links = find_cables(facts).links
    return FabricPlan(tuple(hosts), links, tuple(HostPlan(host, ()) for host in hosts), "none")


def _host_lines(hosts, verdicts):
    width = max(len(host) for host in hosts)
    return [
        "{0:<{1}}  {2:<14}  {3}".format(host, width, verdicts[host].verdict, verdicts[host].reason) for host in hosts
    ]


def _cable_lines(judged):
    """One line per cable; what is in the way of one stands with its hosts."""
    if not judged:
        return []
    rows = [(rdma_links.link_name(cable.link), cable.verdict, *_gids(cable)) for cable in judged]
    width = max(len(row[0]) for row in rows)
    return ["", *("{0:<{1}}  {2:<14}  {3}".format(row[0], width, row[1], row[2]).rstrip() for row in rows)]


def _gids(cable):
    known = [f"{device} GID {gid}" for device, gid in zip(cable.devices, cable.gids) if device and gid >= 0]
    return (", ".join(known),)


def _cable(cable):
    """A cable's verdict as data."""
    ends = [
        {"host": end.host, "receptacle": end.receptacle, "device": device, "gid": gid if gid >= 0 else None}
        for end, device, gid in zip((cable.link.a, cable.link.b), cable.devices, cable.gids)
    ]
    return {"verdict": cable.verdict, "words": cable.words(), "rail": cable.link.rail, "ends": ends}
