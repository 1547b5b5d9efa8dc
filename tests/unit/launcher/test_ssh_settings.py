# SPDX-License-Identifier: Apache-2.0
"""What Ansible's configuration says of ssh; Ansible itself is asked in tests/launcher."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from boltloom_launcher.ansible import ssh_settings


def test_the_plugin_ssh_is_found_among_what_was_printed() -> None:
    answer = [{"ssh": [{"name": "remote_user", "origin": "x", "value": "me"}]}, {"GALAXY_SERVERS": {}}]
    assert ssh_settings.read_settings(json.dumps(answer)) == {"remote_user": "me"}
    assert ssh_settings.read_settings("[]") == {}
    assert all(ssh_settings.read_settings(text) is None for text in ("", "{", "7", '[{"ssh": [{}]}]', '["x"]'))


@pytest.mark.parametrize(
    ("content", "environ", "asked"),
    [
        ("[defaults]\nforks = 16\n#remote_user = me\n[connection]\npipelining = true\n", {}, False),
        ("[defaults]\nremote_user = me\n", {}, True),
        ("[ssh_connection]\n  ssh_args: -C\n", {}, True),
        ("", {"ANSIBLE_SSH_ARGS": "-4"}, True),
        ("", {"ANSIBLE_TIMEOUT": "4"}, True),
        ("", {"ANSIBLE_FORKS": "4"}, False),
    ],
)
def test_ansible_is_asked_only_where_it_may_have_an_answer(
    content: str, environ: dict[str, str], asked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ansible.cfg").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert ssh_settings._may_say_something(environ) == asked
    monkeypatch.chdir("/")
    assert ssh_settings._may_say_something({"ANSIBLE_CONFIG": str(tmp_path)}) == (asked and not environ)
