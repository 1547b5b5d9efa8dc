# SPDX-License-Identifier: Apache-2.0
"""What a host says of itself: the verdicts, and in which order they are passed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid, Peer, RdmaDevice
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma import (
    Said,
    linux_rdma,
    macos_rdma,
    rdma_verdict,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.rdma_ends import VERDICTS
from unit.plugins.module_utils._fabric.racks import PAIR, change_port, names, rack
from unit.plugins.module_utils._fabric.rdma_racks import device
from unit.plugins.module_utils._fabric.recordings import own

ACTIVE = (device("en2", "10.77.0.1"), device("en3", state="PORT_DOWN"))
DOWN = (device("en2", state="PORT_DOWN"),)


def studio(version="26.3", model="Mac15,14", gbps=80, capable=120, peer_offers=True, cabled=True):
    facts = rack(names(2), PAIR if cabled else [])
    for port in facts["mac1"].ports:
        peers = tuple(replace(peer, rdma_service=peer_offers) for peer in port.peers)
        speed = gbps if peers else 0
        change_port(
            facts,
            "mac1",
            replace(port, speed_gbps=speed, capable_gbps=0 if peers else capable, peers=peers, bridge=""),
        )
    return replace(facts["mac1"], os_version=version, model=model)


def only_cabled(facts):
    """No port is idle, so that none tells what it could do."""
    return replace(facts, ports=tuple(port for port in facts.ports if port.peers))


TB4 = {"model": "Mac16,10", "gbps": 40, "capable": 40}


@pytest.mark.parametrize(
    ("facts", "switch", "devices", "verdict", "words"),
    [
        (studio(), "enabled", ACTIVE, "ready", "rdma_en2"),
        (studio(version="26.10"), "enabled", ACTIVE, "ready", "rdma_en2"),
        (studio(**TB4), "enabled", (), "not-capable", "Thunderbolt 5"),
        (studio(**TB4), "disabled", (), "not-capable", "ring over TCP"),
        (studio(**TB4), "enabled", ACTIVE, "not-capable", "Mac16,10"),
        (studio(version="26.1", **TB4), "absent", (), "not-capable", "Thunderbolt 5"),
        (studio(version="26.1"), "absent", (), "os-too-old", "needs macOS 26.2, this is 26.1"),
        (studio(version="15.7"), "absent", (), "os-too-old", "15.7"),
        (studio(version=""), "enabled", ACTIVE, "not-understood", "version of macOS is not known"),
        (studio(), "disabled", (), "needs-recovery", "rdma_ctl enable"),
        (studio(), "absent", (), "not-understood", "rdma_ctl is missing, which macOS 26.3 has"),
        (studio(), "enabled", (), "port-down", "lists no device"),
        (studio(cabled=False), "enabled", DOWN, "no-link", "no cable to another host"),
        (
            studio(peer_offers=False),
            "enabled",
            DOWN,
            "no-link",
            "because the host at the other end does not offer RDMA",
        ),
        (studio(peer_offers=None), "enabled", DOWN, "port-down", "plug it in anew"),
        (studio(), "enabled", DOWN, "port-down", "the cable at Thunderbolt 1 (en2): rdma_en2 at this host is down"),
        (studio(), "enabled", (device("en2"),), "wrong-address", "has no IPv4 GID: run boltloom.cluster.configure"),
        (studio(), "enabled", (device("en3", "10.77.0.1"),), "port-down", "lists no RDMA device for its port"),
        (studio(gbps=40), "enabled", ACTIVE, "slow-cable", "it has 40 Gb/s"),
        # all ports in use by 40 Gb/s links do not tell what they are: the model does
        (only_cabled(studio(gbps=40)), "enabled", ACTIVE, "slow-cable", "it has 40 Gb/s"),
        (only_cabled(studio(gbps=40)), "disabled", (), "needs-recovery", "Recovery"),
        (only_cabled(studio(model="Mac99,1", gbps=40)), "enabled", ACTIVE, "slow-cable", "it has 40 Gb/s"),
        (only_cabled(studio(model="Mac99,1", gbps=40)), "disabled", (), "not-understood", "pull one of these cables"),
        (studio(model="Mac99,1", gbps=40, capable=120), "disabled", (), "needs-recovery", "Recovery"),
        (replace(studio(), model="", ports=()), "disabled", (), "not-capable", "model unknown"),
    ],
)
def test_verdicts(facts, switch, devices, verdict, words):
    judged = rdma_verdict(facts, switch, devices)
    assert (judged.verdict, judged.switch, judged.devices) == (verdict, switch, devices)
    assert words in judged.reason


@pytest.mark.parametrize("switch", ["enabled", "disabled", "absent", "failed"])
@pytest.mark.parametrize("devices", [(), DOWN, ACTIVE])
@pytest.mark.parametrize("version", ["15.7", "26.1", "26.3"])
def test_nobody_with_thunderbolt_4_is_sent_to_recovery(switch, devices, version):
    judged = rdma_verdict(studio(version, "Mac14,14", 40, 40), switch, devices, ("rdma_ctl status: ?",))
    assert judged.verdict == "not-capable"
    assert "Recovery" not in judged.reason


@pytest.mark.parametrize("switch", ["enabled", "absent", "failed"])
@pytest.mark.parametrize("devices", [(), DOWN, ACTIVE])
@pytest.mark.parametrize("problems", [(), ("rdma_ctl status: ?",)])
def test_recovery_is_for_those_whose_switch_says_disabled(switch, devices, problems):
    judged = rdma_verdict(studio(), switch, devices, problems)
    assert "Recovery" not in judged.reason
    assert judged.verdict in VERDICTS


def test_linux_is_judged_by_the_devices_on_its_thunderbolt_interfaces():
    facts = replace(studio(), system="linux")
    assert rdma_verdict(facts, "absent", ()).verdict == "not-capable"
    assert rdma_verdict(facts, "absent", DOWN).verdict == "port-down"
    assert rdma_verdict(facts, "absent", ACTIVE).verdict == "ready"
    card = RdmaDevice("mlx5_0", 1, True, (Gid(3, "::ffff:192.168.1.2"),), "PORT_ACTIVE", "enp1s0")
    judged = rdma_verdict(facts, "absent", (card,))
    assert (judged.verdict, "mlx5_0 lies on none" in judged.reason) == ("not-capable", True)
    assert linux_rdma({}, facts).devices == ()


def said(**outputs):
    return {key: Said(text) for key, text in outputs.items()}


def test_our_own_recording():
    raw = {key: Said(own("mac_studio", key + ".txt")) for key in ("rdma_ctl", "ibv_devices", "ibv_devinfo")}
    judged = macos_rdma(raw, studio())
    assert (judged.switch, judged.verdict) == ("enabled", "ready")
    assert [(device.name, device.active, device.state) for device in judged.devices] == [
        ("rdma_en2", True, "PORT_ACTIVE"),
        ("rdma_en6", False, "PORT_DOWN"),
        ("rdma_en4", False, ""),  # only ibv_devices lists these two
        ("rdma_en5", False, ""),
    ]


def test_commands_that_do_not_exist():
    judged = macos_rdma({}, studio(version="26.1"))
    assert (judged.switch, judged.devices, judged.verdict) == ("absent", (), "os-too-old")


NONE = Said("", "No IB devices found\n", 255)
HEADING = Said("    device          \t   node GUID\n    ------          \t----------------\n")
INFO = Said(own("mac_studio", "ibv_devinfo.txt"))


@pytest.mark.parametrize(
    ("switch", "devinfo", "devices", "verdict", "words"),
    [
        (Said("disabled\n", "", 1), NONE, HEADING, "needs-recovery", "Recovery"),  # what it exits with is not known
        (Said("enabled\n"), NONE, HEADING, "port-down", "lists no device"),
        (Said("enabled\n"), Said("No IB devices found\n", "", 255), HEADING, "port-down", "lists no device"),
        (Said("enabled\n"), Said("", "Segmentation fault: 11", 139), HEADING, "not-understood", "ibv_devinfo: Segm"),
        (Said("enabled\n"), Said("", "", 1), HEADING, "not-understood", "exit status 1 and no message"),
        (Said("", "rdma_ctl: no service", 1), INFO, HEADING, "not-understood", "rdma_ctl status: rdma_ctl: no service"),
        (Said("usage: rdma_ctl ..."), INFO, HEADING, "not-understood", "usage: rdma_ctl"),
        (Said("", "rdma_ctl did not end within 10 s", -1), INFO, HEADING, "not-understood", "did not end within 10 s"),
        (Said("Enabled\r\n"), INFO, HEADING, "ready", "rdma_en2"),
    ],
)
def test_a_command_that_fails_is_a_verdict_of_its_own(switch, devinfo, devices, verdict, words):
    judged = macos_rdma({"rdma_ctl": switch, "ibv_devinfo": devinfo, "ibv_devices": devices}, studio())
    assert judged.verdict == verdict
    assert words in judged.reason
    assert "\n" not in judged.reason


def test_a_peer_that_is_a_drive_is_no_host():
    facts = studio(cabled=False)
    ports = (replace(facts.ports[0], peers=(Peer("device", "Drive"),)), *facts.ports[1:])
    assert "no cable to another host" in rdma_verdict(replace(facts, ports=ports), "enabled", DOWN).reason


def test_the_worst_of_several_cables_is_the_verdict_and_comes_first():
    facts = rack(names(2), [("mac1", 1, "mac2", 1), ("mac1", 2, "mac2", 2)])["mac1"]
    facts = replace(facts, ports=tuple(replace(port, bridge="") for port in facts.ports))
    judged = rdma_verdict(facts, "enabled", (device("en2"), device("en3", state="PORT_INIT")))
    assert judged.verdict == "port-down"
    assert judged.reason.startswith("the cable at Thunderbolt 2 (en3): rdma_en3 at this host is down (PORT_INIT)")
    assert "; the cable at Thunderbolt 1 (en2): rdma_en2 at this host has no IPv4 GID" in judged.reason
