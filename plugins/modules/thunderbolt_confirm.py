# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.thunderbolt_confirm."""

from __future__ import annotations

DOCUMENTATION = r"""
module: thunderbolt_confirm
short_description: Says that a change of the Thunderbolt ports may stay
version_added: 0.1.0
description:
  - Ends the waiting of a host whose ports M(boltloom.cluster.thunderbolt_net) changed with
    O(boltloom.cluster.thunderbolt_net#module:confirm_within). Without it the host takes the change back.
  - What was there before the first change stays on the host, for M(boltloom.cluster.thunderbolt_restore).
  - Never reports a change. Fails when it comes too late, that is, when the host has taken the change back.
options:
  run:
    description:
      - What the change returned as RV(boltloom.cluster.thunderbolt_net#module:run).
      - When empty, there is nothing to confirm and nothing is done.
    type: str
    default: ""
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.owned
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.thunderbolt_net
  - module: boltloom.cluster.thunderbolt_restore
"""

EXAMPLES = r"""
- name: It works, so it may stay
  boltloom.cluster.thunderbolt_confirm:
    run: "{{ applied.run }}"
  become: true
"""

RETURN = r"""
confirmed:
  description: Whether there was a change to confirm.
  returned: success
  type: bool
"""

from ..module_utils._host import confirm
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "run": {"type": "str", "default": ""},
    "owner": {"type": "str", "default": ""},
    "dead_owners": {"type": "list", "elements": "str", "default": []},
}


def body(params, check_mode):
    """Confirm, unless there is nothing to confirm."""
    wanted = bool(params["run"]) and not check_mode
    return {"changed": False, "confirmed": wanted and confirm.confirm(params["run"], owner=params["owner"])}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
