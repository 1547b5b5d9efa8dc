#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.hostfile; what runs is plugins/action/hostfile.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hostfile
short_description: Writes the hostfile of a fabric on the control machine
version_added: 0.1.0
description:
  - Writes what C(boltloom launch) and C(mlx.launch) read - the hosts in rank order and the addresses of their links.
  - The file is replaced in one instant, and only when its content would differ.
options:
  path:
    description: The file on the control machine.
    type: path
    required: true
  plan:
    description: The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it.
    type: dict
    required: true
  over:
    description: Which addresses the ranks use, those of the cables or the management addresses.
    type: str
    choices: [thunderbolt, ethernet]
    default: thunderbolt
  backend:
    description:
      - The backend that the file is for.
      - For V(jaccl) and V(jaccl-ring) the facts C(boltloom_thunderbolt) and C(boltloom_rdma) of every host are needed,
        as M(boltloom.cluster.rdma_facts) reads them; only cables that are ready for RDMA, and devices that exist, are
        written. The index of each address in the device's table stands under the key C(boltloom) of the file.
    type: str
    choices: [ring, jaccl, jaccl-ring]
    default: ring
  reason:
    description: Why it is this backend, as M(boltloom.cluster.fabric_plan) says it; kept in the file under C(boltloom).
    type: str
    default: ""
  addressed:
    description:
      - Whether the hosts have the addresses of the plan by now. When they do not, as in check mode, cables are taken
        for V(jaccl) and V(jaccl-ring) that will be ready once they have them.
    type: bool
    default: true
  management:
    description:
      - Management address per host. For hosts that are not in it, or whose address is empty, the one network that all
        hosts share is looked for in the fact C(boltloom_thunderbolt).
    type: dict
    default: {}
  envs:
    description:
      - Variables that every rank gets, each as C(NAME=VALUE), or a dictionary of them.
    type: raw
    default: []
  replace:
    description:
      - Replace the file even by one that is worse - fewer hosts of the inventory, Ethernet instead of the cables, a
        ring instead of RDMA - and also when it is no hostfile.
      - Otherwise a file of more hosts is kept when the play has a part of its hosts only, which C(--limit) does, and
        any other step down fails with the cable that is missing.
    type: bool
    default: false
  asked_over:
    description: What the user asked the ranks to talk over. V(ethernet) allows to replace a file that uses the cables.
    type: str
    default: auto
  asked_backend:
    description: The backend that the user asked for. It may replace one that is faster.
    type: str
    default: auto
  decide:
    description: Only make all decisions and refusals, and write and show nothing. For a task before the first change.
    type: bool
    default: false
  show:
    description: Show in one line what was written.
    type: bool
    default: true
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.control
  - boltloom.cluster.attributes.diff
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.fabric_plan
"""

EXAMPLES = r"""
- name: Write the hostfile
  boltloom.cluster.hostfile:
    path: boltloom-hostfile.json
    plan: "{{ fabric.plan }}"
    over: "{{ fabric.over }}"
    backend: "{{ fabric.backend }}"
    reason: "{{ fabric.reason }}"
  run_once: true
"""

RETURN = r"""
path:
  description: The file, as an absolute path.
  returned: success
  type: str
kept:
  description: Why the file that was there stays though its content would differ, empty if it does not.
  returned: success
  type: str
content:
  description: The text of the file.
  returned: success
  type: str
"""
