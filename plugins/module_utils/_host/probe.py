# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Reads a host: which system it is, its Thunderbolt ports, its RDMA devices."""

from __future__ import annotations

import os
import platform
from typing import Dict

from .._fabric import facts as fabric_facts
from .._fabric import rdma as fabric_rdma
from .._fabric.model import HostFacts, RdmaFacts
from . import linux, macos, ours
from .commands import Run
from .commands import run as run_here

MACOS_MARKER = "System/Library/CoreServices/SystemVersion.plist"


def system_of(root: str) -> str:
    """Which system this is: "macos" or "linux"."""
    if platform.system() == "Darwin" or os.path.exists(os.path.join(root, MACOS_MARKER)):
        return "macos"
    return "linux"


def read_facts(run: Run = run_here, root: str = "/") -> HostFacts:
    """Everything about the Thunderbolt ports. :raises HostError, ParseError: a command failed or is not understood."""
    if system_of(root) == "macos":
        facts = fabric_facts.macos_facts(macos.collect(run, root))
    else:
        facts = fabric_facts.linux_facts(linux.collect(run, root))
    return ours.with_ours(facts, run, root)


def read_rdma(run: Run = run_here, root: str = "/") -> RdmaFacts:
    """Whether this host can do RDMA. :raises HostError, ParseError: a command failed or is not understood."""
    facts = read_facts(run, root)
    commands = fabric_rdma.MACOS_RDMA_COMMANDS if system_of(root) == "macos" else fabric_rdma.LINUX_RDMA_COMMANDS
    raw: Dict[str, str] = {}
    for key, argv in commands.items():
        output = run(argv)
        if output.rc != 127:  # a host without RDMA may lack the command, or the command may fail: both say something
            raw[key] = output.stdout
    return fabric_rdma.rdma_facts(raw, facts)
