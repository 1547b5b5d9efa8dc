# SPDX-License-Identifier: Apache-2.0
"""A hostfile's ranks as the hosts of an inventory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import Reached, inventory_hosts
from hypothesis import given
from hypothesis import strategies as st

CONTRACTS = Path(__file__).resolve().parents[5] / "contracts/hostfiles/good"


def hosts_of(*hosts, backend="", boltloom=None):
    data = {"backend": backend, "hosts": list(hosts), "boltloom": boltloom or {}}
    return inventory_hosts(hostfile.parse(json.dumps(data), "f.json"), "f.json")


def cable(one, two):
    return {"rail": 0, "ends": [{"host": "a", "address": one}, {"host": "b", "address": two}]}


@pytest.mark.parametrize(
    "ssh, meant",
    [
        ("mac1", Reached("mac1")),
        ("me@mac1.local", Reached("mac1.local", "me")),
        ("me@corp@mac1", Reached("mac1", "me@corp")),
        ("fe80::1%en0", Reached("fe80::1%en0")),
        ("ssh://mac1", Reached("mac1")),
        ("ssh://me@mac1:2222", Reached("mac1", "me", 2222)),
        ("ssh://me@[2001:db8::1]:22/", Reached("2001:db8::1", "me", 22)),
    ],
)
def test_what_an_ssh_name_says(ssh, meant):
    assert [host.reached for host in hosts_of({"ssh": ssh})] == [meant]


@pytest.mark.parametrize(
    "ssh", ["ssh://", "ssh://mac1:99999", "ssh://mac1:port", "ssh://a/b", "{{lookup('pipe','id')}}"]
)
def test_an_ssh_name_that_is_none_is_named_with_its_place(ssh):
    with pytest.raises(HostfileError, match=r"^f\.json: hosts\[1\]\.ssh is "):
        hosts_of({"ssh": "mac1"}, {"ssh": ssh})


def test_a_host_with_several_ranks_appears_once():
    two = {"ssh": "linux1", "ips": ["192.168.64.1"]}
    found = hosts_of(two, {"ssh": "linux2"}, two)
    assert [(host.name, host.ranks) for host in found] == [("linux1", (0, 2)), ("linux2", (1,))]


def test_hosts_are_called_what_their_inventory_called_them():
    found = hosts_of({"ssh": "me@10.0.0.1"}, {"ssh": "me@10.0.0.2"}, boltloom={"hosts": ["studio1", "studio2"]})
    assert [(host.name, host.reached.host) for host in found] == [("studio1", "10.0.0.1"), ("studio2", "10.0.0.2")]


@pytest.mark.parametrize("known", [None, "ab", ["a"], ["a", 1], ["a", "b c"], ["-a", "b"], ["a", "{{b}}"]])
def test_names_that_are_not_usable_are_not_used(known):
    assert [host.name for host in hosts_of({"ssh": "m1"}, {"ssh": "m2"}, boltloom={"hosts": known})] == ["m1", "m2"]


def test_two_users_on_one_host_are_two_hosts_of_the_inventory():
    assert [host.name for host in hosts_of({"ssh": "ann@m1"}, {"ssh": "bob@m1"})] == ["m1", "bob@m1"]
    assert [host.name for host in hosts_of({"ssh": "a"}, {"ssh": "b"}, boltloom={"hosts": ["x", "x"]})] == ["x", "b"]


@pytest.mark.parametrize("name, local", [("localhost", True), ("127.0.0.1", True), ("::1", True), ("mac1", False)])
def test_this_computer_is_told_from_others(name, local):
    assert [host.local for host in hosts_of({"ssh": name})] == [local]


@pytest.mark.parametrize(
    "host, backend, boltloom, management",
    [
        ({"ssh": "m", "ips": ["10.77.0.1"]}, "ring", {}, ""),  # a cable's, or not: nobody knows
        ({"ssh": "m", "ips": ["10.77.0.1"]}, "ring", {"cables": [cable("10.77.0.1", "10.77.0.2")]}, ""),
        ({"ssh": "m", "ips": ["192.168.1.5"]}, "ring", {"cables": [cable("10.77.0.1", "10.77.0.2")]}, "192.168.1.5"),
        ({"ssh": "m", "ips": ["192.168.1.5"]}, "jaccl", {}, "192.168.1.5"),
        ({"ssh": "me@192.168.1.7", "ips": ["10.77.0.1"]}, "ring", {}, "192.168.1.7"),
        ({"ssh": "10.77.0.1", "ips": []}, "ring", {"cables": [cable("10.77.0.1", "10.77.0.2")]}, ""),
        ({"ssh": "m", "ips": ["fe80::1%en0"]}, "jaccl", {}, ""),
        ({"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}, "jaccl", {}, ""),
        (
            {"ssh": "m", "ips": ["192.168.1.5"]},
            "jaccl",
            {"cables": [None, {"ends": 7}, {"ends": [1, {}]}]},
            "192.168.1.5",
        ),
    ],
)
def test_the_management_address_is_never_that_of_a_cable(host, backend, boltloom, management):
    assert [found.management for found in hosts_of(host, backend=backend, boltloom=boltloom)] == [management]


@pytest.mark.parametrize("path", sorted(CONTRACTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_good_hostfile_is_an_inventory(path):
    parsed = hostfile.parse(json.dumps(json.loads(path.read_text())["hostfile"]), path.name)
    found = inventory_hosts(parsed, path.name)
    assert sorted(rank for host in found for rank in host.ranks) == list(range(len(parsed.hosts)))
    assert len({host.name for host in found}) == len(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ends", "address", "x"]), inner),
    max_leaves=8,
)


@given(
    names=st.lists(st.text(max_size=12), max_size=4), ours=st.dictionaries(st.sampled_from(["hosts", "cables"]), JSON)
)
def test_whatever_our_key_holds_there_are_hosts_or_one_line(names, ours):
    try:
        found = hosts_of(*({"ssh": name} for name in names), boltloom=ours)
    except HostfileError as error:
        assert "f.json" in error.one_line() and "\n" not in error.one_line()
    else:
        assert len({host.name for host in found}) == len(found) == len(set(names))
