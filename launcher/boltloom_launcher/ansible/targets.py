# SPDX-License-Identifier: Apache-2.0
"""Which hosts a playbook is for: the user's inventories, or one that we write out of names."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import Reached, reached

from boltloom_launcher.errors import UsageError

_GROUP = "boltloom"
_LOCAL = ("127.0.0.1", "localhost", "::1")
_THIS_COMPUTER = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
# What is read as a pattern, a range or a template by Ansible is no name of a host here.
_NAME = re.compile(r"(?:(?P<user>[\w.+~-]+)@)?(?P<host>\w[\w.:%-]*)")


@dataclass(frozen=True)
class Targets:
    """What stands behind -i and --limit."""

    inventories: tuple[str, ...] = ()  # of the user
    names: tuple[str, ...] = ()  # ssh names, where there is no inventory; or the hosts of the inventories that count
    limit: str = ""

    def arguments(self, private: Path, without: Sequence[str] = ()) -> list[str]:
        """The options of ansible-playbook; an inventory of ours is written into the folder ``private``."""
        given = list(self.inventories) or [_write(self.names, private)]
        limit = self.limit
        if self.inventories and self.names:
            limit = ",".join(bare_name(name) for name in self.names)
        if without:
            limit = ",".join([limit or "all", *(f"!{host}" for host in without)])
        return [word for path in given for word in ("-i", path)] + (["--limit", limit] if limit else [])


def targets(inventories: Sequence[str], names: Sequence[str], limit: str = "") -> Targets:
    """Check what the command line says. :raises UsageError: it names what is not there or cannot be."""
    for path in inventories:
        if "," not in path and not Path(path).exists():
            raise UsageError(f"inventory {path} does not exist", "give the path of an Ansible inventory")
    if inventories and names and limit:
        raise UsageError("--limit and --hosts or --hostfile both say which hosts of the inventory", "give one of them")
    for name, count in Counter(bare_name(name) for name in names).items():
        if count > 1:
            raise UsageError(f"{name} is named more than once", "write each host once")
    return Targets(tuple(inventories), tuple(names), limit)


def bare_name(ssh: str) -> str:
    """The host in ``user@host``, or in ``ssh://user@host:port``. :raises UsageError: it is no name."""
    return _split(ssh).host


def _split(ssh: str) -> Reached:
    how = reached(ssh, "a host") if ssh.startswith("ssh://") else None
    plain = ssh if how is None else f"{how.user}@{how.host}" if how.user else how.host
    match = _NAME.fullmatch(plain)
    if match is None:
        raise UsageError(f"{ssh!r} is not the name of a host", "write a name, an address, user@host or ssh://...")
    return how or Reached(match["host"], match["user"] or "")


def _write(names: Sequence[str], private: Path) -> str:
    hosts: dict[str, dict[str, Any]] = {}
    for name in names:
        how = _split(name)
        said = {"ansible_user": how.user, "ansible_port": how.port}
        own = {variable: value for variable, value in said.items() if value}
        hosts[how.host] = _THIS_COMPUTER if how.host in _LOCAL and not how.port else own
    path = private / "inventory.json"
    path.write_text(json.dumps({_GROUP: {"hosts": hosts}}), encoding="utf-8")
    return str(path)
