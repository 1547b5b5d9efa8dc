# SPDX-License-Identifier: Apache-2.0
"""The five verdicts, and in which order they are passed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer, RdmaDevice
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma import rdma_facts, rdma_verdict
from unit.plugins.module_utils._fabric.racks import PAIR, change_port, names, rack
from unit.plugins.module_utils._fabric.recordings import own

ACTIVE = (RdmaDevice("rdma_en2", 1, True), RdmaDevice("rdma_en3", 1, False))
DOWN = (RdmaDevice("rdma_en2", 1, False),)


def studio(version="26.3", model="Mac15,14", gbps=80, capable=120, peer_offers=True, cabled=True):
    facts = rack(names(2), PAIR if cabled else [])
    for port in facts["mac1"].ports:
        peers = tuple(replace(peer, rdma_service=peer_offers) for peer in port.peers)
        speed = gbps if peers else 0
        change_port(facts, "mac1", replace(port, speed_gbps=speed, capable_gbps=0 if peers else capable, peers=peers))
    return replace(facts["mac1"], os_version=version, model=model)


@pytest.mark.parametrize(
    "facts, switch, devices, verdict, words",
    [
        (studio(), "enabled", ACTIVE, "ready", "rdma_en2"),
        (studio(version="26.10"), "enabled", ACTIVE, "ready", "rdma_en2"),
        (studio(model="Mac16,10", gbps=40, capable=40), "enabled", (), "not-capable", "Thunderbolt 5"),
        (studio(model="Mac16,10", gbps=40, capable=40), "disabled", (), "not-capable", "ring over TCP"),
        (studio(model="Mac16,10", gbps=40, capable=40), "enabled", ACTIVE, "not-capable", "Mac16,10"),
        (studio(version="26.1", model="Mac16,10", gbps=40, capable=40), "absent", (), "not-capable", "Thunderbolt 5"),
        (studio(version="26.1"), "absent", (), "os-too-old", "needs macOS 26.2, this is 26.1"),
        (studio(version="15.7"), "absent", (), "os-too-old", "15.7"),
        (studio(version=""), "enabled", ACTIVE, "os-too-old", "unknown version"),
        (studio(), "disabled", (), "needs-recovery", "rdma_ctl enable"),
        (studio(), "absent", (), "needs-recovery", "not switched on"),
        (studio(), "enabled", (), "no-link", "lists no device"),
        (studio(cabled=False), "enabled", DOWN, "no-link", "no cable to another host"),
        (studio(peer_offers=False), "enabled", DOWN, "no-link", "the host at Thunderbolt 1 does not offer RDMA"),
        (studio(), "enabled", DOWN, "no-link", "plug the cable in anew"),
        # all ports in use by 40 Gb/s links do not tell what they are: the model does
        (studio(gbps=40, capable=40), "enabled", ACTIVE, "ready", "rdma_en2"),
        (studio(model="Mac99,1", gbps=40, capable=120), "enabled", ACTIVE, "ready", "rdma_en2"),
    ],
)
def test_verdicts(facts, switch, devices, verdict, words):
    judged = rdma_verdict(facts, switch, devices)
    assert (judged.verdict, judged.switch, judged.devices) == (verdict, switch, devices)
    assert words in judged.reason


@pytest.mark.parametrize("switch", ["enabled", "disabled", "absent"])
@pytest.mark.parametrize("devices", [(), DOWN, ACTIVE])
@pytest.mark.parametrize("version", ["15.7", "26.1", "26.3"])
def test_nobody_with_thunderbolt_4_is_sent_to_recovery(switch, devices, version):
    judged = rdma_verdict(studio(version, "Mac14,14", 40, 40), switch, devices)
    assert judged.verdict == "not-capable"
    assert "Recovery" not in judged.reason


def test_linux_is_judged_by_its_devices():
    facts = replace(studio(), system="linux")
    assert rdma_verdict(facts, "absent", ()).verdict == "not-capable"
    assert rdma_verdict(facts, "absent", DOWN).verdict == "no-link"
    assert rdma_verdict(facts, "absent", ACTIVE).verdict == "ready"


def test_our_own_recording():
    raw = {key: own("mac_studio", key + ".txt") for key in ("rdma_ctl", "ibv_devices", "ibv_devinfo")}
    judged = rdma_facts(raw, studio())
    assert (judged.switch, judged.verdict) == ("enabled", "ready")
    assert [(device.name, device.active) for device in judged.devices] == [
        ("rdma_en2", True),
        ("rdma_en6", False),
        ("rdma_en4", False),  # only ibv_devices lists these two
        ("rdma_en5", False),
    ]


def test_an_active_port_that_the_bridge_still_owns_has_no_ipv4_gid():
    bridged = (
        replace(ACTIVE[0], gids=("fe80::1",)),
        replace(ACTIVE[1], active=True, gids=("fe80::2", "::ffff:10.77.1.1")),
    )
    assert rdma_verdict(studio(), "enabled", bridged).reason == (
        "active: rdma_en2, rdma_en3; rdma_en2 without IPv4 address, which JACCL needs: configure the cables"
    )


@pytest.mark.parametrize("raw", [{}, {"rdma_ctl": "", "ibv_devices": "", "ibv_devinfo": ""}])
def test_commands_that_do_not_exist_or_say_nothing(raw):
    judged = rdma_facts(raw, studio(version="26.1"))
    assert (judged.switch, judged.devices, judged.verdict) == ("absent", (), "os-too-old")


def test_a_foreign_answer_is_an_error():
    with pytest.raises(ParseError, match="rdma_ctl"):
        rdma_facts({"rdma_ctl": "usage: rdma_ctl ..."}, studio())


def test_a_peer_that_is_a_drive_is_no_host():
    facts = studio(cabled=False)
    ports = (replace(facts.ports[0], peers=(Peer("device", "Drive"),)), *facts.ports[1:])
    assert "no cable to another host" in rdma_verdict(replace(facts, ports=ports), "enabled", DOWN).reason
