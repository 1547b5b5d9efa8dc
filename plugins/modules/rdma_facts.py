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
  - Judges the hardware first, then the version of the system, then the switch C(rdma_ctl), then the devices and their
    links, so that nobody is sent to Recovery for hardware that can never do RDMA.
  - Needs no privileges and changes nothing.
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
"""

RETURN = r"""
rdma:
  description: What was read, and the verdict. The key C(schema) names the version of the form.
  returned: success
  type: dict
  sample:
    schema: 1
    switch: enabled
    devices: []
    verdict: no-link
    reason: no port has an active RDMA link
ansible_facts:
  description: The same as RV(rdma), as a fact of the host.
  returned: success
  type: dict
  contains:
    boltloom_rdma:
      description: See RV(rdma).
      returned: success
      type: dict
"""

from ..module_utils._fabric import codec
from ..module_utils._host import probe
from ..module_utils._run_module import run_module

ARGUMENT_SPEC: dict = {}


def body(params, check_mode):
    """Read, and give what was read twice: as a result and as a fact."""
    rdma = codec.rdma_to_dict(probe.read_rdma())
    return {"changed": False, "rdma": rdma, "ansible_facts": {"boltloom_rdma": rdma}}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
