#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.link_check."""

from __future__ import annotations

DOCUMENTATION = r"""
module: link_check
short_description: Verifies the links of a host from its own end
version_added: 0.1.0
description:
  - Verifies for each planned port that its address is on the interface, that the route to the peer leaves by this
    interface, and that the peer answers over the cable.
  - The peer is asked with a TCP connection that is bound to the port's interface and address, made by the same Python
    that runs the module. A C(ping) would prove too little - it is exempt from the Local Network privacy of macOS,
    and passes firewalls that hold back data. The peer's ssh server greets whoever connects, so bytes really travel and
    nothing has to be started at the other end.
    A refused connection is an answer as well - the peer's own system sent it.
  - Run on all hosts, it verifies every link from both ends.
options:
  plan:
    description: The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it.
    type: dict
    required: true
  host:
    description: Which host of the plan this is; usually V({{ inventory_hostname }}).
    type: str
    required: true
  port:
    description: TCP port that is tried at the peer.
    type: int
    default: 22
  timeout:
    description: Seconds that a link may take to answer. A port that has just got its address needs a moment.
    type: float
    default: 10.0
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.thunderbolt_net
"""

EXAMPLES = r"""
- name: Verify every link from both ends
  boltloom.cluster.link_check:
    plan: "{{ fabric.plan }}"
    host: "{{ inventory_hostname }}"
"""

RETURN = r"""
links:
  description: One entry per link of this host.
  returned: success
  type: list
  elements: dict
  contains:
    receptacle:
      description: Number of the Thunderbolt port.
      type: int
    device:
      description: Its network interface.
      type: str
    peer:
      description: Host at the other end.
      type: str
    peer_address:
      description: Its address on this cable.
      type: str
    evidence:
      description: What the peer answered - its ssh greeting, V(connected) or V(refused).
      type: str
    milliseconds:
      description: How long the answer took.
      type: float
"""

from ..module_utils._host import links
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "plan": {"type": "dict", "required": True},
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 22},
    "timeout": {"type": "float", "default": 10.0},
}


def body(params, check_mode):
    """Verify all links; a failure names every link that failed."""
    checked = links.check_links(params["plan"], params["host"], params["port"], params["timeout"])
    return {"changed": False, "links": [link.as_dict() for link in checked]}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
