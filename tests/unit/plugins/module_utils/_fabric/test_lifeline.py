# SPDX-License-Identifier: Apache-2.0
"""What carries the connection to a host is not taken apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.lifeline import carriers, refuse_to_cut
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, Nic, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import PAIR, change_port, names, port_of, rack

NOBODY = {"mac1": ["mac1"], "mac2": ["mac2.local", "mac2"]}


def planned(facts):
    return make_plan(facts, PlanOptions())


def pair(**changes):
    facts = rack(names(2), PAIR)
    bridge = replace(facts["mac1"].bridges[0], addresses=("192.168.7.1/24",))
    facts["mac1"] = replace(facts["mac1"], bridges=(bridge,), **changes)
    return facts, planned(facts)


def refused(facts, plan, said=NOBODY):
    with pytest.raises(TopologyError) as caught:
        refuse_to_cut(facts, plan, said, False)
    return caught.value.one_line()


@pytest.mark.parametrize("address", ["192.168.7.1", "::ffff:192.168.7.1", "fe80::1%bridge0"])
def test_a_connection_over_the_bridge_is_named_with_another_way_in(address):
    words = refused(*pair(ssh_address=address))
    assert words.startswith(f"mac1 is reached at {address.split('%')[0]}, which is on its bridge bridge0 of Thund")
    assert "(it also has 192.168.64.11 on en0)" in words
    assert "Ethernet or Wi-Fi" in words and "thunderbolt_net_allow_cutting_ssh=true" in words
    assert "mac2" not in words


@pytest.mark.parametrize("address", ["10.5.5.1", "fe80::5%en2"])
def test_a_connection_over_a_planned_port(address):
    facts, _plan = pair(ssh_address=address)
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), addresses=("10.5.5.1/24",)))
    assert "which is on its Thunderbolt 1 (en2)" in refused(facts, planned(facts))


def test_an_address_that_its_service_will_put_there():
    facts, _plan = pair(ssh_address="10.5.5.1")
    service = Service("NAS", True, "manual", "10.5.5.1", "255.255.255.0")
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), services=(service,)))
    assert "Thunderbolt 1 (en2)" in refused(facts, planned(facts))


def test_what_the_inventory_says_counts_where_the_connection_says_nothing():
    facts, plan = pair()
    assert "mac1 is reached at 192.168.7.1" in refused(facts, plan, {"mac1": ["mac1", "192.168.7.1"], "mac2": ["mac2"]})


def test_both_hosts_are_named():
    facts, plan = pair(ssh_address="192.168.7.1")
    facts["mac2"] = replace(facts["mac2"], ssh_address="fe80::9%bridge0", nics=())
    words = refused(facts, plan)
    assert "mac1 is reached at" in words and "mac2 is reached at fe80::9, which is on its bridge bridge0" in words


@pytest.mark.parametrize("address", ["", "192.168.64.11", "192.168.7.2", "fe80::1%en0", "fe80::1", "nonsense"])
def test_any_other_way_is_fine(address):
    facts, plan = pair(ssh_address=address)
    assert refuse_to_cut(facts, plan, NOBODY, False) == []


def test_a_port_or_a_bridge_that_stays_as_it_is_may_carry_it():
    facts, _plan = pair(ssh_address="10.5.5.1")
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 4), addresses=("10.5.5.1/24",)))
    assert refuse_to_cut(facts, planned(facts), NOBODY, False) == []
    other = Bridge("bridge100", True, ("vmenet0",), addresses=("10.6.6.1/24",))
    facts["mac1"] = replace(facts["mac1"], bridges=(*facts["mac1"].bridges, other), ssh_address="10.6.6.1")
    assert refuse_to_cut(facts, planned(facts), NOBODY, False) == []


def test_who_allows_it_is_warned():
    facts, plan = pair(ssh_address="192.168.7.1", nics=(Nic("utun0", "100.1.1.1/32", "vpn"),))
    (warning,) = refuse_to_cut(facts, plan, NOBODY, True)
    assert warning.startswith("mac1 is reached at 192.168.7.1, which is on its bridge bridge0") and "cut off" in warning


def test_what_hangs_on_some_devices():
    facts, _plan = pair(ssh_address="192.168.7.1")
    assert carriers(facts["mac1"], ["en3", "bridge0"], ["mac1", "192.168.7.1"]) == "192.168.7.1 on bridge0"
    assert carriers(facts["mac1"], ["en3"], ["192.168.7.1"]) == ""
