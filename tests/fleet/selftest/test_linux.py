# SPDX-License-Identifier: Apache-2.0
"""A Linux host in the fleet: real managers of the network, interfaces that come with their cables, and /sys."""

import json
import time
from pathlib import Path

import pytest
from fleet.description import MANAGERS
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp

pytestmark = pytest.mark.fleet

FLEET = """
hosts:
  mac1:
  box1: {{system: linux, manager: {0}}}
  box2: {{system: linux, manager: {0}}}
cables:
  - [mac1:2, box1:3]
  - [box1:2, box2:1]
  - {{ends: [box2:4, mac1:1], through: dock}}
"""


@pytest.fixture(params=MANAGERS)
def mixed(request: pytest.FixtureRequest, bring_up: BringUp, tmp_path: Path):
    file = tmp_path / "mixed.yml"
    file.write_text(FLEET.format(request.param))
    fleet = bring_up(file)
    yield fleet
    fleet.down()


def sh(fleet: Fleet, host: str, script: str) -> str:
    return fleet.run(host, ["/bin/sh", "-ec", script], root=True, check=True).stdout


def cables(fleet: Fleet, host: str) -> dict[str, str]:
    """MAC address of each interface of a cable -> its name."""
    listing = json.loads(sh(fleet, host, "ip -j link"))
    return {link["address"]: link["ifname"] for link in listing if link["ifname"].startswith("thunderbolt")}


def service_of(fleet: Fleet, host: str, device: str) -> str:
    return sh(fleet, host, f"basename $(readlink /sys/class/net/{device}/device)").strip()


def test_a_linux_host_boots_with_its_manager_and_is_reached(mixed: Fleet) -> None:
    done = mixed.run("control", ["ssh", "box1", "uname -n; sudo -n id -u; cat /proc/sys/kernel/random/boot_id"])
    assert done.stdout.split() == ["box1", "0", mixed.state.boots["box1"]], done.stderr
    assert mixed.run("box1", ["ping", "-c1", "-W1", "192.168.64.11"]).returncode == 0
    assert mixed.run("box1", ["/usr/sbin/networksetup"]).returncode == 127


def test_each_cable_is_an_interface_that_hangs_on_its_service(mixed: Fleet) -> None:
    devices = sorted(cables(mixed, "box1").values())
    assert devices == ["thunderbolt0", "thunderbolt1"]
    assert {service_of(mixed, "box1", device) for device in devices} == {"1-1.0", "0-3.0"}
    names = sh(mixed, "box1", "cat /sys/bus/thunderbolt/devices/*/device_name").split()
    assert sorted(names) == ["Mac16,11", "box2"]
    assert service_of(mixed, "box2", "thunderbolt1") == "1-303.0"  # behind the dock
    assert sh(mixed, "box2", "cat /sys/bus/thunderbolt/devices/1-3/device_name").strip() == "TS5 Plus"


def test_a_mac_sees_the_linux_host_and_both_mean_the_same_domain(mixed: Fleet) -> None:
    report = json.loads(mixed.run("mac1", ["system_profiler", "SPThunderboltDataType", "-json"], check=True).stdout)
    bus = next(bus for bus in report["SPThunderboltDataType"] if bus["_name"] == "thunderboltusb4_bus_1")
    (peer,) = bus["_items"]
    assert (peer["_name"], peer["vendor_name_key"]) == ("box1", "Intel Corp.")
    assert (
        peer["domain_uuid_key"].lower() == sh(mixed, "box1", "cat /sys/bus/thunderbolt/devices/1-0/unique_id").strip()
    )
    seen = sh(mixed, "box1", "cat /sys/bus/thunderbolt/devices/1-1/unique_id").strip()
    assert seen.upper() == bus["domain_uuid_key"]


def test_the_interface_goes_with_the_cable_and_comes_with_it(mixed: Fleet) -> None:
    before = cables(mixed, "box1")
    mixed.cut("box1", "box2")
    left = cables(mixed, "box1")
    assert len(left) == 1
    assert not mixed.run("box1", ["ls", "/sys/bus/thunderbolt/devices/0-3"]).stdout
    mixed.plug("box1", "box2")
    assert set(cables(mixed, "box1")) == set(before)
    assert service_of(mixed, "box1", cables(mixed, "box1")[(set(before) - set(left)).pop()]) == "0-3.0"


def test_after_a_reboot_the_domains_and_the_names_have_changed_places(mixed: Fleet) -> None:
    before = {mac: service_of(mixed, "box1", device) for mac, device in cables(mixed, "box1").items()}
    mixed.reboot("box1")
    after = {mac: service_of(mixed, "box1", device) for mac, device in cables(mixed, "box1").items()}
    assert set(after) == set(before)
    assert all(after[mac][0] != before[mac][0] for mac in before)
    assert sh(mixed, "box1", "readlink /sys/bus/thunderbolt/devices/domain0").endswith("0000:00:0d.3/domain0\n")


def test_the_tables_of_rdma_devices_follow_the_addresses(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "rdma.yml"
    file.write_text(
        "hosts: {box1: {system: linux, manager: none, infiniband: [ethernet, thunderbolt]}, mac1: }\n"
        "cables: [[box1:1, mac1:1]]\n"
    )
    fleet = bring_up(file)
    ports = "/sys/class/infiniband/usb4_rdma0/ports/1"
    assert sh(fleet, "box1", "ls /sys/class/infiniband").split() == ["mlx5_0", "usb4_rdma0"]
    assert sh(fleet, "box1", f"cat {ports}/state").strip() == "1: DOWN"
    sh(fleet, "box1", "ip link set thunderbolt0 up; ip addr add 10.9.9.1/30 dev thunderbolt0")
    table = f"cat {ports}/state {ports}/gids/1 {ports}/gid_attrs/ndevs/1"
    soon(fleet, table, ["4:", "ACTIVE", "0000:0000:0000:0000:0000:ffff:0a09:0901", "thunderbolt0"])
    sh(fleet, "box1", "ip addr del 10.9.9.1/30 dev thunderbolt0")
    soon(fleet, f"ls {ports}/gids", ["0"])
    fleet.cut("box1", "mac1")
    soon(fleet, "ls /sys/class/infiniband", ["mlx5_0"])


def soon(fleet: Fleet, script: str, words: list[str]) -> None:
    """A table follows its interface a moment later."""
    deadline = time.monotonic() + 10
    while (seen := fleet.run("box1", ["/bin/sh", "-c", script], root=True).stdout.split()) != words:
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


def test_bytes_cross_the_cable(mixed: Fleet) -> None:
    for host, number, service in (("box1", 1, "0-3.0"), ("box2", 2, "0-1.0")):
        name = next(n for n in cables(mixed, host).values() if service_of(mixed, host, n) == service)
        sh(mixed, host, f"ip addr add 10.9.9.{number}/30 dev {name}; ip link set {name} up")
    deadline = time.monotonic() + 5
    while mixed.run("box1", ["ping", "-c1", "-W1", "10.9.9.2"]).returncode != 0:
        assert time.monotonic() < deadline
