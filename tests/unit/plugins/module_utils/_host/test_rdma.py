# SPDX-License-Identifier: Apache-2.0
"""How a host is asked about RDMA, and what is waited for."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid, HostFacts, Peer, Port, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._host import rdma
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError

PORT = Port(2, "en3", "0x1", "UUID", 80, peers=(Peer("host", "Mac Studio"),), up=True)
MAC = HostFacts("macos", "mac1", "Mac15,14", "26.3", "25D125", (PORT,))
WANT = (WantPort(2, "en3", "10.77.0.1", 30, "mac2", "10.77.0.2", "", speed_gbps=80),)
DEVINFO = "hca_id:\trdma_en3\n\t\tport:\t1\n\t\t\tstate:\tPORT_ACTIVE (4)\n\t\t\tGID[  0]:\t\tfe80::1\n"
ADDRESSED = DEVINFO + "\t\t\tGID[  1]:\t\t::ffff:10.77.0.1\n"


@pytest.fixture
def mac(run):
    run.answer("/usr/bin/rdma_ctl", "enabled\n")
    run.answer("/usr/bin/ibv_devices", "    device          \t   node GUID\n    ------          \t----------------\n")
    run.answer("/usr/bin/ibv_devinfo", ADDRESSED)
    return run


class Clock:
    """Goes on only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def wait(run, timeout, clock, facts=MAC, ports=WANT):
    return rdma.read_settled(run, "/", facts, ports, timeout, clock, clock.sleep)


def test_a_mac_is_asked_by_its_commands(mac):
    found = rdma.read(mac, "/", MAC)
    assert (found.verdict, found.devices[0].gids[1]) == ("ready", Gid(1, "::ffff:10.77.0.1"))


def test_commands_that_are_not_there_are_no_answers(run):
    for name in ("rdma_ctl", "ibv_devices", "ibv_devinfo"):
        run.answer(f"/usr/bin/{name}", stderr="not found", rc=127)
    assert rdma.read(run, "/", MAC).switch == "absent"


def test_a_command_that_hangs_costs_what_it_alone_tells(mac):
    def hangs(argv, timeout=0.0):
        if argv[0].endswith("rdma_ctl"):
            raise HostError("rdma_ctl status did not end within 10 s")
        return mac(argv, timeout)

    found = rdma.read(hangs, "/", MAC)
    assert (found.switch, found.verdict, found.devices[0].active) == ("failed", "not-understood", True)
    assert "did not end within 10 s" in found.reason


def test_what_is_in_order_is_not_waited_for(mac):
    clock = Clock()
    assert wait(mac, 10.0, clock).verdict == "ready"
    assert clock.now == 0


def test_a_table_that_follows_a_moment_later_is_waited_for(mac):
    clock = Clock()
    mac.answer("/usr/bin/ibv_devinfo", DEVINFO)

    def sleep(seconds):
        clock.sleep(seconds)
        if clock.now >= 2:
            mac.answer("/usr/bin/ibv_devinfo", ADDRESSED)

    assert rdma.read_settled(mac, "/", MAC, WANT, 10.0, clock, sleep).verdict == "ready"
    assert clock.now == 2


def test_the_wait_has_an_end_and_gives_what_there_is(mac):
    clock = Clock()
    mac.answer("/usr/bin/ibv_devinfo", DEVINFO)
    assert wait(mac, 3.0, clock).verdict == "wrong-address"
    assert 3 <= clock.now < 4


def test_nobody_waits_for_a_mac_that_can_never_do_it_nor_for_a_slow_cable(mac):
    clock = Clock()
    mac.answer("/usr/bin/rdma_ctl", "disabled\n")
    assert wait(mac, 60.0, clock).verdict == "needs-recovery"
    mac.answer("/usr/bin/rdma_ctl", "enabled\n")
    mac.answer("/usr/bin/ibv_devinfo", DEVINFO)
    slow = (WantPort(2, "en3", "10.77.0.1", 30, "mac2", "10.77.0.2", "", speed_gbps=40),)
    wait(mac, 60.0, clock, ports=slow)
    assert clock.now == 0


def test_a_linux_host_is_asked_through_sysfs(run, tmp_path):
    xdomain = tmp_path / "sys/devices/pci0000:00/domain0/0-0/0-1"
    device = xdomain / "0-1.1/infiniband/usb4_rdma0"
    for path, content in {"node_guid": "0200:0000:0000:0001", "ports/1/state": "4: ACTIVE"}.items():
        (device / path).parent.mkdir(parents=True, exist_ok=True)
        (device / path).write_text(content + "\n")
    for index, gid in enumerate(("fe80::1", "0000:0000:0000:0000:0000:ffff:0a4d:0001", "::")):
        (device / "ports/1/gids").mkdir(exist_ok=True)
        (device / "ports/1/gids" / str(index)).write_text(gid + "\n")
    (device / "device").symlink_to(xdomain / "0-1.1")
    (xdomain / "0-1.0/net/thunderbolt0").mkdir(parents=True)
    (xdomain / "0-1.0/net/thunderbolt0/device").symlink_to(xdomain / "0-1.0")
    for name, target in {
        "infiniband/usb4_rdma0": device,
        "net/thunderbolt0": xdomain / "0-1.0/net/thunderbolt0",
    }.items():
        link = tmp_path / "sys/class" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    port = Port(1, "thunderbolt0", "u/1", "U", 80, peers=(Peer("host", "Mac"),))
    found = rdma.read(run, str(tmp_path), HostFacts("linux", "box", "NUC", "13", "6.14", (port,)))
    (seen,) = found.devices
    assert (seen.name, seen.device, seen.active) == ("usb4_rdma0", "thunderbolt0", True)
    assert seen.gids == (Gid(0, "fe80::1"), Gid(1, "::ffff:10.77.0.1"))
    assert found.verdict == "ready"
    assert run.asked == []


def test_a_linux_host_without_any_rdma(run, tmp_path):
    found = rdma.read(run, str(tmp_path), HostFacts("linux", "box", "NUC", "13", "6.14", ()))
    assert (found.devices, found.verdict) == ((), "not-capable")
