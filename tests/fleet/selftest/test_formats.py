# SPDX-License-Identifier: Apache-2.0
"""What the emulated commands print has the shape of what real Macs printed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module")
def fleet(bring_up: BringUp) -> Fleet:
    """mac1: dock and drive; mac2: display; one cable."""
    return bring_up("docked")


def printed(fleet: Fleet, host: str, *argv: str) -> str:
    return fleet.run(host, list(argv), check=True).stdout


def keys_by_kind(report: dict[str, Any]) -> dict[str, set[str]]:
    """The keys of idle buses, of buses with something plugged in, of Macs and of devices."""
    kinds: dict[str, set[str]] = {}

    def add(kind: str, entry: dict[str, Any]) -> None:
        kinds.setdefault(kind, set()).update(entry)

    for bus in report["SPThunderboltDataType"]:
        add("bus", {key: 0 for key in bus if key != "_items"})
        add("receptacle", {key: 0 for key in bus["receptacle_1_tag"] if key != "micro_version_key"})
        for item in bus.get("_items", []):
            kind = "mac" if "domain_uuid_key" in item else "device"
            add(kind, {key: 0 for key in item if not re.match(r"receptacle_\d", key)})
            for service in item.get("services_title", []):
                add(service["_name"], service)
    return kinds


def test_system_profiler_json(fleet: Fleet, captures: Path) -> None:
    real = json.loads(
        (captures / "system_profiler-json/m4pro-mini_display+peer-mbp-40g_macos27.0_maccluster.json").read_text()
    )
    text = printed(fleet, "mac2", "system_profiler", "SPThunderboltDataType", "-json")
    ours = json.loads(text)
    assert keys_by_kind(ours) == keys_by_kind(real)
    assert [bus["_name"] for bus in ours["SPThunderboltDataType"]] == [f"thunderboltusb4_bus_{n}" for n in (2, 1, 0)]
    assert text.startswith('{\n  "SPThunderboltDataType" : [\n    {\n      "_items" : [') and not text.endswith("\n")


def test_both_ends_of_a_cable_name_each_other(fleet: Fleet) -> None:
    def domains(host: str) -> tuple[dict[str, str], dict[str, str]]:
        own, peers = {}, {}
        for bus in json.loads(printed(fleet, host, "system_profiler", "SPThunderboltDataType", "-json"))[
            "SPThunderboltDataType"
        ]:
            number = bus["receptacle_1_tag"]["receptacle_id_key"]
            own[number] = bus["domain_uuid_key"]
            for item in bus.get("_items", []):
                if "domain_uuid_key" in item:
                    peers[number] = item["domain_uuid_key"]
        return own, peers

    (own1, peers1), (own2, peers2) = domains("mac1"), domains("mac2")
    assert peers1 == {"2": own2["1"]}
    assert peers2 == {"1": own1["2"]}
    assert len({*own1.values(), *own2.values()}) == 7


def labels(text: str) -> set[tuple[int, str]]:
    found = set()
    for line in text.splitlines():
        label = line.strip().split(": ")[0]
        found.add((len(line) - len(line.lstrip()), re.sub(r"\d+|Mac\w+ \w+|Mac \w+", "N", label)))
    return found - {(10, "Micro Firmware Version")}


def test_system_profiler_text(fleet: Fleet, captures: Path) -> None:
    real = (captures / "system_profiler-text/m4pro-mini_display+peer-mbp-40g_macos27.0_maccluster.txt").read_text()
    assert labels(printed(fleet, "mac2", "system_profiler", "SPThunderboltDataType")) == labels(real)


def test_a_dock_and_a_drive_are_no_macs(fleet: Fleet) -> None:
    report = json.loads(printed(fleet, "mac1", "system_profiler", "SPThunderboltDataType", "-json"))
    plugged = {
        bus["receptacle_1_tag"]["receptacle_id_key"]: bus["_items"][0]
        for bus in report["SPThunderboltDataType"]
        if "_items" in bus
    }
    assert plugged["1"]["mode_key"] == "usb_four_v2" and "receptacle_2_tag" in plugged["1"]
    assert plugged["4"]["mode_key"] == "thunderbolt_three"
    assert "domain_uuid_key" in plugged["2"] and "domain_uuid_key" not in {*plugged["1"], *plugged["4"]}


def shape(line: str) -> str:
    """A line with what differs between machines taken out."""
    for pattern, placeholder in (
        (r"([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}", "MAC"),
        (r"fe80::[0-9a-f:]+", "LINKLOCAL"),
        (r"\d+\.\d+\.\d+\.\d+", "IPV4"),
        (r"0x[0-9a-f]+", "HEX"),
        (r"en\d+", "EN"),
        (r" secured", ""),
        (r"\b\d+\b", "N"),
    ):
        line = re.sub(pattern, placeholder, line)
    return line.rstrip()


def interface_blocks(text: str) -> dict[str, list[str]]:
    blocks: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("\t"):
            current = blocks.setdefault(line.split(":")[0], [])
        current.append(line)
    return blocks


def test_ifconfig_of_a_bridged_port_and_of_the_bridge(fleet: Fleet, captures: Path) -> None:
    real = interface_blocks(
        (captures / "ifconfig/m-series-mbp_full_bridge0-inactive-3members_id8209961676.txt").read_text()
    )
    ours = interface_blocks(printed(fleet, "mac2", "ifconfig"))
    port = [shape(line).replace("inactive", "active") for line in ours["en2"]]
    assert port == [shape(line).replace("inactive", "active") for line in real["en1"]]
    bridge = [shape(line) for line in ours["bridge0"] if "inet6" not in line]
    active = {"\tmedia: <unknown type>": "\tmedia: autoselect", "\tstatus: inactive": "\tstatus: active"}
    assert bridge == [active.get(line, line) for line in map(shape, real["bridge0"])]


def test_networksetup_lists(fleet: Fleet, captures: Path) -> None:
    real = (captures / "networksetup-listallhardwareports/m4-base-mini_ports-1-2-4_no-bridge_skulk.txt").read_text()
    known = {shape(re.sub(r"Port: .*", "Port: NAME", line)) for line in real.splitlines()}
    text = printed(fleet, "mac2", "networksetup", "-listallhardwareports")
    assert text.startswith("\nHardware Port: ")
    ours = {shape(re.sub(r"Port: .*", "Port: NAME", line)).replace("bridge0", "EN") for line in text.splitlines()}
    assert ours == known
    order = (
        captures / "networksetup-listnetworkserviceorder/mac_vpn-services-empty-device_id65910936746.txt"
    ).read_text()
    lines = printed(fleet, "mac2", "networksetup", "-listnetworkserviceorder").splitlines()
    assert lines[0] == order.splitlines()[0]
    assert lines[-3:] == ["(3) Thunderbolt Bridge", "(Hardware Port: Thunderbolt Bridge, Device: bridge0)", ""]


def test_networksetup_refuses_as_it_does_on_a_mac(fleet: Fleet, captures: Path) -> None:
    done = fleet.run("mac1", ["networksetup", "-getinfo", "NoSuch"])
    real = (captures / "networksetup-misc/unrecognized-service_exit4_stdout_id58213409231.txt").read_text()
    assert (done.returncode, done.stdout, done.stderr) == (4, real, "")
    done = fleet.run("mac1", ["networksetup", "-setdhcp", "Ethernet"])
    assert (done.stdout, done.stderr) == ("** Error: Command requires admin privileges.\n", "")
    assert done.returncode != 0


def test_rdma_tools(fleet: Fleet, captures: Path) -> None:
    def rows(text: str) -> list[str]:
        return [re.sub(r"[0-9a-f]{12}ac05$", "GUID", shape(line)) for line in text.splitlines()]

    real = rows((captures / "ibv_devices/m3ultra-studio_6dev_mlxdocs.txt").read_text())
    ours = rows(printed(fleet, "mac1", "ibv_devices"))
    assert ours == real[:2] + real[2:6]
    assert printed(fleet, "mac1", "rdma_ctl", "status") == (captures / "rdma_ctl/status_enabled.txt").read_text()
    enable = fleet.run("mac1", ["sudo", "rdma_ctl", "enable"])
    assert enable.returncode == 77
    assert enable.stderr == (captures / "rdma_ctl/enable_outside-recovery_exit77_sqcu-mesh.txt").read_text()
    states = re.findall(r"hca_id:\t(\w+)|state:\t+(\w+) \(", printed(fleet, "mac1", "ibv_devinfo"))
    assert [a or b for a, b in states if "ACTIVE" in b or a == "rdma_en3"] == ["rdma_en3", "PORT_ACTIVE"]


def test_small_commands(fleet: Fleet, captures: Path) -> None:
    real = (captures / "sw_vers/macos-26.4-25E246.txt").read_text()
    assert printed(fleet, "mac1", "sw_vers") == real
    assert printed(fleet, "mac1", "sysctl", "-n", "hw.model") == "Mac16,9\n"
    unknown = fleet.run("mac1", ["sysctl", "-n", "no.such"])
    assert (unknown.returncode, unknown.stderr) == (1, "sysctl: unknown oid 'no.such'\n")
    route = (captures / "route-get/default_via-wifi_id65910936746.txt").read_text()
    ours = printed(fleet, "mac1", "route", "-n", "get", "default")
    assert [shape(line) for line in ours.splitlines()] == [shape(line) for line in route.splitlines()]
    assert fleet.run("mac1", ["ipconfig", "getifaddr", "en2"]).returncode == 1
    assert printed(fleet, "mac1", "ipconfig", "getifaddr", "en0") == "192.168.64.11\n"
    missing = fleet.run("mac1", ["ifconfig", "bridge7"])
    assert (missing.returncode, missing.stderr) == (1, "ifconfig: interface bridge7 does not exist\n")
    assert "Network interfaces: en0" in printed(fleet, "mac1", "scutil", "--nwi")


def test_a_mac_does_not_show_that_it_is_linux(fleet: Fleet) -> None:
    assert fleet.run("mac1", ["bash", "-c", "command -v ip bridge tc"]).stdout == ""
    assert printed(fleet, "mac1", "uname") == "Darwin\n"


def test_a_mac_behind_a_dock_is_nested_at_one_end_only(bring_up: BringUp) -> None:
    fleet = bring_up("nested")
    seen = {}
    for host in fleet.hosts:
        report = json.loads(printed(fleet, host, "system_profiler", "SPThunderboltDataType", "-json"))
        (seen[host],) = (bus["_items"][0] for bus in report["SPThunderboltDataType"] if "_items" in bus)
    assert "domain_uuid_key" not in seen["mac1"]
    assert seen["mac1"]["_items"][0]["device_name_key"] == "Mac16,11"
    assert (seen["mac2"]["device_name_key"], "_items" in seen["mac2"]) == ("Mac15,14", False)
    text = printed(fleet, "mac1", "system_profiler", "SPThunderboltDataType")
    assert "\n            Mac mini:\n\n              Vendor Name: Apple Inc.\n" in text
