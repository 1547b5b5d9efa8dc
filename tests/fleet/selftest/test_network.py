# SPDX-License-Identifier: Apache-2.0
"""The interfaces behave as on a Mac: bridge, persistence, cables."""

import json

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp

pytestmark = pytest.mark.fleet

PREFERENCES = "/Library/Preferences/SystemConfiguration/preferences.plist"


@pytest.fixture
def pair(bring_up: BringUp):
    """Two fresh Macs, joined by the ports "Thunderbolt 2" (en3)."""
    fleet = bring_up("pair")
    yield fleet
    fleet.down()


def root(fleet: Fleet, host: str, *argv: str) -> str:
    return fleet.run(host, list(argv), root=True, check=True).stdout


def reaches(fleet: Fleet, host: str, address: str, attempts: int = 1) -> bool:
    """One answer is enough. Where one is expected, a loaded machine gets more than one attempt."""
    return fleet.run(host, ["ping", f"-c{attempts}", "-i0.5", "-W1", address]).returncode == 0


def address(fleet: Fleet, host: str, device: str) -> str:
    lines = fleet.run(host, ["ifconfig", device], check=True).stdout.split("\n")
    return next((line.split()[1] for line in lines if line.startswith("\tinet ")), "")


def seen_macs(fleet: Fleet, host: str) -> int:
    report = json.loads(fleet.run(host, ["system_profiler", "SPThunderboltDataType", "-json"], check=True).stdout)
    items = [item for bus in report["SPThunderboltDataType"] for item in bus.get("_items", [])]
    return sum("domain_uuid_key" in item for item in items)


def test_after_boot_every_port_is_in_the_bridge_and_has_no_address(pair: Fleet) -> None:
    for host in pair.hosts:
        members = [
            line.split()[1] for line in root(pair, host, "ifconfig", "bridge0").splitlines() if "member:" in line
        ]
        assert members == ["en2", "en3", "en4"]
        assert [address(pair, host, device) for device in members] == ["", "", ""]
        master = root(pair, host, "/.fleet/bin/ip", "-br", "link", "show", "master", "bridge0")
        assert [line.split("@")[0] for line in master.splitlines()] == members


def test_a_bridge_member_talks_only_after_the_bridge_is_down(pair: Fleet) -> None:
    for host, own in (("mac1", "192.168.0.1"), ("mac2", "192.168.0.2")):
        root(pair, host, "ifconfig", "en3", "inet", own, "netmask", "255.255.255.252")
    assert not reaches(pair, "mac1", "192.168.0.2")
    for host in pair.hosts:
        root(pair, host, "ifconfig", "bridge0", "down")
    assert reaches(pair, "mac1", "192.168.0.2", attempts=10)
    assert "member: en3" in root(pair, "mac1", "ifconfig", "bridge0")


def test_a_reboot_keeps_what_networksetup_set_and_forgets_what_ifconfig_did(pair: Fleet) -> None:
    root(pair, "mac1", "ifconfig", "bridge0", "deletem", "en3")
    root(pair, "mac1", "ifconfig", "bridge0", "deletem", "en4")
    root(pair, "mac1", "networksetup", "-createnetworkservice", "TB 2", "Thunderbolt 2")
    root(pair, "mac1", "networksetup", "-setmanual", "TB 2", "10.77.0.1", "255.255.255.252", "")
    root(pair, "mac1", "ifconfig", "en4", "inet", "10.9.9.9/24")
    assert (address(pair, "mac1", "en3"), address(pair, "mac1", "en4")) == ("10.77.0.1", "10.9.9.9")
    before = pair.run("mac1", ["system_profiler", "SPThunderboltDataType"]).stdout

    pair.reboot("mac1")  # bridge0 is still in the preferences, so it is back with all its members
    assert (address(pair, "mac1", "en3"), address(pair, "mac1", "en4")) == ("", "")
    assert "member: en3" in root(pair, "mac1", "ifconfig", "bridge0")
    assert "IP address: 10.77.0.1" in root(pair, "mac1", "networksetup", "-getinfo", "TB 2")

    root(pair, "mac1", "/usr/libexec/PlistBuddy", "-c", "Delete :VirtualNetworkInterfaces:Bridge:bridge0", PREFERENCES)
    pair.reboot("mac1")
    assert pair.run("mac1", ["ifconfig", "bridge0"]).returncode == 1
    assert "Thunderbolt Bridge" not in root(pair, "mac1", "networksetup", "-listallhardwareports")
    assert address(pair, "mac1", "en3") == "10.77.0.1"
    after = pair.run("mac1", ["system_profiler", "SPThunderboltDataType"]).stdout

    def values(text: str, label: str) -> set[str]:
        return {line.split(": ")[1] for line in text.splitlines() if line.startswith(f"      {label}: ")}

    assert values(before, "UID") == values(after, "UID")
    assert values(before, "Domain UUID").isdisjoint(values(after, "Domain UUID"))
    assert pair.run("control", ["ssh", "mac1", "hostname"]).stdout == "mac1\n"
    assert seen_macs(pair, "mac2") == 1


def test_a_cut_cable_is_dark_at_both_ends_and_comes_back(pair: Fleet) -> None:
    for host, own in (("mac1", "10.77.0.1"), ("mac2", "10.77.0.2")):
        root(pair, host, "ifconfig", "bridge0", "destroy")
        root(pair, host, "networksetup", "-createnetworkservice", "TB 2", "Thunderbolt 2")
        root(pair, host, "networksetup", "-setmanual", "TB 2", own, "255.255.255.252")
    assert reaches(pair, "mac1", "10.77.0.2", attempts=10)
    assert [seen_macs(pair, host) for host in pair.hosts] == [1, 1]

    pair.cut("mac1", "mac2")
    for host in pair.hosts:
        assert "status: inactive" in root(pair, host, "ifconfig", "en3")
        assert "PORT_ACTIVE" not in root(pair, host, "ibv_devinfo")
    assert [seen_macs(pair, host) for host in pair.hosts] == [0, 0]
    assert not reaches(pair, "mac1", "10.77.0.2")
    assert pair.run("control", ["ssh", "mac1", "hostname"]).stdout == "mac1\n"

    pair.plug("mac1", "mac2")
    assert reaches(pair, "mac1", "10.77.0.2", attempts=10)
    assert [seen_macs(pair, host) for host in pair.hosts] == [1, 1]


def test_traffic_over_a_cable_is_counted_there_and_not_on_the_ethernet(pair: Fleet) -> None:
    for host, own in (("mac1", "10.77.0.1"), ("mac2", "10.77.0.2")):
        root(pair, host, "ifconfig", "bridge0", "down")
        root(pair, host, "ifconfig", "en3", "inet", own + "/30")
    cable, ethernet = pair.counters("mac2", "en3"), pair.counters("mac2", "en0")
    root(pair, "mac1", "ping", "-q", "-c", "20", "-i", "0.01", "-s", "1400", "10.77.0.2")
    assert pair.counters("mac2", "en3")["rx_bytes"] - cable["rx_bytes"] > 20 * 1400
    assert pair.counters("mac2", "en0")["rx_bytes"] - ethernet["rx_bytes"] < 1400


BROADCAST = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("bridge0", 0))
for _ in range(10):
    s.send(b"\\xff" * 6 + b"\\x02" + bytes(5) + b"\\x88\\xb5" + bytes(50))
"""


def test_loops_of_bridges_do_not_melt_the_machine(bring_up: BringUp) -> None:
    fleet = bring_up("mesh4")  # every Mac's bridge joins three cables: loops wherever one looks

    def received() -> int:
        return sum(fleet.counters(host, f"en{n}")["rx_packets"] for host in fleet.hosts for n in range(2, 8))

    before = received()
    root(fleet, "mac1", "python3", "-c", BROADCAST)
    fleet.run("control", ["ssh", "mac4", "hostname"], check=True)  # time enough for millions of frames
    assert 30 <= received() - before < 300  # 10 frames on 3 cables, and what IPv6 says now and then
    fleet.down()


def test_faulty_cables(bring_up: BringUp, tmp_path) -> None:
    file = tmp_path / "faulty.yml"
    file.write_text(
        "hosts: {mac1: , mac2: }\n"
        "cables:\n"
        "  - {ends: [mac1:1, mac2:1], fault: dead}\n"
        "  - {ends: [mac1:2, mac2:2], fault: half}\n"
        "  - {ends: [mac1:3, mac2:3], fault: slow, rate: 10mbit, speed: 20}\n"
    )
    fleet = bring_up(file)
    active = {
        (host, device): "status: active" in root(fleet, host, "ifconfig", device)
        for host in fleet.hosts
        for device in ("en2", "en3", "en4")
    }
    assert [device for (host, device), lit in active.items() if lit and host == "mac1"] == ["en3", "en4"]
    assert [device for (host, device), lit in active.items() if lit and host == "mac2"] == ["en4"]
    assert (seen_macs(fleet, "mac1"), seen_macs(fleet, "mac2")) == (2, 1)
    assert "Speed: 20 Gb/s" in root(fleet, "mac2", "system_profiler", "SPThunderboltDataType")
    fleet.down()
