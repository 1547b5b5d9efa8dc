# SPDX-License-Identifier: Apache-2.0
"""Which cables there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables, read_cables
from unit.plugins.module_utils._fabric.racks import (
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    change_port,
    full_mesh,
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


def test_a_hub_with_three_hosts_carries_one_cable_and_the_third_host_is_named():
    around = [("mac1", 1, "mac2", 1), ("mac1", 1, "mac3", 1), ("mac2", 1, "mac3", 1)]
    facts = rack(names(3), around)
    for host in facts:
        port = port_of(facts, host, 1)
        behind = tuple(replace(peer, depth=1) for peer in port.peers)
        change_port(facts, host, replace(port, peers=(Peer("device", "Hub"), *behind)))
    cabling = find_cables(facts)
    assert ends(cabling) == [("mac1", 1, "mac2", 1, 0)]
    assert [warning.partition(",")[0] for warning in cabling.warnings] == ["mac1", "mac2"]
    assert all("more than one host behind it: mac3, Thunderbolt 1" in warning for warning in cabling.warnings)


def test_what_is_at_the_cable_comes_before_what_is_behind_a_hub():
    facts = rack(names(3), [("mac1", 1, "mac2", 1), ("mac1", 1, "mac3", 1)])
    for host, first in (("mac1", 0), ("mac2", 0)):
        port = port_of(facts, host, 1)
        peers = tuple(replace(peer, depth=int(number == first)) for number, peer in enumerate(port.peers))
        change_port(facts, host, replace(port, peers=peers))
    assert ends(find_cables(facts)) == [("mac1", 1, "mac3", 1, 0)]


def restarted(facts, host, boot):
    """The host after a restart: its own identities are new, and the others still see the old ones."""
    fresh = rack(facts, [], boot=boot)
    for port in facts[host].ports:
        change_port(facts, host, replace(port, domain_uuid=port_of(fresh, host, port.receptacle).domain_uuid))


def test_a_host_that_was_restarted_between_two_probes_is_named():
    facts = rack(names(4), MESH_OF_FOUR)
    restarted(facts, "mac2", boot=2)
    cabling = find_cables(facts)
    assert {link.hosts for link in cabling.links} == {("mac1", "mac3"), ("mac1", "mac4"), ("mac3", "mac4")}
    assert len(cabling.warnings) == 3, "one for each of its cables, none from the other end"
    assert all("mac2 was restarted while the hosts were read, run this again" in words for words in cabling.warnings)


def on_one_bus(facts, host, receptacles, swapped=False):
    """An Intel Mac: one identity for two receptacles, and the peers in any order."""
    ports = [port_of(facts, host, receptacle) for receptacle in receptacles]
    old = {port.domain_uuid for port in ports}
    peers = [port.peers for port in ports]
    for port, seen in zip(ports, reversed(peers) if swapped else peers):
        change_port(facts, host, replace(port, domain_uuid=host.upper(), peers=seen))
    for other in facts:
        for port in facts[other].ports:
            seen = tuple(
                replace(peer, domain_uuid=host.upper()) if peer.domain_uuid in old else peer for peer in port.peers
            )
            change_port(facts, other, replace(port, peers=seen))


INTEL = [("mac1", 1, "mac2", 1), ("mac1", 2, "mac3", 1)]


@pytest.mark.parametrize("swapped", [False, True])
def test_on_a_shared_controller_the_speeds_tell_the_receptacle(swapped):
    facts = rack(names(3), INTEL)
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 2), speed_gbps=40))
    change_port(facts, "mac3", replace(port_of(facts, "mac3", 1), speed_gbps=40))
    on_one_bus(facts, "mac1", (1, 2), swapped)
    cabling = find_cables(facts)
    assert ends(cabling) == [("mac1", 1, "mac2", 1, 0), ("mac1", 2, "mac3", 1, 0)]
    assert cabling.warnings == ()


def test_on_a_shared_controller_a_guess_is_said_with_what_to_do():
    facts = rack(names(3), INTEL)
    on_one_bus(facts, "mac1", (1, 2))
    cabling = find_cables(facts)
    assert len(cabling.links) == 2
    (warning,) = cabling.warnings
    assert warning.startswith("mac1, Thunderbolt 1 (en2) and Thunderbolt 2 are on one controller")
    assert "mac2, Thunderbolt 1 (en2) and mac3, Thunderbolt 1 (en2)" in warning
    assert warning.endswith("swap the two plugs on mac1")


@pytest.mark.parametrize("receptacle", [1, 2])
def test_beside_a_drive_the_link_tells_the_receptacle(receptacle):
    """The report gives the only host to the first receptacle, and the drive to the second one."""
    facts = rack(names(2), [("mac1", 1, "mac2", 1)])
    for number in (1, 2):
        port = port_of(facts, "mac1", number)
        peers = port.peers or (Peer("device", "Drive"),)
        change_port(facts, "mac1", replace(port, up=number == receptacle, speed_gbps=80, peers=peers))
    on_one_bus(facts, "mac1", (1, 2))
    cabling = find_cables(facts)
    assert (ends(cabling), cabling.warnings) == ([("mac1", receptacle, "mac2", 1, 0)], ())


def linux(facts, host):
    facts[host] = replace(facts[host], system="linux")


def test_two_cables_between_two_controllers_are_a_guess_unless_their_speeds_differ():
    facts = rack(names(2), PAIR_TWO_CABLES)  # crossed: 1 to 2 and 2 to 1
    for host in facts:
        linux(facts, host)
        on_one_bus(facts, host, (1, 2))
    cabling = find_cables(facts)
    assert len(cabling.links) == 2
    (warning,) = cabling.warnings
    assert "are on one controller" in warning
    for host, receptacle in (("mac1", 1), ("mac2", 2)):
        change_port(facts, host, replace(port_of(facts, host, receptacle), speed_gbps=20))
    cabling = find_cables(facts)
    assert [end[:4] for end in ends(cabling)] == [("mac1", 1, "mac2", 2), ("mac1", 2, "mac2", 1)]
    assert cabling.warnings == ()


@pytest.mark.parametrize("listener", ["mac1", "mac2"])
def test_who_was_heard_on_the_interfaces_tells_two_cables_apart(listener):
    """And it says more than speeds, which a slow plug may make differ."""
    facts = rack(names(2), PAIR_TWO_CABLES)
    for host in facts:
        linux(facts, host)
        on_one_bus(facts, host, (1, 2))
    speaker = "mac2" if listener == "mac1" else "mac1"
    for number, other in ((1, 2), (2, 1)):
        heard = (port_of(facts, speaker, other).mac,)
        change_port(
            facts, listener, replace(port_of(facts, listener, number), neighbours=heard, speed_gbps=20 * number)
        )
        change_port(facts, speaker, replace(port_of(facts, speaker, number), speed_gbps=20 * number))
    cabling = find_cables(facts)
    assert [end[:4] for end in ends(cabling)] == [("mac1", 1, "mac2", 2), ("mac1", 2, "mac2", 1)]
    assert cabling.warnings == ()


def test_two_controllers_of_a_linux_host_are_told_apart():
    facts = rack(names(2), PAIR_TWO_CABLES)  # crossed, but each receptacle has a controller of its own
    linux(facts, "mac1")
    cabling = find_cables(facts)
    assert [end[:4] for end in ends(cabling)] == [("mac1", 1, "mac2", 2), ("mac1", 2, "mac2", 1)]
    assert cabling.warnings == ()


def test_a_linux_host_knows_its_own_receptacle():
    facts = rack(names(3), INTEL)
    linux(facts, "mac1")
    on_one_bus(facts, "mac1", (1, 2))
    cabling = find_cables(facts)
    assert ends(cabling) == [("mac1", 1, "mac2", 1, 0), ("mac1", 2, "mac3", 1, 0)]
    assert cabling.warnings == ()


def cloned(facts, host, of):
    """Give a host the lasting identities of another one; those of this boot stay its own."""
    for port in facts[host].ports:
        change_port(facts, host, replace(port, uid=port_of(facts, of, port.receptacle).uid))


def test_clones_are_a_warning_that_names_them():
    facts = rack(names(3), PAIR_TWO_CABLES)
    cloned(facts, "mac2", of="mac1")
    cabling = find_cables(facts)
    assert len(cabling.links) == 2
    (warning,) = cabling.warnings
    assert warning.startswith("mac1 and mac2 report the same Thunderbolt identity (0x05ac")


def test_a_refusal_stands_beside_the_cables():
    facts = rack(names(2), [("mac1", 2, "mac1", 4), *PAIR])
    cabling = read_cables(facts)
    assert len(cabling.links) == 1 and "cabled to itself" in cabling.refusal.message


def test_of_a_great_many_hosts_that_were_not_given_each_host_says_so_once():
    facts = rack(names(16), full_mesh(16))
    few = {host: facts[host] for host in names(4)}
    cabling = find_cables(few)
    assert len(cabling.links) == 6
    assert cabling.warnings[0] == (
        "mac1 sees 12 hosts that are not among the hosts given, at Thunderbolt "
        "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 15"
    )
    assert len(cabling.warnings) == 4
