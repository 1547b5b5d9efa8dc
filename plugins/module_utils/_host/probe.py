# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Reads a host: which system it is, its Thunderbolt ports."""

from __future__ import annotations

from .._fabric import facts as fabric_facts
from .._fabric.model import HostFacts
from . import linux, macos, ours
from .commands import Run
from .commands import run as run_here
from .system import system_of


def read_facts(run: Run = run_here, root: str = "/") -> HostFacts:
    """Everything about the Thunderbolt ports. :raises HostError, ParseError: a command failed or is not understood."""
    if system_of(root) == "macos":
        facts = fabric_facts.macos_facts(macos.collect(run, root))
    else:
        facts = fabric_facts.linux_facts(linux.collect(run, root))
    return ours.with_ours(facts, run, root)
