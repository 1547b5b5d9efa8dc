#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.link_report; what runs is plugins/action/link_report.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: link_report
short_description: Says of every link whether it works, from what both of its ends found
version_added: 0.1.0
description:
  - Joins what M(boltloom.cluster.link_check) returned on all hosts into one line per link, with latency and throughput.
  - Fails when a link does not work, and names each with both ends. A link that carries less than 1 Gb/s is a warning.
options:
  results:
    description: Per host the registered result of M(boltloom.cluster.link_check).
    type: dict
    required: true
  lost:
    description: The links whose cable is gone, as M(boltloom.cluster.configured_links) returns them.
    type: list
    elements: dict
    default: []
  slow_is_error:
    description: Fail when a link carries less than 1 Gb/s, instead of only saying so.
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
  - module: boltloom.cluster.link_check
  - module: boltloom.cluster.configured_links
"""

EXAMPLES = r"""
- name: Say which links work, after link_check with "register" checked and "failed_when" false
  boltloom.cluster.link_report:
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'checked'))) }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: One line per link.
  returned: always
  type: list
  elements: str
dead:
  description: Each link that does not work, with both ends and what to do.
  returned: always
  type: list
  elements: str
slow:
  description: Each link that carries less than 1 Gb/s.
  returned: always
  type: list
  elements: str
"""
