# SPDX-License-Identifier: Apache-2.0
"""A Linux host: sysfs and ip."""

from __future__ import annotations

import json

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.facts import linux_facts
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.ip import parse_ip_addr, parse_ip_route
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.thunderbolt import parse_thunderbolt_sysfs
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, Nic, Peer

UUID = "d1010780-0070-6c18-2372-c40eb5021e02"
BUS = "bus/thunderbolt/devices/"

# Two controllers; a Mac at the first one's second receptacle, a dock with a Linux host behind it at the second one.
TREE = {
    BUS + "domain0/uevent": "",
    BUS + "0-0/unique_id": UUID + "\n",
    BUS + "0-0/generation": "4\n",
    BUS + "0-0/authorized": "1\n",
    BUS + "0-3/unique_id": "c0000001-1111-4222-8333-000000000001\n",
    BUS + "0-3/device_name": "Mac16,9\n",
    BUS + "0-3/vendor_name": "Apple Inc.\n",
    BUS + "0-3/rx_speed": "20.0 Gb/s\n",
    BUS + "0-3/rx_lanes": "2\n",
    BUS + "0-3.0/key": "network\n",
    BUS + "0-3.0/prtcid": "1\n",
    BUS + "0-3.1/prtcid": "64087\n",
    BUS + "1-0/unique_id": "e1010780-0070-6c18-2372-c40eb5021e02\n",
    BUS + "1-0/authorized": "1\n",
    BUS + "1-1/unique_id": "00aaaaaa-0070-6c18-2372-c40eb5021e02\n",
    BUS + "1-1/device_name": "Dock\n",
    BUS + "1-1/vendor_name": "Maker\n",
    BUS + "1-1/authorized": "1\n",
    BUS + "1-1/rx_speed": "20.0 Gb/s\n",
    BUS + "1-1/rx_lanes": "1\n",
    BUS + "1-301/unique_id": "f1010780-0070-6c18-2372-c40eb5021e02\n",
    BUS + "1-301/device_name": "box\n",
    BUS + "1-301.0/prtcid": "1\n",
    "class/net/thunderbolt0/device": "../../../0-3.0",
    "class/net/wlp2s0/wireless": "",
}


def interface(name, *addresses, flags=("UP", "LOWER_UP"), **more):
    infos = [{"family": "inet", "local": a.split("/")[0], "prefixlen": int(a.split("/")[1])} for a in addresses]
    infos.append({"family": "inet6", "local": "fe80::1", "prefixlen": 64})
    return dict(
        {"ifname": name, "flags": list(flags), "mtu": 1500, "address": "02:00:00:00:00:0A", "addr_info": infos}, **more
    )


ADDRESSES = [
    interface("lo", "127.0.0.1/8"),
    interface("eno1", "192.168.64.30/24"),
    interface("wlp2s0", "192.168.70.30/24"),
    interface("wg0", "10.8.0.2/24"),
    interface("docker0", "172.17.0.1/16"),
    interface("br0", "192.168.80.1/24"),
    interface("thunderbolt0", "169.254.3.3/16", master="br0"),
]
ROUTES = [
    {"dst": "default", "gateway": "192.168.64.1", "dev": "eno1"},
    {"dst": "192.168.64.0/24", "dev": "eno1"},
    {"dst": "10.9.0.1", "nexthops": [{"dev": "eno1"}, {"dev": "wlp2s0"}]},
    {"type": "blackhole", "dst": "10.66.0.0/16"},
]


@pytest.fixture(name="raw")
def _raw():
    raw = {"sysfs:" + path: content for path, content in TREE.items()}
    raw.update(ip_addr=json.dumps(ADDRESSES), ip_route=json.dumps(ROUTES), hostname="box1\n", kernel="6.1.0-30-amd64\n")
    raw.update(processes="systemd-udevd\n", os_release='NAME="Debian"\nVERSION_ID="12"\n', product_name="NUC13\n")
    return raw


def test_receptacles_are_counted_over_domains_and_lanes():
    found = parse_thunderbolt_sysfs(TREE)
    assert [(receptacle.number, receptacle.device, receptacle.speed_gbps) for receptacle in found] == [
        (2, "thunderbolt0", 40),
        (3, "", 20),
    ]
    assert found[0].uid == UUID + "/2"
    assert found[0].domain_uuid == UUID.upper()


def test_a_mac_and_a_host_behind_a_dock():
    first, second = parse_thunderbolt_sysfs(TREE)
    assert first.peers == (
        Peer("host", "Apple Inc. Mac16,9", "Mac16,9", "C0000001-1111-4222-8333-000000000001", rdma_service=True),
    )
    assert second.peers == (
        Peer("device", "Maker Dock"),
        Peer("host", "box", "box", "F1010780-0070-6C18-2372-C40EB5021E02", depth=1),
    )


def test_a_host_without_thunderbolt():
    assert parse_thunderbolt_sysfs({}) == ()
    assert parse_thunderbolt_sysfs({BUS + "0-0/unique_id": UUID}) == ()


def test_the_facts(raw):
    facts = linux_facts(raw)
    assert (facts.system, facts.hostname, facts.model) == ("linux", "box1", "NUC13")
    assert (facts.os_version, facts.os_build) == ("12", "6.1.0-30-amd64")
    port = facts.ports[0]
    assert (port.device, port.up, port.bridge, port.addresses) == ("thunderbolt0", True, "br0", ("169.254.3.3/16",))
    assert (port.mac, port.mtu) == ("02:00:00:00:00:0a", 1500)
    assert facts.bridges == (Bridge("br0", True, ("thunderbolt0",)),)
    assert facts.nics == (
        Nic("eno1", "192.168.64.30/24", "ethernet"),
        Nic("wlp2s0", "192.168.70.30/24", "wifi"),
        Nic("wg0", "10.8.0.2/24", "vpn"),
        Nic("docker0", "172.17.0.1/16", "other"),
        Nic("br0", "192.168.80.1/24", "ethernet"),
    )
    assert facts.routes == (
        ("0.0.0.0/0", "eno1"),
        ("192.168.64.0/24", "eno1"),
        ("10.9.0.1/32", "eno1"),
        ("10.9.0.1/32", "wlp2s0"),
    )


def test_a_cable_without_driver_is_a_warning(raw):
    assert linux_facts(raw).warnings == (
        "receptacle 3: a host is connected, but there is no network interface for it: "
        "load the module (modprobe thunderbolt-net)",
    )


def test_a_link_needs_more_than_permission():
    text = json.dumps([interface("thunderbolt0", flags=["NO-CARRIER", "UP"])])
    assert parse_ip_addr(text)["thunderbolt0"].up is False


def test_routes_that_are_not_understood_are_a_warning_and_interfaces_an_error(raw):
    assert "ip -j route: not JSON" in linux_facts(dict(raw, ip_route="Usage: ip")).warnings[1]
    with pytest.raises(ParseError, match="ip -j addr: not JSON"):
        linux_facts(dict(raw, ip_addr="Usage: ip"))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"dst": "what", "dev": "eno1"}]'])
def test_foreign_routes(text):
    with pytest.raises(ParseError, match="ip -j route"):
        parse_ip_route(text)
