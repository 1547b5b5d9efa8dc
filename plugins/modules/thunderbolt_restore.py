# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.thunderbolt_restore."""

from __future__ import annotations

DOCUMENTATION = r"""
module: thunderbolt_restore
short_description: Brings back what a host was before its Thunderbolt ports were configured
version_added: 0.1.0
description:
  - Before M(boltloom.cluster.thunderbolt_net) changes anything for the first time, it keeps what is there on the host.
    This brings it back - the bridge now and in the preferences, the network services, their state and order, and the
    addresses that were taken off - and removes what is ours.
  - Works also after a reboot, and when the run that made the change has died. A second time there is nothing to do.
  - Everything is read again and compared before it is said to be restored. What could not be brought back is named,
    and stays on the host for the next attempt.
  - Needs root when there is something to bring back.
options:
  scope:
    description:
      - V(all) brings back what was there before the first change of all.
      - V(unconfirmed) only takes back a change that was not confirmed, because it died or because another host failed.
    type: str
    choices: [all, unconfirmed]
    default: all
  reached_at:
    description:
      - The addresses at which the host is reached. It is refused to take apart what carries one of them.
      - When empty, the address that M(boltloom.cluster.thunderbolt_facts) saw, and what the inventory says.
    type: list
    elements: str
    default: []
  allow_cutting_ssh:
    description: Restore even if that takes apart what carries the connection to this host.
    type: bool
    default: false
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.diff
  - boltloom.cluster.attributes.owned
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.thunderbolt_net
"""

EXAMPLES = r"""
- name: As it was before
  boltloom.cluster.thunderbolt_restore:
  become: true
"""

RETURN = r"""
steps:
  description: What was brought back (in check mode what would be), one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - bring back the running bridge bridge0
run:
  description: Always empty.
  returned: success
  type: str
busy_owner:
  description: Who is at work on this host.
  returned: when another run is
  type: str
"""

from ..module_utils._host import configure, restore
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "scope": {"type": "str", "choices": ["all", "unconfirmed"], "default": "all"},
    "reached_at": {"type": "list", "elements": "str", "default": []},
    "allow_cutting_ssh": {"type": "bool", "default": False},
    "owner": {"type": "str", "default": ""},
    "dead_owners": {"type": "list", "elements": "str", "default": []},
}


def body(params, check_mode):
    """Compare, and bring back unless in check mode."""
    reach = restore.Reach(tuple(params["reached_at"]), params["allow_cutting_ssh"])
    terms = configure.terms_of(params)
    return restore.restore(params["scope"] == "all", check_mode, terms=terms, reach=reach).as_result()


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
