# SPDX-License-Identifier: Apache-2.0
"""Which cables there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from unit.plugins.module_utils._fabric.racks import (
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    change_port,
    names,
    plug,
    port_of,
    rack,
)


def ends(cabling):
    return [(link.a.host, link.a.receptacle, link.b.host, link.b.receptacle, link.rail) for link in cabling.links]


def test_a_pair():
    cabling = find_cables(rack(names(2), PAIR))
    assert ends(cabling) == [("mac1", 1, "mac2", 1, 0)]
    assert cabling.links[0].speed_gbps == 80
    assert cabling.warnings == ()


def test_a_mesh_whatever_the_order_of_the_hosts():
    facts = rack(names(4), MESH_OF_FOUR)
    expected = [(one, one_port, two, two_port, 0) for one, one_port, two, two_port in MESH_OF_FOUR]
    assert ends(find_cables(facts)) == expected
    assert ends(find_cables({host: facts[host] for host in reversed(list(facts))})) == expected


def test_rails_are_the_same_cables_after_a_reboot_and_from_both_ends():
    first = find_cables(rack(names(2), PAIR_TWO_CABLES, boot=1))
    turned = [(two, two_port, one, one_port) for one, one_port, two, two_port in reversed(PAIR_TWO_CABLES)]
    second = find_cables(rack(reversed(names(2)), turned, boot=2))
    assert ends(first) == ends(second) == [("mac1", 1, "mac2", 2, 0), ("mac1", 2, "mac2", 1, 1)]


def test_uuids_are_compared_without_case():
    facts = rack(names(2), [])
    for host in facts:
        change_port(facts, host, replace(port_of(facts, host, 1), domain_uuid="a-" + host))  # in lower case
    for host, other in (("mac1", "mac2"), ("mac2", "mac1")):
        change_port(facts, host, replace(port_of(facts, host, 1), peers=(Peer("host", "x", domain_uuid="A-" + other),)))
    assert len(find_cables(facts).links) == 1


def test_devices_are_no_hosts_and_hosts_behind_hubs_are():
    facts = rack(names(2), PAIR)
    port = port_of(facts, "mac1", 1)
    change_port(facts, "mac1", replace(port, peers=(Peer("device", "Hub"), replace(port.peers[0], depth=1))))
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 2), peers=(Peer("device", "Drive"),)))
    cabling = find_cables(facts)
    assert (ends(cabling), cabling.warnings) == ([("mac1", 1, "mac2", 1, 0)], ())


def test_a_port_carries_one_link_even_with_two_hosts_behind_a_hub():
    facts = rack(names(3), [("mac1", 1, "mac2", 1), ("mac1", 1, "mac3", 1)])
    cabling = find_cables(facts)
    assert ends(cabling) == [("mac1", 1, "mac2", 1, 0)]
    assert any("more than one host behind it" in warning and "mac3" in warning for warning in cabling.warnings)


def test_a_cable_half_plugged_is_a_warning_that_names_both_places():
    facts = rack(names(2), [])
    plug(facts, "mac1", 2, "mac2", 3)
    cabling = find_cables(facts)
    assert cabling.links == ()
    assert cabling.warnings[0].startswith(
        "mac1, Thunderbolt 2 (en3) sees mac2, Thunderbolt 3 (en4), which does not see it"
    )


def test_a_host_that_is_not_given_is_a_warning():
    facts = rack(names(3), [("mac1", 2, "mac3", 1)])
    del facts["mac3"]
    cabling = find_cables(facts)
    assert cabling.links == ()
    assert cabling.warnings == (
        "mac1, Thunderbolt 2 (en3) sees a host, Mac Studio (Mac15,14), that is not among the hosts given",
    )


def test_a_host_without_identity_is_a_warning():
    facts = rack(names(2), PAIR)
    for host in facts:
        port = port_of(facts, host, 1)
        change_port(facts, host, replace(port, domain_uuid="", peers=(replace(port.peers[0], domain_uuid=""),)))
    cabling = find_cables(facts)
    assert cabling.links == ()
    assert "whose identity the system does not report" in cabling.warnings[0]


def test_a_host_cabled_to_itself_is_refused():
    facts = rack(names(2), [("mac1", 2, "mac1", 4), *PAIR])
    with pytest.raises(TopologyError, match=r"mac1 is cabled to itself \(Thunderbolt 2 and 4\)"):
        find_cables(facts)


def test_one_host_under_two_names_is_refused():
    facts = rack(names(2), PAIR)
    facts["studio"] = facts["mac1"]
    with pytest.raises(TopologyError, match="mac1 and studio are the same computer"):
        find_cables(facts)


def test_a_port_without_interface_has_no_usable_cable():
    facts = rack(names(2), PAIR)
    change_port(facts, "mac2", replace(port_of(facts, "mac2", 1), device=""))
    cabling = find_cables(facts)
    assert cabling.links == ()
    assert "mac2, Thunderbolt 1: the system made no network interface" in cabling.warnings[0]


def test_two_ports_that_share_a_domain_are_matched_one_to_one():
    """Linux and Intel Macs have two receptacles per domain, so a UUID names either."""
    facts = rack(names(2), PAIR_TWO_CABLES)
    for host, other in (("mac1", "mac2"), ("mac2", "mac1")):
        for receptacle in (1, 2):
            port = port_of(facts, host, receptacle)
            peers = (replace(port.peers[0], domain_uuid=other.upper()),)
            change_port(facts, host, replace(port, domain_uuid=host.upper(), peers=peers))
    assert len(find_cables(facts).links) == 2


def test_the_slower_end_tells_the_speed():
    facts = rack(names(2), PAIR)
    change_port(facts, "mac2", replace(port_of(facts, "mac2", 1), speed_gbps=40))
    assert find_cables(facts).links[0].speed_gbps == 40
