# SPDX-License-Identifier: Apache-2.0
"""What we set for Ansible, and what we leave to the user's own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import errors
from boltloom_launcher.ansible.private import private_folder, sockets
from boltloom_launcher.ansible.settings import environment, play_environment

OWN = Path(errors.__file__).parents[6]


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "C.utf8", "LANG": "C"}, False),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "", "LC_CTYPE": "UTF-8"}, False),
        ({}, True),
    ],
)
def test_a_locale_is_given_where_there_is_none_in_utf8(given: dict[str, str], added: bool) -> None:
    assert ("LC_ALL" in environment(given)) == added


def test_our_own_collection_comes_first_and_those_of_others_are_still_found() -> None:
    assert environment({})["ANSIBLE_COLLECTIONS_PATH"].split(":")[:2] == [str(OWN), "~/.ansible/collections"]
    assert environment({"ANSIBLE_COLLECTIONS_PATH": "/mine"})["ANSIBLE_COLLECTIONS_PATH"] == f"{OWN}:/mine"


def test_the_user_s_options_for_ssh_interpreters_and_host_keys_are_left_alone() -> None:
    ours = play_environment({}, Path("/tmp/x/s"))
    assert not {"ANSIBLE_SSH_ARGS", "ANSIBLE_SSH_COMMON_ARGS", "ANSIBLE_PYTHON_INTERPRETER"} & set(ours)
    assert "ANSIBLE_HOST_KEY_CHECKING" not in ours
    assert "StrictHostKeyChecking" not in ours["ANSIBLE_SSH_EXTRA_ARGS"]
    assert "ControlPersist=60s" in ours["ANSIBLE_SSH_EXTRA_ARGS"] and "ServerAlive" in ours["ANSIBLE_SSH_EXTRA_ARGS"]


def test_the_sockets_fit_where_a_path_may_have_104_letters_and_are_gone_afterwards() -> None:
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(str(sockets(folder) / ("x" * 10 + "." + "y" * 16))) < 104
        (sockets(folder) / "0123456789").write_text("a socket that nobody listens at")
    assert not folder.exists()


def test_only_an_inventory_of_ours_decides_which_plugin_reads_it() -> None:
    name = "ANSIBLE_INVENTORY_ENABLED"
    assert name not in play_environment({}, Path("/tmp/x/s"))
    assert play_environment({}, Path("/tmp/x/s"), own_inventory=True)[name] == "ansible.builtin.yaml"
