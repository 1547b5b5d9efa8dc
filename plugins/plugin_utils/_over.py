# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What the ranks shall talk over, given what was asked for and what is cabled."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.ring import no_ring


def choose_over(asked: str, plan: FabricPlan) -> Tuple[str, List[str]]:
    """("thunderbolt" or "ethernet", all warnings). :raises TopologyError: cables are demanded, and they do not do."""
    why_not = _why_not(plan)
    if asked == "ethernet" or (asked == "auto" and why_not):
        return "ethernet", _without(plan.warnings, why_not) + _falling_back(asked, why_not)
    if why_not:
        raise TopologyError(why_not, "plug the cables in, or set thunderbolt_net_over to auto to go over Ethernet")
    return "thunderbolt", list(plan.warnings)


def _falling_back(asked: str, why_not: str) -> List[str]:
    if asked == "ethernet":
        return []
    return ["{0}; the hostfile goes over Ethernet, and the Thunderbolt ports are left alone".format(why_not)]


def _without(warnings: Sequence[str], said_elsewhere: str) -> List[str]:
    return [warning for warning in warnings if warning != said_elsewhere]


def _why_not(plan: FabricPlan) -> str:
    """Why the cables make no ring of all hosts, "" if they do. One host needs no cables."""
    if len(plan.hosts) < 2:
        return ""
    if plan.shape == "none":
        return "no Thunderbolt cable joins two of the hosts"
    if plan.shape == "partial":
        return no_ring([host.host for host in plan.hosts], plan.links).message
    return ""
