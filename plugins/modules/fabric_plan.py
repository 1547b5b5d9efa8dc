#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.fabric_plan; what runs is plugins/action/fabric_plan.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fabric_plan
short_description: Plans the fabric of all hosts out of the cables that they see
version_added: 0.1.0
description:
  - Matches the ends of the cables, orders the hosts into a ring, and gives every cable a network of its own.
  - The networks come from the identities of the two ports, and addresses that are already there and right are kept,
    so that nothing is renumbered when hosts are added or the list is cut.
  - Needs the fact C(boltloom_thunderbolt) of every host; fails naming the hosts that have none.
  - Shows the cables as a picture and the plan as a table. Use it with C(run_once).
options:
  hosts:
    description: The hosts, in the order of the ranks as far as the cables allow. Empty means all hosts of the play.
    type: list
    elements: str
    default: []
  over:
    description:
      - What the ranks shall talk over.
      - V(auto) takes the cables and falls back to Ethernet, with a warning that says why, when they join no ring of all
        hosts. V(thunderbolt) fails instead.
    type: str
    choices: [auto, thunderbolt, ethernet]
    default: auto
  backend:
    description:
      - The backend that the ranks shall use. V(ring) goes over TCP, V(jaccl) by RDMA between every two hosts,
        V(jaccl-ring) by RDMA around a ring.
      - V(auto) takes the best that cables and RDMA allow on these hosts now, V(jaccl) before V(jaccl-ring) before
        V(ring), and says why. The other values are done or refused, never replaced.
      - Empty means that nobody asked. It is V(ring) then, which every program runs over, and RV(reason) tells when the
        hosts offer more.
      - V(auto), V(jaccl) and V(jaccl-ring) need the fact C(boltloom_rdma) of every host, as
        M(boltloom.cluster.rdma_facts) reads it. RDMA is judged by cable, as it will be once the plan's addresses are
        given.
    type: str
    choices: ["", auto, ring, jaccl, jaccl-ring]
    default: ""
  shape:
    description: The fabric that the cables must make; V(auto) takes what is there.
    type: str
    choices: [auto, mesh, ring]
    default: auto
  pool:
    description: The networks of the cables, a /30 each, are cut out of this one.
    type: str
    default: 10.77.0.0/16
  slow_is_error:
    description:
      - Fail where a cable runs slower than both of its ports can do (an old cable at 40 Gb/s between two Thunderbolt 5
        ports, say), instead of only saying so.
    type: bool
    default: false
  show:
    description: Show the picture and the table; where no plan can be made, the picture of the cables above the error.
    type: bool
    default: true
  allow_cutting_ssh:
    description:
      - What to do about a host whose connection to the control machine goes over a Thunderbolt port that the plan
        takes, or over a bridge that such a port is in. V(false) fails, naming the host, the address and the
        interface, and nothing is changed anywhere. V(true) only warns.
    type: bool
    default: false
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.control
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.thunderbolt_facts
  - module: boltloom.cluster.rdma_facts
  - module: boltloom.cluster.thunderbolt_net
  - module: boltloom.cluster.hostfile
"""

EXAMPLES = r"""
- name: Plan the fabric
  boltloom.cluster.fabric_plan:
  register: fabric
  run_once: true

- name: Read the ports and what they can do by RDMA
  boltloom.cluster.rdma_facts:

- name: Plan the best fabric that there can be
  boltloom.cluster.fabric_plan:
    backend: auto
  register: fabric
  run_once: true
"""

RETURN = r"""
plan:
  description: The plan of the whole fabric. The key C(schema) names the version of the form.
  returned: success
  type: dict
over:
  description: What the ranks shall talk over, V(thunderbolt) or V(ethernet).
  returned: success
  type: str
backend:
  description: The backend that was decided on, V(ring), V(jaccl) or V(jaccl-ring).
  returned: success
  type: str
reason:
  description: Why it is this backend, in one sentence.
  returned: success
  type: str
to_change:
  description:
    - The hosts on which the plan has anything to change, or on which an earlier run left something unfinished. The
      others need neither M(boltloom.cluster.thunderbolt_net) nor sudo.
  returned: success
  type: list
  elements: str
picture:
  description: The cables as a picture in text. From 16 hosts on it is grouped, a paragraph for each host.
  returned: also when the cables are seen but no plan can be made over them
  type: str
table:
  description: The plan as a table, one line per link, and at most 256.
  returned: when the plan could be made
  type: str
"""
