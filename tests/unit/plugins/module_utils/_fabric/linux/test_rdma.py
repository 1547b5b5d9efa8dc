# SPDX-License-Identifier: Apache-2.0
"""/sys/class/infiniband: the tree of an ordinary card, of a Thunderbolt driver with a table, and of one without."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.rdma import parse_infiniband_sysfs
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid

CARD = {
    "class/infiniband/mlx5_0/node_guid": "0c42:a103:0045:1a2b\n",
    "class/infiniband/mlx5_0/device": "devices/pci0000:00/0000:00:01.0/0000:01:00.0",
    "class/infiniband/mlx5_0/ports/1/state": "4: ACTIVE\n",
    "class/infiniband/mlx5_0/ports/1/gids/0": "fe80:0000:0000:0000:0e42:a1ff:fe45:1a2b\n",
    "class/infiniband/mlx5_0/ports/1/gids/1": "0000:0000:0000:0000:0000:ffff:c0a8:0702\n",
    "class/infiniband/mlx5_0/ports/1/gids/2": "0000:0000:0000:0000:0000:0000:0000:0000\n",
    "class/infiniband/mlx5_0/ports/1/gid_attrs/ndevs/0": "enp1s0\n",
    "class/infiniband/mlx5_0/ports/1/gid_attrs/ndevs/1": "enp1s0\n",
}
XDOMAIN = "devices/pci0000:00/0000:00:0d.2/domain0/0-0/0-1"
NETWORK = {"class/net/thunderbolt0/device": XDOMAIN + "/0-1.0", "class/net/enp1s0/device": "devices/pci0000:00/x"}
THUNDERBOLT = {
    "class/infiniband/usb4_rdma0/node_guid": "0200:0000:0000:0001\n",
    "class/infiniband/usb4_rdma0/device": XDOMAIN + "/0-1.1",
    "class/infiniband/usb4_rdma0/ports/1/state": "1: DOWN\n",
}


def test_a_card_lies_on_the_interface_that_its_table_names():
    (device,) = parse_infiniband_sysfs({**CARD, **NETWORK})
    assert (device.name, device.device, device.port, device.active) == ("mlx5_0", "enp1s0", 1, True)
    assert (device.state, device.guid) == ("PORT_ACTIVE", "0c42a10300451a2b")
    assert device.gids == (Gid(0, "fe80::e42:a1ff:fe45:1a2b"), Gid(1, "::ffff:192.168.7.2"))


def test_a_device_without_a_table_lies_beside_its_interface():
    device = parse_infiniband_sysfs({**THUNDERBOLT, **NETWORK})[0]
    assert (device.name, device.device, device.active, device.state) == (
        "usb4_rdma0",
        "thunderbolt0",
        False,
        "PORT_DOWN",
    )


def test_another_cable_s_interface_is_not_taken():
    elsewhere = {"class/net/thunderbolt1/device": XDOMAIN.replace("0-1", "0-3") + "/0-3.0"}
    assert parse_infiniband_sysfs({**THUNDERBOLT, **elsewhere})[0].device == ""


def test_the_first_active_port_counts():
    second = {
        "class/infiniband/usb4_rdma0/ports/2/state": "4: ACTIVE",
        "class/infiniband/usb4_rdma0/ports/10/state": "4: ACTIVE",
    }
    assert parse_infiniband_sysfs({**THUNDERBOLT, **second})[0].port == 2


def test_odd_trees_are_read_as_far_as_they_go():
    odd = {
        "class/infiniband/x/ports/²/state": "4: ACTIVE",
        "class/infiniband/y/ports/1/state": "4",
        "class/infiniband/y/ports/1/gids/" + "9" * 5000: "fe80::1",
        "class/infiniband/z": "",
        "class/net/thunderbolt0/device": "",
    }
    devices = parse_infiniband_sysfs(odd)
    assert [(device.name, device.state, device.gids) for device in devices] == [
        ("x", "", ()),
        ("y", "", ()),
        ("z", "", ()),
    ]
    assert parse_infiniband_sysfs({}) == ()
