# SPDX-License-Identifier: Apache-2.0
"""The settings that Ansible gets from us, so that nobody has to know them.

They come in as environment variables, which win over an ``ansible.cfg``; so only what must be ours is set, and what
a user's configuration may well decide (interpreters, host keys, his own options for ssh) is left alone.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import errors as collection_errors

from boltloom_launcher.errors import UsageError

FORKS = 32  # Ansible starts no more than there are hosts
_USUAL_COLLECTIONS = "~/.ansible/collections:/usr/share/ansible/collections"  # inventory plugins of others
# Of the connections that hosts share. What the user says stands in front of it, and ssh takes the first that it meets.
_SHARED = (
    ("ControlMaster", "auto"),
    ("ControlPersist", "60s"),
    ("ServerAliveInterval", "5"),  # a host that is switched off is noticed within a quarter of a minute
    ("ServerAliveCountMax", "3"),
)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What is added to the environment ``given`` for every program of Ansible."""
    others = given.get("ANSIBLE_COLLECTIONS_PATH") or _USUAL_COLLECTIONS
    return {
        # Our own copy of the collection first: one under the user's home may be of another version, and would win.
        "ANSIBLE_COLLECTIONS_PATH": f"{_own_collections()}:{others}",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_NOCOLOR": "true",
        **_utf8(given),
    }


def play_environment(given: Mapping[str, str], sockets: Path, own_inventory: bool = False) -> dict[str, str]:
    """The same for a playbook, whose connections to a host share a socket in the folder ``sockets``.

    An ``own_inventory`` is one that we wrote: Ansible need not try which of its plugins can read it.
    """
    return {
        **environment(given),
        **({"ANSIBLE_INVENTORY_ENABLED": "ansible.builtin.yaml"} if own_inventory else {}),
        "ANSIBLE_FORKS": str(FORKS),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_SSH_EXTRA_ARGS": " ".join(f"-o {name}={value}" for name, value in _SHARED),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_RETRY_FILES_ENABLED": "false",
    }


def executable(name: str) -> str:
    """The command that was installed together with us; in a virtual environment it need not be on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise UsageError(f"there is no {name} on this computer", "install ansible-core, or give --hosts or --hostfile")
    return found


def _own_collections() -> str:
    return str(Path(collection_errors.__file__).parents[6])


def _utf8(given: Mapping[str, str]) -> dict[str, str]:
    """Ansible refuses to run with a locale that is not UTF-8, as cron and many ssh logins have it."""
    in_force = next((given[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if given.get(name)), "")
    if in_force.lower().replace("-", "").endswith("utf8"):
        return {}
    return {"LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"}


def here(environ: Mapping[str, str] = os.environ) -> str:
    """The directory from which Ansible is started: the user's own, with his ansible.cfg."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return environ.get("HOME", "/")  # somebody removed the directory that we are in
