#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.rdma_report; what runs is plugins/action/rdma_report.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rdma_report
short_description: Shows for every host whether RDMA is ready, and why not if it is not
version_added: 0.1.0
description:
  - Shows one line per host and one per cable. Needs the facts C(boltloom_rdma) and C(boltloom_thunderbolt) of every
    host; M(boltloom.cluster.rdma_facts) reads both. Use it with C(run_once).
  - A host is V(ready) when each of its cables to the other hosts is - both ends list the device, both ports are
    active, the link has the speed of Thunderbolt 5, and both tables hold the addresses of the plan. Without a plan
    every cable that is found is judged, and any IPv4 address will do.
options:
  hosts:
    description: The hosts. Empty means all hosts of the play, or those of the plan.
    type: list
    elements: str
    default: []
  plan:
    description: The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it.
    type: dict
    default: {}
  backend:
    description:
      - Fail when the cables that are ready do not make what this backend needs, V(jaccl) or V(jaccl-ring). Cables that
        it can do without are named in a warning.
    type: str
    choices: ["", ring, jaccl, jaccl-ring]
    default: ""
  required:
    description: Fail when a host is not ready.
    type: bool
    default: false
  show:
    description: Show the lines.
    type: bool
    default: true
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.control
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.rdma_facts
"""

EXAMPLES = r"""
- name: Report the verdicts
  boltloom.cluster.rdma_report:
  run_once: true

- name: See that every cable of the plan is ready for jaccl
  boltloom.cluster.rdma_report:
    plan: "{{ fabric.plan }}"
    backend: "{{ fabric.backend }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: The lines that were shown.
  returned: always
  type: list
  elements: str
verdicts:
  description:
    - The verdict of each host. V(ready); V(not-capable), the hardware cannot do it; V(os-too-old); V(needs-recovery),
      to be enabled in Recovery; V(not-understood), a command failed or said something unknown; V(no-link), no cable
      or the host at the other end is not enabled; V(port-down), cabled, enabled and still down; V(wrong-address), the
      table of a port lacks the address of its cable; V(slow-cable), not the speed of Thunderbolt 5.
  returned: always
  type: dict
cables:
  description: The cables, each with its verdict, a sentence, and device and GID index of both ends.
  returned: always
  type: list
  elements: dict
"""
