# SPDX-License-Identifier: Apache-2.0
"""What the launcher takes out of ``ansible-inventory --list``; Ansible itself runs in tests/launcher."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from boltloom_launcher.ansible.rendering import read_answers
from boltloom_launcher.errors import UsageError
from boltloom_launcher.hosts import HostSettings
from boltloom_launcher.inventory import select
from boltloom_launcher.inventory_host import InventoryHost


def listing(hostvars: dict[str, dict[str, Any]], **groups: Any) -> dict[str, Any]:
    everybody = {"hosts": list(hostvars)} if not groups else {"children": list(groups)}
    return {"_meta": {"hostvars": hostvars}, "all": everybody, **groups}


def test_every_variable_that_reaches_a_host() -> None:
    variables = {
        "ansible_host": "10.0.0.5",
        "ansible_user": "admin",
        "ansible_port": 2222,
        "ansible_python_interpreter": "/opt/homebrew/bin/python3",
        "ansible_ssh_private_key_file": "/keys/id",
        "ansible_ssh_common_args": "-o 'ProxyCommand=ssh -W %h:%p gate'",
    }
    (host,) = select(listing({"mac1": variables}), "inv.yml").hosts
    assert host == InventoryHost(
        name="mac1",
        address="10.0.0.5",
        user="admin",
        port=2222,
        python="/opt/homebrew/bin/python3",
        key_file="/keys/id",
        ssh_args=("-o", "ProxyCommand=ssh -W %h:%p gate"),
    )


CONFIGURED = {
    "remote_user": "admin",
    "port": 2222,
    "private_key_file": "/keys/id",
    "ssh_args": "-o ServerAliveInterval=9",
    "ssh_common_args": "-J gate",
    "timeout": 33,
    "host_key_checking": False,
}


def test_settings_of_ansible_hold_where_a_host_has_no_variable() -> None:
    own = {"ansible_ssh_user": "me", "ansible_port": 22, "ansible_ssh_common_args": "-4", "ansible_ssh_args": "-6"}
    own |= {"ansible_host_key_checking": True, "ansible_ssh_timeout": 5}
    mac1, mac2 = select(listing({"mac1": {}, "mac2": own}), "inv.yml", settings=CONFIGURED).hosts
    assert (mac1.user, mac1.port, mac1.key_file) == ("admin", 2222, "/keys/id")
    assert mac1.first_ssh_args == ("-o", "ServerAliveInterval=9", "-o", "StrictHostKeyChecking=no")
    assert mac1.ssh_args == ("-o", "ConnectTimeout=33", "-J", "gate")
    assert (mac2.user, mac2.port, mac2.key_file) == ("me", 22, "/keys/id")
    assert mac2.first_ssh_args == ("-6",)
    assert mac2.ssh_args == ("-o", "ConnectTimeout=5", "-4")


def test_a_bare_name_is_its_own_address_and_auto_is_no_interpreter() -> None:
    (host,) = select(listing({"mac1": {"ansible_python_interpreter": "auto_silent"}}), "inv.yml").hosts
    assert host == InventoryHost(name="mac1", address="mac1")


def test_what_holds_for_the_ranks_of_a_host() -> None:
    env = {"A": "b c", "N": 7, "X": 0.5, "YES": True}
    variables = {"boltloom_python": "/opt/py", "boltloom_cwd": "/data", "boltloom_env": env, "boltloom_slots": "3"}
    mac1, mac2 = select(listing({"mac1": variables, "mac2": {}}), "inv.yml").hosts
    assert mac1.settings == HostSettings("/opt/py", "/data", (("A", "b c"), ("N", "7"), ("X", "0.5"), ("YES", "true")))
    assert (mac1.slots, mac2.slots, mac2.settings) == (3, 1, HostSettings())


def test_a_local_connection_needs_no_ssh() -> None:
    hosts = select(listing({"a": {"ansible_connection": "local"}, "b": {"ansible_host": "127.0.0.1"}}), "x").hosts
    assert [host.local for host in hosts] == [True, True]
    (behind_port,) = select(listing({"b": {"ansible_host": "127.0.0.1", "ansible_port": 2222}}), "x").hosts
    assert not behind_port.local


def test_the_group_boltloom_is_taken_with_its_children_in_order() -> None:
    groups = {
        "boltloom": {"hosts": ["mac3"], "children": ["desk"]},
        "desk": {"hosts": ["mac1", "mac3"]},
        "other": {"hosts": ["printer"]},
    }
    everything = listing({name: {} for name in ("mac1", "mac3", "printer")}, **groups)
    assert [host.name for host in select(everything, "inv.yml").hosts] == ["mac3", "mac1"]


def test_a_hostfile_entry_is_found_by_name_or_address() -> None:
    inventory = select(listing({"mac1": {"ansible_host": "10.0.0.5"}}), "inv.yml")
    assert all(inventory.find(ssh) is inventory.hosts[0] for ssh in ("mac1", "admin@10.0.0.5", "ssh://me@mac1:22"))
    assert inventory.find("mac2") is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "/etc/rack/boltloom-hostfile.json"),
        ({"thunderbolt_net_hostfile": "fabric.json"}, "/etc/rack/fabric.json"),
        ({"thunderbolt_net_hostfile": "/tmp/f.json"}, "/tmp/f.json"),
    ],
)
def test_where_the_hostfile_is_expected(variables: dict[str, str], expected: str) -> None:
    assert select(listing({"mac1": variables}), "/etc/rack/inv.yml").hostfile == Path(expected)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ansible_port": "ssh"}, "inv.yml: ansible_port of mac1 is 'ssh': write a number"),
        ({"boltloom_slots": 0}, "inv.yml: boltloom_slots of mac1 is 0: write a number of ranks from 1 to 4096"),
        ({"boltloom_slots": "x"}, "inv.yml: boltloom_slots of mac1 is 'x': write a number"),
        ({"boltloom_cwd": "data"}, "inv.yml: boltloom_cwd of mac1 is 'data': write a path from the root on"),
        (
            {"boltloom_python": "python3"},
            "inv.yml: boltloom_python of mac1 is 'python3': write a path from the root on",
        ),
        ({"boltloom_env": ["A=b"]}, "inv.yml: boltloom_env of mac1 is \"['A=b']\": write names and values, as in"),
        ({"boltloom_env": {"a b": 1}}, "inv.yml: boltloom_env of mac1 has 'a b', which names no variable: write NAME"),
        ({"boltloom_env": {"A": None}}, "inv.yml: boltloom_env of mac1 has A, whose value is no text: put the value"),
        (
            {"ansible_ssh_common_args": "-o 'ProxyJump=gate"},
            "inv.yml: ansible_ssh_common_args of mac1 cannot be read (No closing quotation): close its quotes",
        ),
        (
            {"ansible_connection": "ansible.builtin.winrm"},
            "inv.yml: mac1 is reached by the connection 'winrm', which launches nothing: use ssh or local",
        ),
    ],
)
def test_what_cannot_be_used_is_named(variables: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(listing({"mac1": variables}), "inv.yml")
    assert caught.value.one_line().startswith(words)


def test_what_is_no_plain_value_is_rendered_for_those_hosts_alone() -> None:
    asked: list[tuple[str, ...]] = []

    def render(hosts: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
        asked.append(tuple(hosts))
        assert "ansible_host" in names
        return {host: {"ansible_host": f"{host}.local", "ansible_port": 2222} for host in hosts}

    variables = {
        "mac1": {"ansible_host": "{{ inventory_hostname }}.local", "ansible_user": "me"},
        "mac2": {"ansible_host": "10.0.0.2", "other": "{{ not ours }}"},
        "mac3": {"ansible_user": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256"}},
        "mac5": {"boltloom_env": {"A": "{{ inventory_hostname }}"}},
        "mac4": {"ansible_host": "{{ nobody asked for this host }}"},
    }
    found = select(listing(variables), "inv.yml", ["mac1", "mac2", "mac3", "mac5"], render).hosts
    assert [(host.address, host.port, host.user) for host in found[:2]] == [
        ("mac1.local", 2222, "me"),
        ("10.0.0.2", None, ""),
    ]
    assert asked == [("mac1", "mac3", "mac5")]


def test_answers_of_ansible_are_found_among_whatever_else_it_prints() -> None:
    text = (
        'a warning\n\x1b[0;32mmac1 | SUCCESS => {\x1b[0m\n    "changed": false,\n    "msg": {"a": "} | b"}\n}\n'
        'host two | FAILED! => {"msg": "no"}\nmac3 | SUCCESS => {broken\nmac4 | UNREACHABLE! => {}\n'
    )
    assert read_answers(text) == {
        "mac1": ("SUCCESS", {"changed": False, "msg": {"a": "} | b"}}),
        "host two": ("FAILED!", {"msg": "no"}),
    }
