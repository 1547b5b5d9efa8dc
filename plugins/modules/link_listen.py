#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.link_listen."""

from __future__ import annotations

DOCUMENTATION = r"""
module: link_listen
short_description: Lets a host answer at its ends of the links while they are measured
version_added: 0.1.0
description:
  - Listens at the address of each cable of the plan, on a free port, by a process of its own.
  - Who calls with the token that the module returns learns which host and port answers, gets bytes back, and can
    measure the link; this is what M(boltloom.cluster.link_check) does.
  - The process ends when every end was measured, and in any case after O(seconds). It holds no connection of Ansible
    and listens on no other interface.
options:
  plan:
    description: The plan whose links are measured.
    type: dict
    required: true
  host:
    description: Which host of the plan this is; usually V({{ inventory_hostname }}).
    type: str
    required: true
  seconds:
    description: Seconds after which it ends in any case.
    type: float
    default: 60.0
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.link_check
"""

EXAMPLES = r"""
- name: Answer at this end of every link
  boltloom.cluster.link_listen:
    plan: "{{ fabric.plan }}"
    host: "{{ inventory_hostname }}"
"""

RETURN = r"""
ends:
  description: One entry per link of this host.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: Where this end listens.
      type: str
    port:
      description: The TCP port; V(0) where it does not listen.
      type: int
    token:
      description: What a caller must say, new each time.
      type: str
    problem:
      description: Why it does not listen.
      type: str
"""

from ..module_utils._host import link_ends
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "plan": {"type": "dict", "required": True},
    "host": {"type": "str", "required": True},
    "seconds": {"type": "float", "default": 60.0},
}


def body(params, check_mode):
    """Listen, and say where."""
    return {"changed": False, "ends": link_ends.answer_for(params["plan"], params["host"], params["seconds"])}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
