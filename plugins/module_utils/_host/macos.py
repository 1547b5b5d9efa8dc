# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Runs the commands of macOS whose outputs ``_fabric`` turns into facts."""

from __future__ import annotations

import os
from typing import Dict, Union

from .._fabric import facts as fabric_facts
from .commands import Run, required

PROFILER_TIMEOUT = 60.0  # system_profiler takes a second, and several right after boot


def collect(run: Run, root: str) -> Dict[str, Union[str, bytes]]:
    """The raw outputs by the keys of ``_fabric.facts``. :raises HostError: a command failed."""
    raw: Dict[str, Union[str, bytes]] = {}
    for key, argv in fabric_facts.MACOS_COMMANDS.items():
        raw[key] = required(run, argv, PROFILER_TIMEOUT).stdout
    preferences = preferences_path(root)
    if os.access(preferences, os.R_OK):
        with open(preferences, "rb") as file:
            raw[fabric_facts.MACOS_PREFERENCES_KEY] = file.read()
    for service in fabric_facts.services_to_ask(raw):
        output = run(fabric_facts.MACOS_GETINFO + (service,))
        if output.rc == 0:  # else the service went away since it was listed
            raw[fabric_facts.GETINFO_PREFIX + service] = output.stdout
    return raw


def preferences_path(root: str) -> str:
    """Where macOS keeps what networksetup writes."""
    return os.path.join(root, fabric_facts.MACOS_PREFERENCES_FILE.lstrip("/"))
