# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The part of a plan that is about one host. Apart from all else, so that a module that needs no more sends no more."""

from __future__ import annotations

from typing import Any, Mapping

from . import codec
from .errors import TopologyError
from .model import HostPlan


def host_plan(plan: Mapping[str, Any], host: str) -> HostPlan:
    """The part of the plan that is about one host. :raises TopologyError: the plan does not know it."""
    for candidate in codec.plan_from_dict(plan).hosts:
        if candidate.host == host:
            return candidate
    raise TopologyError("the plan does not know the host {0}".format(host), "plan again with this host")
