# SPDX-License-Identifier: Apache-2.0
"""What the launcher takes out of ``ansible-inventory --list``; Ansible itself runs in tests/launcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boltloom_launcher.errors import UsageError
from boltloom_launcher.inventory import InventoryHost, select


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


def test_a_bare_name_is_its_own_address_and_auto_is_no_interpreter() -> None:
    (host,) = select(listing({"mac1": {"ansible_python_interpreter": "auto_silent"}}), "inv.yml").hosts
    assert host == InventoryHost(name="mac1", address="mac1")


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
        ({"thunderbolt_net_hostfile": "{{ x }}/f.json"}, "/etc/rack/boltloom-hostfile.json"),
    ],
)
def test_where_the_hostfile_is_expected(variables: dict[str, str], expected: str) -> None:
    assert select(listing({"mac1": variables}), "/etc/rack/inv.yml").hostfile == Path(expected)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ansible_port": "ssh"}, "inv.yml: ansible_port of mac1 is 'ssh': write a number"),
        ({"ansible_host": "{{ ip }}"}, "inv.yml: ansible_host of mac1 is a template: "),
    ],
)
def test_what_cannot_be_used_is_named(variables: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(listing({"mac1": variables}), "inv.yml")
    assert caught.value.one_line().startswith(words)
