# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Runs a module that changes a host in the name of this control machine, so that a second run knows of the first."""

from __future__ import annotations

import getpass
import os
import re
import socket
from typing import Any, Dict, Mapping

from ansible_collections.boltloom.cluster.plugins.plugin_utils._kept_alive import KeptAliveAction

_OWNER = re.compile(r"^(?P<user>.*)@(?P<host>[^@]*), process (?P<process>\d+)$")


class OwnedAction(KeptAliveAction):
    """An action whose module runs on the host. A subclass names the module's spec, and may add arguments."""

    ARGUMENT_SPEC: Dict[str, Any] = {}

    def more(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        """Arguments that only the control machine knows."""
        return {}

    def execute(self, task_vars):
        """Run the module; once more when the run that keeps us out was one of this machine, and has died."""
        arguments = {**self._task.args, **self.more(self._task.args, task_vars or {})}
        arguments["owner"] = arguments.get("owner") or owner()
        outcome = self._execute_module(module_args=arguments, task_vars=task_vars)
        busy = str(outcome.get("busy_owner") or "")
        if busy and has_died(busy):
            arguments["dead_owners"] = [*(arguments.get("dead_owners") or []), busy]
            outcome = self._execute_module(module_args=arguments, task_vars=task_vars)
        return outcome


def owner() -> str:
    """This run, in words: "ada@laptop, process 4711". The worker that runs an action is a child of Ansible itself."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "uid {0}".format(os.getuid())
    return "{0}@{1}, process {2}".format(user, socket.gethostname(), os.getppid())


def has_died(words: str) -> bool:
    """Whether an owner was a process of this machine that is no more. Of another machine nobody here knows."""
    found = _OWNER.match(words)
    if not found or found.group("host") != socket.gethostname():
        return False
    try:
        os.kill(int(found.group("process")), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False
