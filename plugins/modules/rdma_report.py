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
  - Shows one line per host. Needs the fact C(boltloom_rdma) of every host. Use it with C(run_once).
options:
  hosts:
    description: The hosts. Empty means all hosts of the play.
    type: list
    elements: str
    default: []
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
"""

RETURN = r"""
lines:
  description: The lines that were shown.
  returned: always
  type: list
  elements: str
verdicts:
  description: The verdict of each host - V(ready), V(no-link), V(needs-recovery), V(os-too-old) or V(not-capable).
  returned: always
  type: dict
"""
