#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.become_check; what runs is plugins/action/become_check.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: become_check
short_description: Becomes root once, and says in one line why that does not work
version_added: 0.1.0
description:
  - Meant to stand before the first task that changes something, in a play with C(any_errors_fatal=true), so that one
    host without working sudo is found before another one is changed.
  - Needs no Python on the host and changes nothing. Set C(become=true) on the task.
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
"""

EXAMPLES = r"""
- name: See that sudo works
  boltloom.cluster.become_check:
  become: true
"""

RETURN = r"""
"""
