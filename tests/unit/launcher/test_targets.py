# SPDX-License-Identifier: Apache-2.0
"""Which hosts a playbook is for; that Ansible reads it so is shown in tests/launcher/test_config.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from boltloom_launcher.ansible.targets import targets
from boltloom_launcher.errors import UsageError


def test_names_become_an_inventory_of_their_own(tmp_path: Path) -> None:
    names = ["mac2", "me@mac1", "127.0.0.1", "ssh://you@mac3:2222", "ssh://[fd00::4]"]
    argv = targets([], names).arguments(tmp_path)
    assert argv == ["-i", str(tmp_path / "inventory.json")]
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    mac3 = {"ansible_user": "you", "ansible_port": 2222}
    assert json.loads((tmp_path / "inventory.json").read_text()) == {
        "boltloom": {
            "hosts": {"mac2": {}, "mac1": {"ansible_user": "me"}, "127.0.0.1": here, "mac3": mac3, "fd00::4": {}}
        }
    }


def test_inventories_are_handed_on_with_what_limits_them(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    path = str(tmp_path / "a")
    assert targets([path, "x,y"], []).arguments(tmp_path) == ["-i", path, "-i", "x,y"]
    assert targets([path], [], "rack1:!x").arguments(tmp_path) == ["-i", path, "--limit", "rack1:!x"]
    assert targets([path], ["me@b", "c"]).arguments(tmp_path) == ["-i", path, "--limit", "b,c"]
    assert targets([path], [], "rack1").arguments(tmp_path, ["b", "c"])[-1] == "rack1,!b,!c"
    assert targets([], ["a", "b"]).arguments(tmp_path, ["b"])[-2:] == ["--limit", "all,!b"]


@pytest.mark.parametrize(
    "name",
    [
        "mac[1:3]",
        "{{ lookup('pipe', 'id') }}",
        "a b",
        "-oProxyCommand=x",
        "!mac1",
        "",
        "a@b@c",
        "~mac.*",
        "a;b",
        "ssh://a,b",
    ],
)
def test_what_ansible_would_read_as_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a host"):
        targets([], [name])


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(UsageError, match="mac1 is named more than once"):
        targets([], ["mac1", "me@mac1"])
    with pytest.raises(UsageError, match="inventory /no/such does not exist"):
        targets(["/no/such"], [])
    with pytest.raises(UsageError, match="both say which hosts"):
        targets(["a,b"], ["a"], "b")
