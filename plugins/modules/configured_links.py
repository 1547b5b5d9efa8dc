#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.configured_links; what runs is plugins/action/configured_links.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: configured_links
short_description: Says which links the hosts are configured for, whatever is cabled at this moment
version_added: 0.1.0
description:
  - Takes what the hosts keep of how they were configured last; of a host that keeps nothing, the two ends of a /30 that
    its ports and those of another host have persistently.
  - A fresh plan knows only the cables that are there. This knows those that should be, and says which of them are gone.
options:
  hosts:
    description:
      - Hosts that count, which M(boltloom.cluster.thunderbolt_facts) has read. All hosts of the play if empty.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.control
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.link_check
"""

EXAMPLES = r"""
- name: Find out which links should work
  boltloom.cluster.configured_links:
  register: configured
  run_once: true
"""

RETURN = r"""
plan:
  description: The links that are configured, in the form of a plan.
  returned: success
  type: dict
lost:
  description: The links whose cable is not where it was.
  returned: success
  type: list
  elements: dict
  contains:
    ends:
      description: Both ends, each as a list of host and address.
      type: list
      elements: list
    words:
      description: Both ends in words, what became of the cable, and what to do.
      type: str
"""
