# SPDX-License-Identifier: Apache-2.0
"""How a host is reached is written as ssh takes it."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import bare_name
from ansible_collections.boltloom.cluster.plugins.plugin_utils import _reach


@pytest.mark.parametrize(
    ("variables", "ssh"),
    [
        ({}, "mac1"),
        ({"ansible_host": "10.0.0.1"}, "10.0.0.1"),
        ({"ansible_ssh_host": "10.0.0.1", "ansible_ssh_user": "me"}, "me@10.0.0.1"),
        ({"ansible_user": "me", "ansible_ssh_user": "you"}, "me@mac1"),
        ({"ansible_port": 22}, "mac1"),
        ({"ansible_port": "2222", "ansible_user": "me"}, "ssh://me@mac1:2222"),
        ({"ansible_ssh_port": 2222}, "ssh://mac1:2222"),
        ({"ansible_host": "fe80::1", "ansible_port": 2222}, "ssh://[fe80::1]:2222"),
        ({"ansible_user": "", "ansible_host": None}, "mac1"),
        ({"ansible_user": "no", "ansible_facts": {"boltloom_reach": {"ssh": "me@here"}}}, "me@here"),
    ],
)
def test_what_the_inventory_says_is_what_ssh_is_called_with(variables, ssh):
    assert _reach.ssh_name("mac1", variables) == ssh


@pytest.mark.parametrize("port", [0, 22, 2222])
@pytest.mark.parametrize("user", ["", "me"])
@pytest.mark.parametrize("address", ["mac1", "10.0.0.1", "fe80::1"])
def test_the_host_can_be_read_back(address, user, port):
    assert bare_name(_reach.destination(address, user, port)) == address


@pytest.mark.parametrize(
    ("value", "address"), [(None, ""), ("", ""), (" 10.0.0.1 ", "10.0.0.1"), ("fd00::1", "fd00::1")]
)
def test_a_management_address_is_an_address_or_nothing(value, address):
    assert _reach.management_address("mac1", value) == address


@pytest.mark.parametrize("value", ["studio", 10, "10.0.0.1/24", "10.0.0", True])
def test_anything_else_is_one_line_with_the_host(value):
    with pytest.raises(AddressError, match="thunderbolt_net_management_address of mac1 is"):
        _reach.management_address("mac1", value)
