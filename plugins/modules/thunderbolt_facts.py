#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.thunderbolt_facts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: thunderbolt_facts
short_description: Reads the Thunderbolt ports, cables, bridges and addresses of a host
version_added: 0.1.0
description:
  - Reads which Thunderbolt receptacles a host has, which network interface and network service belongs to each,
    what is plugged in, which bridge holds it and which addresses it carries.
  - Needs no privileges and changes nothing.
  - On macOS it asks C(system_profiler), C(networksetup), C(ifconfig) and C(netstat); on Linux it reads sysfs,
    asks C(ip), and C(nmcli) or the files of systemd-networkd for who configures the ports.
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.facts
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.fabric_plan
  - module: boltloom.cluster.rdma_facts
"""

EXAMPLES = r"""
- name: Look at the cables
  boltloom.cluster.thunderbolt_facts:
"""

RETURN = r"""
thunderbolt:
  description: What was read. The key C(schema) names the version of the form.
  returned: success
  type: dict
  sample:
    schema: 1
    system: macos
    hostname: mac1
    model: Mac15,14
    os_version: "26.3"
    ports: []
ansible_facts:
  description: The same as RV(thunderbolt), as a fact of the host.
  returned: success
  type: dict
  contains:
    boltloom_thunderbolt:
      description: See RV(thunderbolt).
      returned: success
      type: dict
"""

from ..module_utils._fabric import codec
from ..module_utils._host import probe
from ..module_utils._run_module import run_module

ARGUMENT_SPEC: dict = {}


def body(params, check_mode):
    """Read, and give what was read twice: as a result and as a fact."""
    thunderbolt = codec.facts_to_dict(probe.read_facts())
    return {"changed": False, "thunderbolt": thunderbolt, "ansible_facts": {"boltloom_thunderbolt": thunderbolt}}


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
