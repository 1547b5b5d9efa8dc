#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.rdma_facts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rdma_facts
short_description: Says whether a host can do RDMA over Thunderbolt, and why not if it cannot
version_added: 0.1.0
description:
  - Judges the hardware first, then the version of the system, then the switch C(rdma_ctl), then the devices and the
    ports that cables lead from, so that nobody is sent to Recovery for hardware that can never do RDMA.
  - A Linux host is asked through C(/sys/class/infiniband); only devices on its Thunderbolt interfaces count.
  - A command that fails, hangs or says something unknown is a verdict of its own, never an error of the task.
  - Reads the Thunderbolt ports too, as M(boltloom.cluster.thunderbolt_facts) does, so that one run tells both.
  - Needs no privileges and changes nothing.
options:
  plan:
    description: The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it, to wait for its addresses.
    type: dict
    default: {}
  host:
    description: Name of this host in the plan.
    type: str
    default: ""
  timeout:
    description:
      - Seconds to wait until every Thunderbolt 5 port of O(host) in O(plan) is active and its table holds the planned
        address. The table follows the addresses of the interface a moment later.
      - When they are over, what there is then is reported.
    type: float
    default: 0
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.facts
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.thunderbolt_facts
  - module: boltloom.cluster.rdma_report
"""

EXAMPLES = r"""
- name: Ask whether RDMA is ready
  boltloom.cluster.rdma_facts:

- name: Ask again once the cables have their addresses
  boltloom.cluster.rdma_facts:
    plan: "{{ fabric.plan }}"
    host: "{{ inventory_hostname }}"
    timeout: 10
"""

RETURN = r"""
rdma:
  description:
    - What was read, and the verdict. The key C(schema) names the version of the form.
    - C(switch) is what C(rdma_ctl) says (C(enabled), C(disabled), C(absent) or C(failed)); C(devices) has name,
      interface (C(device)), verbs port, state, node GUID, queue pairs and the table of GIDs with their indices;
      C(problems) are the words of commands that failed.
    - C(verdict) is as in RV(boltloom.cluster.rdma_report#module:verdicts), judged without knowing the other hosts.
  returned: success
  type: dict
  sample:
    schema: 1
    switch: enabled
    devices:
      - name: rdma_en3
        port: 1
        active: true
        gids:
          - {index: 0, address: "fe80::3400:ff:fe0b:80"}
          - {index: 1, address: "::ffff:10.77.8.5"}
        state: PORT_ACTIVE
        device: en3
        guid: 000b0b0b0b0bac05
        max_qp: 11
    verdict: ready
    reason: "active: rdma_en3"
    problems: []
ansible_facts:
  description: The same as RV(rdma), and the Thunderbolt ports, as facts of the host.
  returned: success
  type: dict
  contains:
    boltloom_rdma:
      description: See RV(rdma).
      returned: success
      type: dict
    boltloom_thunderbolt:
      description: See RV(boltloom.cluster.thunderbolt_facts#module:thunderbolt).
      returned: success
      type: dict
"""

from ..module_utils._fabric import codec
from ..module_utils._host import rdma
from ..module_utils._run_module import run_module

ARGUMENT_SPEC: dict = {
    "plan": {"type": "dict", "default": {}},
    "host": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 0},
}


def body(params, check_mode):
    """Read, and give what was read twice: as a result and as a fact."""
    facts, found = rdma.ask(params["plan"], params["host"], params["timeout"])
    said = codec.rdma_to_dict(found)
    known = {"boltloom_rdma": said, "boltloom_thunderbolt": codec.facts_to_dict(facts)}
    return {"changed": False, "rdma": said, "ansible_facts": known}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
