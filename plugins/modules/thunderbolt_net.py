#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.thunderbolt_net."""

from __future__ import annotations

DOCUMENTATION = r"""
module: thunderbolt_net
short_description: Makes the Thunderbolt ports of a host look as the fabric's plan wants
version_added: 0.1.0
description:
  - Takes the planned ports out of the Thunderbolt Bridge, for now and for the next boot, and gives each its own
    address.
  - Touches only ports that the plan names, and bridges only as far as they hold such ports.
    It never changes the network location, another service or the default route.
  - Reads the host, compares it with the plan, applies the difference and reads again to see that nothing is left to do.
    When a step fails, what was done before is undone in reverse order.
  - Needs root when there is something to change.
  - On macOS the settings survive a reboot. On Linux they last until the next boot.
options:
  plan:
    description: The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it.
    type: dict
    required: true
  host:
    description: Which host of the plan this is; usually V({{ inventory_hostname }}).
    type: str
    required: true
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.diff
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.fabric_plan
  - module: boltloom.cluster.link_check
"""

EXAMPLES = r"""
- name: Give every cable its own network
  boltloom.cluster.thunderbolt_net:
    plan: "{{ fabric.plan }}"
    host: "{{ inventory_hostname }}"
  become: true
"""

RETURN = r"""
steps:
  description: What was done (in check mode what would be done), one sentence per step.
  returned: success
  type: list
  elements: str
  sample:
    - take en2 out of bridge0
"""

from ..module_utils._host import configure
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "plan": {"type": "dict", "required": True},
    "host": {"type": "str", "required": True},
}


def body(params, check_mode):
    """Compare, and apply unless in check mode."""
    outcome = configure.configure(params["plan"], params["host"], check_mode)
    return {
        "changed": bool(outcome.steps),
        "steps": list(outcome.steps),
        "diff": {"before": outcome.before, "after": outcome.after},
    }


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
