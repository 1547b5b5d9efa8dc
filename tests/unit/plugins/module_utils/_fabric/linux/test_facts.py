# SPDX-License-Identifier: Apache-2.0
"""A Linux host: sysfs and ip."""

from __future__ import annotations

import json

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.facts import linux_facts
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.ip import (
    Interface,
    parse_ip_addr,
    parse_ip_neigh,
    parse_ip_route,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.thunderbolt import (
    interfaces_to_ask,
    parse_thunderbolt_sysfs,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, ConfigFile, Nic, Peer

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


def test_only_cables_between_the_same_two_controllers_are_listened_to():
    far = "c0000001-1111-4222-8333-000000000001"
    second = {BUS + "0-1/unique_id": far, BUS + "0-1.0/prtcid": "1", "class/net/thunderbolt1/device": "../0-1/0-1.0"}
    assert interfaces_to_ask(TREE) == ()
    assert interfaces_to_ask({**TREE, **second}) == ("thunderbolt1", "thunderbolt0")


def test_who_was_heard():
    text = json.dumps(
        [
            {"dst": "fe80::2", "dev": "thunderbolt0", "lladdr": "12:71:5E:00:AA:BB"},
            {"dst": "10.77.0.2", "dev": "thunderbolt0", "lladdr": "12:71:5e:00:aa:bb"},
            {"dst": "fe80::3", "dev": "thunderbolt0", "state": ["FAILED"]},
            {"dst": "fe80::4", "dev": None, "lladdr": "x"},
        ]
    )
    assert parse_ip_neigh(text) == {"thunderbolt0": ("12:71:5e:00:aa:bb",)}


def test_what_ip_leaves_out_is_a_fact_that_is_not_there():
    odd = {"ifname": "eth0", "addr_info": None, "flags": None, "mtu": "x", "address": None, "master": None}
    found = parse_ip_addr(json.dumps([odd, {"ifname": None}, {}]))
    assert found == {"eth0": Interface("eth0", False, 0, "", "", ())}
    assert parse_ip_route('[{"dst": "10.0.0.0/8", "nexthops": null}, {"dst": null}]') == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"addr_info": [{"family": "inet", "local": "10.0.0.1", "prefixlen": 33}]}, "'10.0.0.1/33', which is none"),
        ({"addr_info": [{"family": "inet", "local": "10.0.0.300", "prefixlen": 8}]}, "10.0.0.300/8"),
        ({"addr_info": [{"family": "inet", "local": 1, "prefixlen": 8}]}, "eth0 has the address '1/8'"),
        ({"addr_info": [{"family": "inet", "local": "10.0.0.1", "prefixlen": "255.0.255.0"}]}, "10.0.0.1/255.0.255.0"),
        ({"ifname": 7}, "7 is not the name of an interface"),
        ({"ifname": "eth0; reboot"}, "is not the name of an interface"),
        ({"master": {"a": 1}}, "is not the name of an interface"),
    ],
)
def test_what_cannot_be_is_an_error_that_names_it(entry, words):
    with pytest.raises(ParseError) as caught:
        parse_ip_addr(json.dumps([{"ifname": "eth0", **entry}]))
    assert words in caught.value.message


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '[{"mtu": ' + "9" * 5000 + "}]"])
def test_deep_and_long_things_are_an_error(text):
    with pytest.raises(ParseError, match="ip -j addr: not"):
        parse_ip_addr(text)


@pytest.mark.parametrize(("lanes", "gbps"), [("²", 0), ("2", 40), ("9" * 5000, 0), ("", 0), ("-1", 0)])
def test_lanes_that_are_no_number_give_no_speed(lanes, gbps):
    first, _second = parse_thunderbolt_sysfs(dict(TREE, **{BUS + "0-3/rx_lanes": lanes}))
    assert first.speed_gbps == gbps


def test_the_slower_direction_is_the_speed():
    tree = dict(TREE, **{BUS + "0-3/rx_speed": "40.0 Gb/s", BUS + "0-3/rx_lanes": "3"})
    tree.update({BUS + "0-3/tx_speed": "40.0 Gb/s", BUS + "0-3/tx_lanes": "1"})
    assert parse_thunderbolt_sysfs(tree)[0].speed_gbps == 40


def _renumbered(tree):
    """The same computer after a boot that found the controllers in the other order."""
    swap = {"0": "1", "1": "0"}
    found = {}
    for path, content in tree.items():
        name = path[len(BUS) :] if path.startswith(BUS) else ""
        if name[:1] in swap and "-" in name:
            path = BUS + swap[name[0]] + name[1:]
        if name.startswith("domain"):
            path = BUS + "domain" + swap[name[6]]
        found[path] = content.replace("0-3.0", "1-3.0") if path.startswith("class/net") else content
    return found


@pytest.mark.parametrize(
    "places",
    [
        {},  # told apart by their identities
        {
            BUS + "domain0": "../../../devices/pci0000:00/0000:00:0d.3/domain0",
            BUS + "domain1": "../0000:00:0d.2/domain1",
        },
    ],
)
def test_a_receptacle_has_the_same_number_after_a_boot_that_found_the_controllers_in_another_order(places):
    tree = {**TREE, **places}
    before, after = parse_thunderbolt_sysfs(tree), parse_thunderbolt_sysfs(_renumbered(tree))
    assert [(r.number, r.uid, r.device) for r in before] == [(r.number, r.uid, r.device) for r in after]


def test_retimers_unreadable_files_and_odd_names_are_nobody():
    odd = {BUS + name: "" for name in ("0-0:1.1/vendor", "0-1/device_name", "x-y/z", "0-1.x/key", "0-/a", "٣-1/b")}
    assert parse_thunderbolt_sysfs({**TREE, **odd})[0].peers == (Peer("device", "0-1"),)
    assert parse_thunderbolt_sysfs({BUS + "0-0:1.1/vendor": "0x8087"}) == ()


def test_who_keeps_the_addresses_and_what_of_it_is_ours(raw):
    own = "config:/etc/systemd/network/10-boltloom-thunderbolt-2.network"
    more = {"netif:7": "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/30-x.network\n", own: "ours"}
    addresses = [dict(entry, ifindex=7) if entry["ifname"] == "thunderbolt0" else entry for entry in ADDRESSES]
    raw.update(more, ip_addr=json.dumps(addresses), processes="systemd-network\nfirewalld\n")
    raw["interfaces"] = "iface br0 inet static\n  bridge_ports eth1 thunderbolt0\n"
    facts = linux_facts(raw)
    assert (facts.manager, facts.firewall) == ("networkd", "on")
    assert facts.ports[0].configuration == "/etc/systemd/network/30-x.network"
    assert facts.config == (ConfigFile(own[len("config:") :], "ours"),)
    assert facts.foreign == (
        "/etc/network/interfaces puts thunderbolt0 into a bridge at each boot: take it out of bridge_ports there",
    )
    stopped = linux_facts(dict(raw, processes=""))
    assert stopped.manager == "none" and "a reboot loses the addresses" in stopped.warnings[-1]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"dst": "what", "dev": "eno1"}]'])
def test_foreign_routes(text):
    with pytest.raises(ParseError, match="ip -j route"):
        parse_ip_route(text)
