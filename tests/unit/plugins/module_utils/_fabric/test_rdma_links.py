# SPDX-License-Identifier: Apache-2.0
"""Which cables of a plan count for jaccl, and what is said about the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid, Peer, RdmaDevice, RdmaFacts
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma import rdma_verdict
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma_links import (
    judge_hosts,
    judge_links,
    odd_tables,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.topology import find_cables
from unit.plugins.module_utils._fabric.racks import (
    MESH_OF_FOUR,
    PAIR,
    PAIR_TWO_CABLES,
    change_port,
    names,
    port_of,
    rack,
)
from unit.plugins.module_utils._fabric.rdma_racks import (
    addressed,
    change_device,
    device,
    judged,
    judged_anew,
    recable,
    unbridge,
)

BOTH_ENDS = "the cable from mac1, Thunderbolt 1 (en2) to mac2, Thunderbolt 1 (en2): "


@pytest.fixture
def pair():
    """Two Macs and a cable, addressed and with everything in order: facts, plan, what they say of RDMA."""
    facts = rack(names(2), PAIR)
    unbridge(facts)
    plan = make_plan(facts, PlanOptions())
    return facts, plan, addressed(plan, facts)


def verdict(facts, plan, rdma, settled=True):
    (cable,) = judge_links(plan, facts, rdma, settled)
    return cable.verdict, cable.words()


def test_everything_in_order_every_cable_counts_and_every_host_is_ready():
    facts = rack(names(4), MESH_OF_FOUR)
    plan, cables = judged(facts)
    assert all(cable.counts and cable.gids == (1, 1) for cable in cables)
    verdicts = judge_hosts(plan.order, addressed(plan, facts), cables)
    assert {host: verdicts[host].verdict for host in facts} == dict.fromkeys(facts, "ready")
    assert verdicts["mac1"].reason == "rdma_en2 to mac2, rdma_en3 to mac3, rdma_en4 to mac4"


def test_a_bridged_port_is_active_and_has_only_a_link_local_gid(pair):
    facts, plan, rdma = pair
    change_device(rdma, facts, "mac2", "en2", device("en2"))
    change_port(facts, "mac2", replace(port_of(facts, "mac2", 1), bridge="bridge0"))
    said = "rdma_en2 at mac2 has no IPv4 GID instead of {} (the port is in bridge0): run boltloom.cluster.configure"
    assert verdict(facts, plan, rdma) == ("wrong-address", BOTH_ENDS + said.format(plan.links[0].b.address))
    verdicts = judge_hosts(plan.order, rdma, judge_links(plan, facts, rdma, settled=True))
    assert {host: verdicts[host].verdict for host in facts} == dict.fromkeys(facts, "wrong-address")
    assert verdict(facts, plan, rdma, settled=False)[0] == "ready"  # configuring will mend that


def test_another_address_than_the_plan_s_is_not_enough(pair):
    facts, plan, rdma = pair
    change_device(rdma, facts, "mac1", "en2", device("en2", "169.254.7.9"))
    code, words = verdict(facts, plan, rdma)
    assert code == "wrong-address"
    assert f"has 169.254.7.9 instead of {plan.links[0].a.address}" in words


def test_a_port_that_is_down_although_cabled_is_named_with_its_cable():
    facts = rack(names(2), PAIR_TWO_CABLES)
    unbridge(facts)
    plan = make_plan(facts, PlanOptions())
    rdma = addressed(plan, facts)
    address = next(port.address for port in plan.hosts[0].ports if port.device == "en3")
    change_device(rdma, facts, "mac1", "en3", device("en3", address, "PORT_DOWN"))
    first, second = judge_links(plan, facts, rdma, settled=True)
    assert (first.verdict, second.verdict) == ("ready", "port-down")
    assert second.words() == (
        "the cable from mac1, Thunderbolt 2 (en3) to mac2, Thunderbolt 1 (en2): rdma_en3 at mac1 is down (PORT_DOWN), "
        "although the cable is plugged in: plug it in anew at both ends, restart both hosts, or use other ports"
    )
    verdicts = judge_hosts(plan.order, rdma, (first, second))
    assert verdicts["mac1"].verdict == verdicts["mac2"].verdict == "port-down"  # ready is who has all cables ready
    assert judge_links(plan, facts, rdma, settled=False)[1].verdict == "port-down"


def test_a_port_that_the_bridge_owns_may_be_down_for_that_alone(pair):
    facts, plan, rdma = pair
    change_device(rdma, facts, "mac1", "en2", device("en2", "", "PORT_DOWN"))
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), bridge="bridge0"))
    assert verdict(facts, plan, rdma, settled=False)[0] == "ready"
    assert verdict(facts, plan, rdma)[0] == "port-down"


@pytest.mark.parametrize(("gbps", "words"), [(40, "it has 40 Gb/s"), (0, "its speed is not known")])
def test_a_cable_without_the_speed_of_thunderbolt_5_is_left_to_tcp(pair, gbps, words):
    facts, _plan, rdma = pair
    recable(facts, "mac1", 1, gbps)
    recable(facts, "mac2", 1, gbps)
    plan = make_plan(facts, PlanOptions())
    for settled in (True, False):
        code, said = verdict(facts, plan, rdma, settled)
        assert code == "slow-cable"
        assert words in said
        assert "the ring over TCP" in said


def test_each_end_must_list_the_device(pair):
    facts, plan, rdma = pair
    change_device(rdma, facts, "mac2", "en2", None)
    said = (
        "mac2 lists no RDMA device for its port, although RDMA is enabled there: restart that Mac, or use another port"
    )
    assert verdict(facts, plan, rdma, settled=False) == ("port-down", BOTH_ENDS + said)


def test_the_other_end_s_host_decides_too(pair):
    facts, plan, rdma = pair
    rdma["mac2"] = judged_anew(facts["mac2"], (), "disabled")
    code, words = verdict(facts, plan, rdma)
    assert code == "needs-recovery"
    assert words.startswith(BOTH_ENDS + "mac2: RDMA is disabled: start this Mac in Recovery")
    verdicts = judge_hosts(plan.order, rdma, judge_links(plan, facts, rdma, settled=True))
    assert verdicts["mac2"].verdict == "needs-recovery"
    assert verdicts["mac1"].verdict == "no-link"  # the peer is not enabled
    assert verdicts["mac1"].reason.startswith(BOTH_ENDS + "mac2: RDMA is disabled")


def test_a_peer_that_offers_nothing_is_told_from_a_cable_that_is_not_heard(pair):
    facts, plan, rdma = pair
    change_device(rdma, facts, "mac1", "en2", device("en2", plan.links[0].a.address, "PORT_DOWN"))
    here = port_of(facts, "mac1", 1)
    for offers, code in ((False, "no-link"), (None, "port-down"), (True, "port-down")):
        change_port(facts, "mac1", replace(here, peers=(replace(here.peers[0], rdma_service=offers),)))
        found, words = verdict(facts, plan, rdma)
        assert found == code
        assert ("mac2 does not offer RDMA" in words) == (offers is False)


def test_through_a_dock_only_the_system_s_own_word_counts(pair):
    facts, plan, rdma = pair
    here = port_of(facts, "mac1", 1)
    dock = Peer("device", "Dock")
    change_port(facts, "mac1", replace(here, peers=(dock, replace(here.peers[0], depth=1))))
    assert verdict(facts, plan, rdma)[0] == "ready"  # both ports are active, whatever is in between
    change_device(rdma, facts, "mac1", "en2", device("en2", "", "PORT_DOWN"))
    code, words = verdict(facts, plan, rdma, settled=False)
    assert (code, "behind a dock" in words) == ("port-down", True)


def test_a_state_that_is_not_known_is_not_called_down(pair):
    facts, plan, rdma = pair
    change_device(rdma, facts, "mac1", "en2", replace(device("en2"), active=False, state=""))
    code, words = verdict(facts, plan, rdma)
    assert (code, "is not known: run ibv_devinfo -v" in words) == ("not-understood", True)


def test_a_linux_host_has_only_what_lies_on_its_thunderbolt_interface(pair):
    facts, _plan, rdma = pair
    ports = (replace(port_of(facts, "mac2", 1), device="thunderbolt0"),)
    facts["mac2"] = replace(facts["mac2"], system="linux", model="NUC", os_version="13", ports=ports)
    plan = make_plan(facts, PlanOptions())
    card = RdmaDevice("mlx5_0", 1, True, (Gid(0, f"::ffff:{plan.links[0].b.address}"),), "PORT_ACTIVE", "enp1s0")
    rdma["mac2"] = rdma_verdict(facts["mac2"], "absent", (card,))
    code, words = verdict(facts, plan, rdma)
    assert code == "not-capable"
    assert "mac2: no RDMA device on a Thunderbolt interface (mlx5_0 lies on none)" in words
    mine = replace(card, name="usb4_rdma0", device="thunderbolt0")
    rdma["mac2"] = rdma_verdict(facts["mac2"], "absent", (card, mine))
    rdma["mac1"] = addressed(plan, facts)["mac1"]
    (cable,) = judge_links(plan, facts, rdma, settled=True)
    assert (cable.verdict, cable.devices, cable.gids) == ("ready", ("rdma_en2", "usb4_rdma0"), (1, 0))


def test_a_host_without_a_cable_in_the_plan():
    facts = rack(names(3), PAIR)
    plan, cables = judged(facts)
    verdicts = judge_hosts(plan.order, addressed(plan, facts), cables)
    assert (verdicts["mac3"].verdict, verdicts["mac1"].verdict) == ("no-link", "ready")


def test_an_index_that_mlx_does_not_use_is_worth_a_word(pair):
    facts, plan, rdma = pair
    assert odd_tables(judge_links(plan, facts, rdma, settled=True)) == ()
    address = plan.links[0].a.address
    moved = replace(device("en2"), gids=(Gid(0, "fe80::1"), Gid(1, "fe80::2"), Gid(2, f"::ffff:{address}")))
    change_device(rdma, facts, "mac1", "en2", moved)
    (words,) = odd_tables(judge_links(plan, facts, rdma, settled=True))
    assert words.startswith(f"mac1, Thunderbolt 1 (en2): {address} is GID 2 of rdma_en2")


def test_without_a_plan_any_address_will_do(pair):
    facts, plan, rdma = pair
    unplanned = replace(plan, links=tuple(find_cables(facts).links))
    (cable,) = judge_links(unplanned, facts, rdma, settled=True)
    assert (cable.verdict, cable.gids) == ("ready", (-1, -1))
    change_device(rdma, facts, "mac2", "en2", device("en2"))
    (cable,) = judge_links(unplanned, facts, rdma, settled=True)
    assert cable.words() == BOTH_ENDS + "rdma_en2 at mac2 has no IPv4 GID: run boltloom.cluster.configure"


def test_no_reason_grows_without_end():
    facts = rack(names(4), MESH_OF_FOUR)
    plan = make_plan(facts, PlanOptions())
    rdma = {host: RdmaFacts("enabled", (), "not-capable", "x") for host in facts}
    verdicts = judge_hosts(plan.order, rdma, judge_links(plan, facts, rdma, settled=True))
    assert verdicts["mac1"].reason == "x"
    rdma["mac1"] = addressed(plan, facts)["mac1"]
    verdicts = judge_hosts(plan.order, rdma, judge_links(plan, facts, rdma, settled=True))
    assert verdicts["mac1"].reason.count("the cable from") == 3
