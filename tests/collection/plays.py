# SPDX-License-Identifier: Apache-2.0
"""Plays tasks with the real ansible-playbook on this computer and gives back what each of them returned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def task(action: str, register: str = "", /, **arguments: Any) -> dict[str, Any]:
    """A task of our collection whose failure does not end the play; its result is kept as ``register``."""
    name = register or action
    return {"name": name, f"boltloom.cluster.{action}": arguments, "register": name, "ignore_errors": True}


def play(
    folder: Path,
    tasks: list[dict[str, Any]],
    *,
    before: list[dict[str, Any]] | None = None,
    hosts: dict[str, Any] | None = None,
    variables: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
    interpreter: str = sys.executable,
) -> tuple[dict[str, Any], str]:
    """Each registered result by name, and what the user saw.

    ``tasks`` run once; those of ``before`` on every host. ``hosts`` are inventory names with their variables, all of
    them reached without ssh; without any it is localhost. ``defaults`` are the play's module_defaults.
    """
    results = folder / "results.json"
    names = [entry["register"] for entry in tasks]
    content = "{{ dict(names | zip(names | map('extract', vars))) | to_json }}"
    copy = {"content": content, "dest": str(results), "mode": "0600"}
    save = {"name": "save", "ansible.builtin.copy": copy, "vars": {"names": names}}
    once = [{**entry, "run_once": True} for entry in (*tasks, save)]
    steps = [*(before or []), *once]
    settings = {"vars": variables or {}, "module_defaults": defaults or {}}
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, **settings, "tasks": steps}]))
    local = {"ansible_connection": "local", "ansible_python_interpreter": interpreter}
    inventory = {"all": {"hosts": hosts or {"localhost": None}, "vars": local}}
    (folder / "inventory.json").write_text(json.dumps(inventory))
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", folder / "inventory.json", folder / "play.json"],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
    return json.loads(results.read_text()), done.stdout
