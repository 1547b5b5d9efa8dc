# SPDX-License-Identifier: Apache-2.0
"""What Ansible's own configuration says of ssh: an ``ansible.cfg``, or variables of the environment."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boltloom_launcher.ansible.complaint import last_words
from boltloom_launcher.ansible.settings import here
from boltloom_launcher.errors import UsageError

_SETTINGS = (
    *("remote_user", "remote_port", "private_key_file", "ssh_args", "ssh_common_args", "ssh_extra_args"),
    *("timeout", "host_key_checking"),
)
_LINE = re.compile(rf"^\s*(?:{'|'.join(_SETTINGS)})\s*[=:]", re.MULTILINE)
_VARIABLE = re.compile(rf"ANSIBLE_(?:SSH_)?(?:{'|'.join(_SETTINGS).upper()})")


def ssh_settings() -> Mapping[str, Any]:
    """What differs from Ansible's defaults, by the names of the options of its connection ``ssh``.

    Its defaults are left out: they make a connection that is shared, and ours is not.

    :raises UsageError: Ansible cannot read its configuration.
    """
    if not _may_say_something(os.environ):
        return {}
    from boltloom_launcher.ansible.runner import ask

    arguments = ["dump", "-t", "connection", "ssh", "--only-changed", "--format", "json"]
    with tempfile.TemporaryDirectory(prefix="boltloom-inventory-") as private:
        answer, complaint, status = ask("ansible-config", arguments, Path(private))
    settings = read_settings(answer) if status == 0 else None
    if settings is None:
        why = last_words(complaint) or "see what ansible-config dump says about it"
        raise UsageError("Ansible's configuration cannot be read", why)
    return settings


def read_settings(answer: str) -> Mapping[str, Any] | None:
    """Out of what ``ansible-config dump`` printed; None if it is nothing of that kind."""
    try:
        plugins = json.loads(answer)
        return {entry["name"]: entry["value"] for plugin in plugins for entry in plugin.get("ssh", ())}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _may_say_something(environ: Mapping[str, str]) -> bool:
    """Asking Ansible takes a second, and most configurations say nothing of ssh."""
    if any(_VARIABLE.fullmatch(name) for name in environ):
        return True
    given = environ.get("ANSIBLE_CONFIG", "")
    usual = (os.path.join(here(environ), "ansible.cfg"), "~/.ansible.cfg", "/etc/ansible/ansible.cfg")
    return any(_mentions(os.path.expanduser(path)) for path in (given, os.path.join(given, "ansible.cfg"), *usual))


def _mentions(path: str) -> bool:
    try:
        return bool(_LINE.search(Path(path).read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False
