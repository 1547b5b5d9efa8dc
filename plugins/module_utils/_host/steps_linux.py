# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How each kind of step is performed on Linux, and undone. ``ip`` tells the truth in its exit status."""

from __future__ import annotations

from typing import Callable

from .._fabric.model import HostFacts
from .._fabric.steps import Step
from .commands import Run, required

Undo = Callable[[], object]


def release_port(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """Out of the bridge."""
    required(run, ["ip", "link", "set", "dev", step.device, "nomaster"])
    return lambda: required(run, ["ip", "link", "set", "dev", step.device, "master", step.bridge])


def add_address(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """The address, and the interface up. Not kept over a reboot: run the playbook again."""
    address = "{0}/{1}".format(step.address, step.prefix)
    required(run, ["ip", "address", "add", address, "dev", step.device])
    required(run, ["ip", "link", "set", "dev", step.device, "up"])
    return lambda: required(run, ["ip", "address", "delete", address, "dev", step.device])


def remove_address(step: Step, have: HostFacts, run: Run, root: str) -> Undo:
    """An address that the plan does not want there."""
    address = "{0}/{1}".format(step.address, step.prefix)
    required(run, ["ip", "address", "delete", address, "dev", step.device])
    return lambda: required(run, ["ip", "address", "add", address, "dev", step.device])
