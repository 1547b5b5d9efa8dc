# SPDX-License-Identifier: Apache-2.0
"""When the ranks talk over the cables, when over Ethernet, and what is said about it."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import End, FabricPlan, HostPlan, Link
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.ring import no_ring
from ansible_collections.boltloom.cluster.plugins.plugin_utils._over import choose_over

HOSTS = ("mac1", "mac2", "mac3")


def link(one, other):
    return Link(End(one, 1, "en2", "0x1"), End(other, 2, "en3", "0x2"), rail=0, speed_gbps=80)


def plan(shape, links=(), warnings=()):
    return FabricPlan(HOSTS, links, tuple(HostPlan(host, ()) for host in HOSTS), shape, warnings=warnings)


LINE = (link("mac1", "mac2"), link("mac2", "mac3"))


@pytest.mark.parametrize("shape", ["mesh", "ring", "pair"])
@pytest.mark.parametrize("asked", ["auto", "thunderbolt"])
def test_cables_that_do_are_used_in_silence(asked, shape):
    assert choose_over(asked, plan(shape)) == ("thunderbolt", [])


def test_ethernet_is_used_in_silence_when_asked_for():
    assert choose_over("ethernet", plan("mesh")) == ("ethernet", [])


def test_no_cables_fall_back_and_say_why():
    over, (warning,) = choose_over("auto", plan("none"))
    assert over == "ethernet"
    assert "no Thunderbolt cable joins two of the hosts" in warning


def test_cables_that_make_no_ring_fall_back_and_name_the_hosts_once():
    why = no_ring(HOSTS, LINE).message
    over, (first, second) = choose_over("auto", plan("partial", LINE, warnings=(why, "something else")))
    assert over == "ethernet"
    assert first == "something else"
    assert "mac1 has a cable to mac2 only; mac3 has a cable to mac2 only" in second


def test_the_plan_s_own_warnings_are_kept():
    assert choose_over("auto", plan("ring", warnings=("slow cable",))) == ("thunderbolt", ["slow cable"])


def test_one_host_alone_needs_no_cables():
    alone = FabricPlan(("mac1",), (), (HostPlan("mac1", ()),), "none")
    assert choose_over("auto", alone) == ("thunderbolt", [])


@pytest.mark.parametrize(("shape", "words"), [("none", "no Thunderbolt cable"), ("partial", "the cables make no ring")])
def test_demanded_cables_that_do_not_do_are_an_error(shape, words):
    with pytest.raises(TopologyError, match=words):
        choose_over("thunderbolt", plan(shape, LINE))
