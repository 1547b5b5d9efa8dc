# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""On which hosts a plan has anything to change. The others need no sudo and no second look."""

from __future__ import annotations

from typing import List, Mapping, Tuple

from .diff import diff_host
from .errors import BoltloomError, TopologyError
from .model import FabricPlan, HostFacts, HostPlan


def hosts_to_change(facts: Mapping[str, HostFacts], plan: FabricPlan) -> Tuple[str, ...]:
    """The hosts that do not look as the plan wants, or on which an earlier run left something unfinished."""
    return tuple(want.host for want in plan.hosts if want.host in facts and _to_change(facts[want.host], want))


def _to_change(facts: HostFacts, want: HostPlan) -> bool:
    try:
        return bool(facts.unfinished or diff_host(facts, want))
    except BoltloomError:
        return True  # the module on the host says what is wrong


def require_possible(facts: Mapping[str, HostFacts], plan: FabricPlan) -> None:
    """What a host's own module would refuse is refused before another host is changed.

    :raises TopologyError: something on a host is in the way. All such hosts are named.
    """
    found: List[str] = []
    hints: List[str] = []
    for want in plan.hosts:
        try:
            if want.host in facts:
                diff_host(facts[want.host], want)
        except BoltloomError as error:
            found.append("{0}: {1}".format(want.host, error.message))
            hints.append(error.hint)
    if found:
        raise TopologyError("; ".join(found), hints[0])
