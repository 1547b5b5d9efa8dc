#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.reach_facts; what runs is plugins/action/reach_facts.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reach_facts
short_description: Notes how a host is reached, for the hostfile
version_added: 0.1.0
description:
  - Notes user, address and port as the connection of this very task has them, wherever they were said - inventory,
    play, role, C(ansible.cfg), environment or command line. M(boltloom.cluster.hostfile) writes them for the launcher.
  - Nothing is sent to the host.
options:
  management_address:
    description: Address of this host for ssh and rendezvous; empty to let M(boltloom.cluster.hostfile) find one.
    type: str
    default: ""
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.control
  - boltloom.cluster.attributes.facts
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.hostfile
"""

EXAMPLES = r"""
- name: Note how each host is reached
  boltloom.cluster.reach_facts:
"""

RETURN = r"""
reach:
  description: How the host is reached.
  returned: success
  type: dict
  contains:
    ssh:
      description: What ssh is called with - HOST, USER@HOST, or ssh://USER@HOST:PORT.
      type: str
    management_address:
      description: The given address, empty for none.
      type: str
ansible_facts:
  description: The same as RV(reach), as a fact of the host.
  returned: success
  type: dict
  contains:
    boltloom_reach:
      description: See RV(reach).
      returned: success
      type: dict
"""
