# SPDX-License-Identifier: Apache-2.0
"""A hostfile is never replaced by a worse one in silence."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile, ranks, replacing
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host, Hostfile
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.replacing import Asked

from .racks import full_mesh, names, rack

ALL = Asked(known=names(4))


def made(count=4, over="thunderbolt", backend="ring"):
    """A hostfile as configure writes it for a mesh, read back."""
    hosts = names(count)
    plan = make_plan(rack(hosts, full_mesh(count)), PlanOptions())
    management = {host: f"192.168.64.{10 + number}" for number, host in enumerate(hosts)}
    fresh = ranks.hostfile_from_plan(plan, management, {hosts[0]: f"me@{hosts[0]}"}, "ring", over)
    fresh = Hostfile(fresh.hosts, backend, (), fresh.boltloom)
    return hostfile.parse(hostfile.dump(fresh), "f")


def step_down(old, new, asked=ALL):
    replacing.refuse_step_down("f.json", old, new, asked, lambda: ["no link on Thunderbolt 2 of mac1"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (made(), made()),
        (made(over="ethernet"), made()),
        (made(over="ethernet"), made(over="ethernet")),
        (made(3), made(4)),
        (made(backend="ring"), made(backend="jaccl")),
        (made(), made(1)),  # kept, not refused
    ],
    ids=["the same", "better", "no worse", "a host more", "rdma", "one host"],
)
def test_what_is_no_step_down_may_be_written(old, new):
    known = Asked(known=replacing.host_names(new))
    step_down(old, new, known)
    assert replacing.kept_words("f.json", old, new, known) == ""


def test_ethernet_does_not_take_the_place_of_the_cables():
    with pytest.raises(HostfileError) as caught:
        step_down(made(), made(over="ethernet"))
    assert caught.value.one_line() == (
        "f.json is over Thunderbolt and would go over Ethernet, and is left as it is: "
        "no link on Thunderbolt 2 of mac1: mend that and run again, "
        "or replace the file with -e thunderbolt_net_replace_hostfile=true"
    )
    step_down(made(), made(over="ethernet"), Asked(over="ethernet", known=names(4)))


@pytest.mark.parametrize(("old", "new"), [("jaccl", "ring"), ("jaccl", "jaccl-ring"), ("jaccl-ring", "ring")])
def test_a_ring_does_not_take_the_place_of_rdma(old, new):
    with pytest.raises(HostfileError, match=f"is for {old} and would be for {new}"):
        step_down(made(backend=old), made(backend=new))
    step_down(made(backend=old), made(backend=new), Asked(backend=new, known=names(4)))


def test_a_part_of_the_hosts_leaves_the_file_of_all_as_it_is():
    words = replacing.kept_words("f.json", made(4), made(2), ALL)
    assert words.startswith("f.json keeps its 4 hosts: this play has only mac1, mac2 (to write it for these alone: ")


def test_a_host_that_left_the_inventory_leaves_the_file():
    without = Asked(known=names(3))
    assert replacing.kept_words("f.json", made(4), made(3), without) == ""
    step_down(made(4), made(3), without)


def test_one_host_more_and_one_less_is_refused():
    other = Hostfile((*made(3).hosts, Host("mac9", ("10.0.0.1",))), "ring")
    with pytest.raises(HostfileError, match="would lose mac4"):
        step_down(made(4), other, Asked(known=(*names(4), "mac9")))


def test_a_file_of_somebody_else_has_hosts_too():
    theirs = hostfile.parse('[{"ssh": "me@mac1", "ips": ["10.0.0.1"]}, {"ssh": "ssh://x@mac2:2222"}]', "f")
    assert replacing.host_names(theirs) == ("mac1", "mac2")
    assert not replacing.over_cables(theirs)
    assert replacing.kept_words("f.json", theirs, made(1), ALL)


@pytest.mark.parametrize(
    ("ssh", "name"),
    [
        ("mac1", "mac1"),
        ("me@mac1", "mac1"),
        ("ssh://me@mac1:22", "mac1"),
        ("ssh://[fe80::1]:22", "fe80::1"),
        ("::1", "::1"),
    ],
)
def test_the_host_in_an_ssh_name(ssh, name):
    assert replacing.bare_name(ssh) == name


@pytest.mark.parametrize("cables", [None, 3, [None], [{}], [{"ends": [{}]}], [{"ends": [1, 2], "network": "x"}]])
def test_a_record_of_cables_that_we_do_not_know_is_none(cables):
    assert replacing.recorded_links(Hostfile((Host("mac1"),), boltloom={"cables": cables})) == ()
