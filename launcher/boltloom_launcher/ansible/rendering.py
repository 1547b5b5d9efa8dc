# SPDX-License-Identifier: Apache-2.0
"""Variables of an inventory that are templates, or lie in a vault: Ansible itself renders them."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from boltloom_launcher.ansible.complaint import last_words
from boltloom_launcher.errors import UsageError

_ANSWER = re.compile(r"^(\S.*?) \| (SUCCESS|FAILED!) => (?=\{)", re.MULTILINE)


def needs_rendering(value: object) -> bool:
    """``ansible-inventory`` gives this value as it stands in the file."""
    if isinstance(value, dict):
        return "__ansible_vault" in value or any(needs_rendering(each) for each in value.values())
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def inventory_arguments(paths: Sequence[str]) -> list[str]:
    """The options that name these inventories from any folder."""
    return [word for path in paths for word in ("-i", path if "," in path else os.path.abspath(path))]


def rendered(inventories: Sequence[str], hosts: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """These variables of these hosts, "" where there is none.

    :raises UsageError: one cannot be rendered.
    """
    from boltloom_launcher.ansible.runner import ask

    message = {name: "{{ hostvars[inventory_hostname]['" + name + "'] | default('') }}" for name in names}
    arguments = [*inventory_arguments(inventories), "-m", "ansible.builtin.debug", "-a", json.dumps({"msg": message})]
    with tempfile.TemporaryDirectory(prefix="boltloom-inventory-") as private:
        answer, complaint, _ = ask("ansible", [*arguments, ",".join(hosts)], Path(private))
    answers = read_answers(answer)
    for host in hosts:
        status, content = answers.get(host, ("", {}))
        if status != "SUCCESS" or not isinstance(content.get("msg"), dict):
            why = str(content.get("msg", "")).strip() or last_words(complaint)
            raise UsageError(
                f"{inventories[0]}: the variables of {host} cannot be rendered", why or "see what ansible says about it"
            )
    return {host: dict(answers[host][1]["msg"]) for host in hosts}


def read_answers(text: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """What ``ansible`` printed for each host: "SUCCESS" or "FAILED!", and the result of the module."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    answers: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for found in _ANSWER.finditer(text):
        try:
            content, _ = json.JSONDecoder().raw_decode(text, found.end())
        except ValueError:
            continue
        if isinstance(content, dict):
            answers[found[1]] = (found[2], content)
    return answers
