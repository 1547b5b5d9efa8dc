# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What the hosts of the play reported, taken from their variables and turned into typed values."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, TypeVar

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError

Noun = TypeVar("Noun")


class NotProbed(BoltloomError):
    """A host of the play has not reported, so nothing may be decided."""


def hosts_of_play(task_vars: Mapping[str, Any], hosts: List[str]) -> List[str]:
    """The hosts that count: those given, else all that the play began with - those that failed since included."""
    return [str(host) for host in hosts or task_vars["ansible_play_hosts_all"]]


def reported(
    task_vars: Mapping[str, Any], hosts: List[str], fact: str, decode: Callable[[Mapping[str, Any]], Noun]
) -> Dict[str, Noun]:
    """host -> its fact, decoded. :raises NotProbed: some host has none."""
    hostvars = task_vars["hostvars"]
    raw = {host: hostvars[host].get("ansible_facts", {}).get(fact) for host in hosts if host in hostvars}
    silent = [host for host in hosts if raw.get(host) is None]
    if silent:
        raise NotProbed(
            "nothing is known of {0}".format(", ".join(silent)),
            "it could not be reached or read (see above), or the module that reads {0} did not run".format(fact),
        )
    return {host: decode(value) for host, value in raw.items()}


def said_addresses(task_vars: Mapping[str, Any], hosts: List[str]) -> Dict[str, str]:
    """host -> where the inventory says that it is reached."""
    hostvars = task_vars["hostvars"]
    names = ("ansible_host", "ansible_ssh_host")
    said = {host: [hostvars[host].get(name) for name in names] for host in hosts if host in hostvars}
    return {host: str(next((value for value in values if value), host)) for host, values in said.items()}
