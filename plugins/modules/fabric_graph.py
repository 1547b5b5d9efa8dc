#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action boltloom.cluster.fabric_graph; what runs is plugins/action/fabric_graph.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fabric_graph
short_description: Draws the cables between the hosts into a file on the control machine
version_added: 0.1.0
description:
  - Draws every host and every cable with the interfaces at both ends and the speed.
  - Cables that are missing (configured before and gone, or lacking to a full mesh), seen from one end only, without a
    link or slower than both ports can do are red.
  - Needs the fact C(boltloom_thunderbolt) of every host, and no plan, so that it can show why there is none. Use it
    with C(run_once).
  - C(dot) has the nodes, edges and labels that C(mlx.distributed_config --dot) prints.
options:
  path:
    description: Where the drawing is written, on the control machine. Replaced in one instant.
    type: path
    required: true
  format:
    description:
      - What is drawn. V(auto) goes by the end of O(path) - C(.txt), C(.dot), C(.gv), C(.svg), C(.png) or C(.json).
      - V(svg) and V(png) need Graphviz on the control machine.
      - V(json) is for programs; its schema is C(contracts/graph/schema.json) in the source repository.
    type: str
    choices: [auto, text, dot, svg, png, json]
    default: auto
  hosts:
    description: The hosts, in the order in which they are drawn. Empty means all hosts of the play.
    type: list
    elements: str
    default: []
  pool:
    description: The networks of the cables, as in M(boltloom.cluster.fabric_plan).
    type: str
    default: 10.77.0.0/16
  show:
    description: Say in one line what was written.
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
  - module: boltloom.cluster.thunderbolt_facts
  - module: boltloom.cluster.fabric_plan
"""

EXAMPLES = r"""
- name: Draw the cables
  boltloom.cluster.fabric_graph:
    path: cables.svg
  run_once: true
"""

RETURN = r"""
path:
  description: Where the drawing is.
  returned: success
  type: str
graph:
  description: The graph as it is written with O(format=json).
  returned: success
  type: dict
"""
