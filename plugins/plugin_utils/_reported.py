# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What the hosts of the play reported, taken from their variables and turned into typed values."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, TypeVar

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import NotTogether

Noun = TypeVar("Noun")


class NotProbed(BoltloomError):
    """A host of the play has not reported, so nothing may be decided."""


def hosts_of_play(task_vars: Mapping[str, Any], hosts: List[str]) -> List[str]:
    """The hosts that count: those given, else all that the play began with - those that failed since included."""
    return [str(host) for host in hosts or task_vars["ansible_play_hosts_all"]]


def reported(
    task_vars: Mapping[str, Any], hosts: List[str], fact: str, decode: Callable[[Mapping[str, Any]], Noun]
) -> Dict[str, Noun]:
    """host -> its fact, decoded. :raises NotProbed, NotTogether: some host has none."""
    hostvars = task_vars["hostvars"]
    unknown = [host for host in hosts if host not in hostvars]
    if unknown:
        raise NotProbed(
            "{0} is not in the inventory".format(", ".join(unknown)), "correct the name where the hosts are given"
        )
    raw = {host: hostvars[host].get("ansible_facts", {}).get(fact) for host in hosts}
    silent = [host for host in hosts if raw[host] is None]
    if silent:
        raise _not_known(task_vars, silent, fact)
    return {host: _decoded(host, value, decode) for host, value in raw.items()}


def _decoded(host: str, value: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], Noun]) -> Noun:
    try:
        return decode(value)
    except BoltloomError as error:
        raise type(error)("{0}: {1}".format(host, error.message), error.hint) from error


def _not_known(task_vars: Mapping[str, Any], silent: List[str], fact: str) -> BoltloomError:
    """Why hosts have not reported: they failed, or their turn has not come."""
    alive = set(task_vars.get("ansible_play_hosts", ()))
    batch = set(task_vars.get("ansible_play_batch", ()))
    elsewhere = [host for host in silent if host not in task_vars.get("ansible_play_hosts_all", silent)]
    if elsewhere:
        return NotProbed(
            "{0} is not among the hosts of this play".format(", ".join(elsewhere)),
            "add it to 'hosts' of the play, or take it out of thunderbolt_net_hosts",
        )
    later = [host for host in silent if host in alive and host not in batch]
    if later:
        return NotTogether(
            "the play takes its hosts one batch after the other, and {0} is not in this one".format(", ".join(later)),
            "the fabric is planned over all hosts at once: remove 'serial' from the play",
        )
    return NotProbed(
        "nothing is known of {0}".format(", ".join(silent)),
        "it could not be reached or read (see above), or the module that reads {0} did not run".format(fact),
    )


def said_addresses(task_vars: Mapping[str, Any], hosts: List[str]) -> Dict[str, List[str]]:
    """host -> where the inventory says that it is reached, and where its ranks meet."""
    hostvars = task_vars["hostvars"]
    names = ("ansible_host", "ansible_ssh_host", "thunderbolt_net_management_address")
    said = {host: [hostvars[host].get(name) for name in names] for host in hosts if host in hostvars}
    return {host: [str(value) for value in (*values, host) if value] for host, values in said.items()}
