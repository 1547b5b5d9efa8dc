# SPDX-License-Identifier: Apache-2.0
"""One line per thing that is worth a word, with host, receptacle and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError, TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, Peer, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import (
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    RING_OF_FOUR,
    change_port,
    full_mesh,
    names,
    port_of,
    rack,
    unbridged,
)


def set_port(facts, host, receptacle, **values):
    change_port(facts, host, replace(port_of(facts, host, receptacle), **values))


def warnings(facts, **options):
    return make_plan(facts, PlanOptions(**options)).warnings


def fresh(count, cables, ports=4):
    return unbridged(rack(names(count), cables, ports=ports))


def slowed(gbps, able=120, model="Mac15,14"):
    facts = fresh(2, PAIR)
    for host in facts:
        for receptacle in (1, 2, 3, 4):
            set_port(facts, host, receptacle, capable_gbps=able)
        set_port(facts, host, 1, speed_gbps=gbps, capable_gbps=0)
        facts[host] = replace(facts[host], model=model)
    return facts


@pytest.mark.parametrize(
    "gbps, able, model, words",
    [
        (80, 120, "Mac15,14", None),
        (120, 120, "Mac15,14", None),
        (40, 120, "x", "runs at 40 Gb/s, and both ports can do 120: use a Thunderbolt 5 cable"),
        (40, 0, "Mac15,14", "runs at 40 Gb/s, and both ports can do 80: use a Thunderbolt 5 cable"),
        (40, 40, "x", None),
        (40, 0, "x", None),
        (20, 40, "x", "runs at 20 Gb/s, and both ports can do 40: use a Thunderbolt 4 or 5 cable"),
        (20, 0, "x", "runs at 20 Gb/s, and both ports can do 40"),
        (10, 10, "x", None),  # Thunderbolt 1
        (0, 120, "Mac15,14", None),  # not known
    ],
)
def test_a_cable_slower_than_both_ports(gbps, able, model, words):
    found = warnings(slowed(gbps, able, model))
    assert len(found) == (words is not None)
    if words:
        assert found[0].startswith("the cable between mac1, Thunderbolt 1 (en2) and mac2, Thunderbolt 1 (en2) runs at ")
        assert words in found[0]


def test_a_slow_cable_to_a_slower_host_is_none():
    facts = slowed(40)
    for receptacle in (2, 3, 4):
        set_port(facts, "mac2", receptacle, capable_gbps=40)
    assert warnings(facts) == ()


def test_strictly_a_slow_cable_is_an_error_with_its_evidence():
    assert make_plan(slowed(80), PlanOptions(strict=True)).links
    with pytest.raises(TopologyError, match="runs at 40 Gb/s") as caught:
        make_plan(slowed(40), PlanOptions(strict=True))
    assert "mac1" in caught.value.picture and "40 Gb/s" in caught.value.picture
    assert caught.value.warnings == warnings(slowed(40))


def test_a_dock_in_the_path():
    facts = fresh(2, PAIR)
    peer = port_of(facts, "mac1", 1).peers[0]
    set_port(facts, "mac1", 1, peers=(Peer("device", "Dock"), replace(peer, depth=1)))
    (warning,) = warnings(facts)
    assert warning.startswith("mac1, Thunderbolt 1 (en2): a hub or a dock is in the path to mac2")


def test_a_port_without_link_is_named_as_that():
    facts = fresh(2, PAIR)
    set_port(facts, "mac2", 1, up=False)
    (warning,) = warnings(facts)
    assert warning == "no link on Thunderbolt 1 (en2) of mac2, although its cable to mac1 is seen: plug it in anew"
    facts["mac2"] = replace(facts["mac2"], system="linux")  # nobody brought the interface up yet
    assert warnings(facts) == ()
    set_port(facts, "mac2", 1, addresses=("10.77.1.1/30",))
    assert len(warnings(facts)) == 1


def applied(facts):
    plan = make_plan(facts, PlanOptions())
    return {want.host: want.ports for want in plan.hosts}


def recabled(before, after, count=4):
    """The hosts as they are now, with what they were configured to before."""
    known = applied(fresh(count, before))
    return {host: replace(facts, applied=known[host]) for host, facts in fresh(count, after).items()}


@pytest.mark.parametrize(
    "after, words",
    [
        (RING_OF_FOUR, []),
        (
            [("mac1", 3, "mac2", 1), *RING_OF_FOUR[1:]],
            ["the cable of mac1 to mac2 moved from Thunderbolt 2 to 3 since it was configured: configure again"],
        ),
        (
            RING_OF_FOUR[1:],
            [
                "the cable between mac1, Thunderbolt 2 and mac2, Thunderbolt 1, is gone since it was configured: "
                "plug it in, or configure for what is left"
            ],
        ),
        (
            [("mac1", 2, "mac3", 1), ("mac3", 2, "mac2", 1), ("mac2", 2, "mac4", 1), RING_OF_FOUR[3]],
            ["mac1, Thunderbolt 2 led to mac2 when it was configured, and leads to mac3 now: configure again, or plug"],
        ),
        ([*RING_OF_FOUR, ("mac1", 3, "mac3", 3)], []),
    ],
)
def test_what_changed_since_it_was_configured(after, words):
    found = [line for line in warnings(recabled(RING_OF_FOUR, after)) if "configured" in line]
    assert len(found) >= len(words) and bool(found) == bool(words)
    for line in words:
        assert any(warning.startswith(line) for warning in found)


def test_hosts_that_are_not_given_are_not_missed():
    facts = recabled(MESH_OF_FOUR, MESH_OF_FOUR)
    del facts["mac4"]
    assert not any("configured" in warning for warning in warnings(facts))


def test_two_cables_between_two_hosts_one_of_them_moved():
    facts = recabled(PAIR_TWO_CABLES, [PAIR_TWO_CABLES[0], ("mac1", 3, "mac2", 1)], count=2)
    (warning,) = warnings(facts)
    assert "the cable of mac1 to mac2 moved from Thunderbolt 2 to 3" in warning


@pytest.mark.parametrize(
    "count, cables, closing",
    [
        (4, RING_OF_FOUR, "mac3, Thunderbolt 2 (en3)"),
        (2, PAIR_TWO_CABLES, "mac1, Thunderbolt 2 (en3)"),
        (4, MESH_OF_FOUR, "and 2 more"),
    ],
)
def test_a_loop_over_bridges_is_a_danger(count, cables, closing):
    (warning,) = warnings(rack(names(count), cables))
    assert warning.startswith("danger: over the bridges of mac1, mac2")
    assert closing in warning


@pytest.mark.parametrize("change", ["down", "out", "open"])
def test_without_a_loop_or_a_bridge_there_is_no_danger(change):
    facts = rack(names(4), RING_OF_FOUR if change != "open" else RING_OF_FOUR[:3])
    if change == "down":
        bridges = tuple(replace(bridge, up=False) for bridge in facts["mac2"].bridges)
        facts["mac2"] = replace(facts["mac2"], bridges=bridges)
    if change == "out":
        set_port(facts, "mac2", 1, bridge="")
    assert not any("danger" in warning for warning in warnings(facts))


def test_bridges_of_their_own_are_not_joined_by_their_host():
    """Two ports of a host in two bridges: frames do not pass from one to the other."""
    facts = rack(names(2), PAIR_TWO_CABLES)
    set_port(facts, "mac1", 2, bridge="bridge7")
    facts["mac1"] = replace(facts["mac1"], bridges=(*facts["mac1"].bridges, Bridge("bridge7", True, ("en3",))))
    assert not any("danger" in warning for warning in warnings(facts))


@pytest.mark.parametrize(
    "values, words",
    [
        ({"lease": "192.168.2.7"}, "mac2, Thunderbolt 1 (en2) has the address 192.168.2.7 from the other end"),
        (
            {"service": Service("Thunderbolt 1", True, "dhcp", router="192.168.2.1")},
            "mac2, Thunderbolt 1 (en2) has the router 192.168.2.1 from the other end of the cable: turn Internet",
        ),
        (
            {"service": Service("NAS", True, "manual", "192.168.5.1", "255.255.255.0", "192.168.5.254")},
            "mac2, Thunderbolt 1 (en2): the service 'NAS' has the router 192.168.5.254",
        ),
    ],
)
def test_a_router_at_the_other_end_is_a_danger(values, words):
    facts = fresh(2, PAIR)
    set_port(facts, "mac2", 1, **values)
    (warning,) = warnings(facts)
    assert words in warning


def test_a_default_route_over_a_cable():
    facts = fresh(2, PAIR)
    facts["mac2"] = replace(facts["mac2"], routes=(*facts["mac2"].routes, ("0.0.0.0/0", "en2")))
    (warning,) = warnings(facts)
    assert warning.startswith("mac2: a default route leads over Thunderbolt 1 (en2)")


def test_different_builds_of_macos():
    facts = fresh(4, MESH_OF_FOUR)
    facts["mac3"] = replace(facts["mac3"], os_version="26.2", os_build="25C56")
    facts["mac4"] = replace(facts["mac4"], system="linux", os_version="Debian 13", os_build="")
    (warning,) = warnings(facts)
    assert warning == (
        "macOS differs between the hosts: 26.3 25D125 on mac1, mac2; 26.2 25C56 on mac3: bring them to one version"
    )


def test_a_great_many_of_a_kind_are_cut():
    facts = fresh(8, full_mesh(8), ports=7)
    for host in facts:
        for port in facts[host].ports:
            change_port(facts, host, replace(port, speed_gbps=40))
    found = warnings(facts)
    assert len(found) == 9 and found[-1] == "and 20 more of this kind"


def test_names_from_hosts_are_only_data():
    facts = fresh(2, PAIR)
    set_port(facts, "mac2", 1, lease="\x1b[2J\n1.2.3.4", device="en\u2028x")
    for warning in warnings(facts):
        assert warning.isprintable()


def test_every_error_carries_the_picture_and_the_warnings():
    facts = rack(names(4), RING_OF_FOUR)
    peer = replace(port_of(facts, "mac1", 2).peers[0], domain_uuid="")
    set_port(facts, "mac1", 2, peers=(peer,))
    with pytest.raises(TopologyError) as caught:
        make_plan(facts, PlanOptions(shape="ring"))
    assert "4 hosts, 3 cables" in caught.value.picture
    assert any("whose identity the system does not report" in warning for warning in caught.value.warnings)
    with pytest.raises(AddressError) as caught:
        make_plan(rack(names(4), RING_OF_FOUR), PlanOptions(pool="192.168.64.0/24"))
    assert "mac1" in caught.value.picture and "danger" in caught.value.warnings[0]
