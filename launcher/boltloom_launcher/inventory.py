# SPDX-License-Identifier: Apache-2.0
"""Hosts from an Ansible inventory, as ``ansible-inventory`` lists them."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import bare_name

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.ansible.complaint import last_words
from boltloom_launcher.ansible.rendering import inventory_arguments, needs_rendering, rendered
from boltloom_launcher.ansible.ssh_settings import ssh_settings
from boltloom_launcher.errors import UsageError
from boltloom_launcher.inventory_host import VARIABLES, InventoryHost, Said, host_of

_GROUP = "boltloom"
_HOSTFILE_VARIABLE = "thunderbolt_net_hostfile"
_HOSTFILE_NAME = "boltloom-hostfile.json"
_OVER_VARIABLE = "thunderbolt_net_over"
_VARIABLES = (*VARIABLES, _HOSTFILE_VARIABLE, _OVER_VARIABLE)


class Inventory(NamedTuple):
    """The hosts that were asked for, in the inventory's order."""

    hosts: tuple[InventoryHost, ...]
    hostfile: Path  # where boltloom.cluster.configure writes, whether it is there or not
    over: str = ""  # what the collection is told to connect the hosts over

    def find(self, ssh: str) -> InventoryHost | None:
        """The host that a hostfile calls ``ssh``: by its name, or by its address, with or without user and port."""
        wanted = bare_name(ssh)
        by_name = next((host for host in self.hosts if host.name == wanted), None)
        return by_name or next((host for host in self.hosts if host.address == wanted), None)


def read_inventory(paths: Sequence[str], only: Sequence[str] | None = None, limit: str = "") -> Inventory:
    """The hosts of the group ``boltloom``, or all hosts if there is no such group; or just those named.

    :param paths: inventories, which Ansible merges; the first one's folder is where the hostfile lies.
    :param only: names of hosts, groups, or patterns of Ansible.
    :param limit: a pattern that takes hosts away.
    :raises UsageError: an inventory is missing, wrong or empty, or a host is unknown.
    """
    for path in paths:
        if "," not in path and not Path(path).exists():
            raise UsageError(f"inventory {path} does not exist", "give the path of an Ansible inventory")
    with ThreadPoolExecutor(1) as pool:  # each of the two takes a second
        settings = pool.submit(ssh_settings)
        listing = _ask_ansible(paths)
    everybody = _members(listing, "all")
    if limit or only is not None and not set(only) <= set(everybody):
        wanted = only if only is not None else [_GROUP if _GROUP in listing else "all"]
        only = _matching(paths, wanted, limit, everybody)
    return select(listing, paths[0], only, partial(rendered, paths), settings.result())


def _matching(paths: Sequence[str], wanted: Sequence[str], limit: str, everybody: Sequence[str]) -> list[str]:
    """The hosts that Ansible finds for these patterns, each of which has to match somebody."""
    arguments = ["--list-hosts", ",".join(wanted), *(["--limit", limit] if limit else []), *inventory_arguments(paths)]
    answer, complaint, status = _ask("ansible", arguments)
    ignored = re.search(r"Could not match supplied host pattern, ignoring: (\S+)", complaint)
    if ignored:
        raise UsageError(f"unknown host {ignored[1]!r}", f"{paths[0]} has {', '.join(everybody) or 'no hosts'}")
    found = [line.strip() for line in answer.split("\n") if line.startswith("    ")]
    if status != 0 or not found:
        what = f"--limit {limit}" if limit else f"--hosts {','.join(wanted)}"
        raise UsageError(f"{what} leaves no host of {paths[0]}", last_words(complaint) or "see what ansible says to it")
    return found


Render = Callable[[Sequence[str], Sequence[str]], Mapping[str, Mapping[str, Any]]]


def select(
    listing: Mapping[str, Any],
    path: str,
    only: Sequence[str] | None = None,
    render: Render | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Inventory:
    """Pick the hosts out of what ``ansible-inventory --list`` answered. Variables of theirs may have to be rendered.

    :param settings: of Ansible's configuration for ssh; they hold where a host has no variable.
    """
    variables = listing.get("_meta", {}).get("hostvars", {})
    names = _members(listing, _GROUP if _GROUP in listing else "all")
    everybody = _members(listing, "all")
    if only is not None:
        unknown = [name for name in only if name not in everybody]
        if unknown:
            raise UsageError(f"unknown host {unknown[0]!r}", f"{path} has {', '.join(everybody) or 'no hosts'}")
        names = list(only)
    if not names:
        raise UsageError(f"inventory {path} has no hosts", f"list them, best in a group '{_GROUP}'")
    variables = {name: variables.get(name, {}) for name in names}
    raw = [name for name in names if any(needs_rendering(variables[name].get(each)) for each in _VARIABLES)]
    for name, values in (render(raw, _VARIABLES) if raw and render else {}).items():
        variables[name] = {**variables[name], **values}
    hosts = tuple(host_of(Said(path, name, variables[name], settings or {})) for name in names)
    first = variables[names[0]]
    return Inventory(hosts, _hostfile_path(path, first), str(first.get(_OVER_VARIABLE) or ""))


def _members(listing: Mapping[str, Any], group: str) -> list[str]:
    """All hosts of a group and of its children, each once, in order."""
    entry = listing.get(group, {})
    found = list(entry.get("hosts", []))
    for child in entry.get("children", []):
        found += _members(listing, child)
    return list(dict.fromkeys(found))


def _hostfile_path(inventory: str, variables: Mapping[str, Any]) -> Path:
    if "," in inventory:  # a list of hosts
        inventory = os.curdir
    folder = Path(inventory) if Path(inventory).is_dir() else Path(inventory).parent
    return folder / str(variables.get(_HOSTFILE_VARIABLE) or _HOSTFILE_NAME)


def _ask(program: str, arguments: Sequence[str]) -> tuple[str, str, int]:
    from boltloom_launcher.ansible.runner import ask

    with tempfile.TemporaryDirectory(prefix="boltloom-inventory-") as private:
        return ask(program, arguments, Path(private))


def _ask_ansible(paths: Sequence[str]) -> Mapping[str, Any]:
    answer, complaint, status = _ask("ansible-inventory", ["--list", *inventory_arguments(paths)])
    listing = _as_json(answer) if status == 0 else None
    if listing is None:
        raise UsageError(
            f"inventory {', '.join(paths)} cannot be read",
            last_words(complaint) or "see what ansible-inventory --list says about it",
        )
    return listing


def _unmarked(entry: dict[str, Any]) -> Any:
    """The value itself where Ansible marks one that an inventory plugin gave as no template."""
    return entry["__ansible_unsafe"] if entry.keys() == {"__ansible_unsafe"} else entry


def _as_json(text: object) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(str(text), object_hook=_unmarked)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
