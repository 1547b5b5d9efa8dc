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
  - Verifies for each port of the plan that it has a link, that its address is on the interface, that the route to the
    peer leaves by this interface, and that the peer answers over the cable.
  - The peer is asked with a TCP connection that is bound to the port's interface and address, made by the same Python
    that runs the module. A C(ping) would prove too little - it is exempt from the Local Network privacy of macOS,
    and passes firewalls that hold back data. The peer's ssh server greets whoever connects, so bytes really travel.
    A refused connection is an answer as well - the peer's own system sent it.
  - Where the peer listens (M(boltloom.cluster.link_listen)), it also says who it is and at which port it was reached,
    sends bytes back that must be unchanged, and the link is measured.
  - Run on all hosts, it verifies every link from both ends. Needs no privileges and changes nothing.
options:
  plan:
    description:
      - The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it, or what is configured, as
        M(boltloom.cluster.configured_links) returns it.
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
  ends:
    description: Per host the ends that M(boltloom.cluster.link_listen) returned there.
    type: dict
    default: {}
  seconds:
    description: How long each direction of a link is measured, by one of its two ends. V(0) measures the latency only.
    type: float
    default: 0.0
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.link_listen
  - module: boltloom.cluster.link_report
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
  description: One entry per link of this host, those that do not work included.
  returned: always
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
    peer_receptacle:
      description: Number of the Thunderbolt port at the other end, V(0) if the plan does not say.
      type: int
    peer_device:
      description: Its network interface.
      type: str
    address:
      description: Address of this end.
      type: str
    peer_address:
      description: Address of the other end.
      type: str
    works:
      description: Whether the peer answered over this cable.
      type: bool
    evidence:
      description: What the peer answered - who it is, its ssh greeting, V(connected) or V(refused).
      type: str
    problem:
      description: Why the link does not work and what to do, or why it was not measured.
      type: str
    milliseconds:
      description: The median of several round trips; how long the greeting took where the peer does not listen.
      type: float
    send_gbps:
      description: What went through to the peer, in Gb/s. V(0) where the other end measures this link.
      type: float
    receive_gbps:
      description: What came through from the peer.
      type: float
    speed_gbps:
      description: Speed of the cable when it was planned, V(0) if it is not known.
      type: int
"""

from ..module_utils._host import links
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "plan": {"type": "dict", "required": True},
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 22},
    "timeout": {"type": "float", "default": 10.0},
    "ends": {"type": "dict", "default": {}},
    "seconds": {"type": "float", "default": 0.0},
}


def body(params, check_mode):
    """Verify all links; a failure names every link that failed."""
    options = links.CheckOptions(params["port"], params["timeout"], params["seconds"])
    checked = links.check_links(params["plan"], params["host"], options, params["ends"])
    result = {"changed": False, "links": [link.as_dict() for link in checked]}
    failed = links.failures(params["host"], checked)
    return dict(result, failed=True, msg=failed) if failed else result


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
