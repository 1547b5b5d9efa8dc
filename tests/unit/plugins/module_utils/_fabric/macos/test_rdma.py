# SPDX-License-Identifier: Apache-2.0
"""rdma_ctl, ibv_devices, ibv_devinfo."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.rdma import (
    parse_ibv_devices,
    parse_ibv_devinfo,
    parse_rdma_ctl,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import RdmaDevice
from unit.plugins.module_utils._fabric.recordings import all_captures, capture, own


def test_devices_of_our_own_recording():
    assert parse_ibv_devices(own("mac_studio", "ibv_devices.txt")) == (
        ("rdma_en2", "000b0b0b0b0bac05"),
        ("rdma_en6", "010b0b0b0b0bac05"),
        ("rdma_en4", "020b0b0b0b0bac05"),
        ("rdma_en5", "030b0b0b0b0bac05"),
    )


@pytest.mark.parametrize(
    "name, count, third",
    [
        ("m3ultra-studio_6dev_mlxdocs", 6, "rdma_en5"),
        ("m3ultra-studio_6dev_SPACES", 6, "rdma_en4"),
        ("m4pro-mini_3dev", 3, "rdma_en4"),
        ("three-dev", 3, "rdma_en5"),
    ],
)
def test_devices_of_captures_in_the_order_of_the_driver(name, count, third):
    devices = parse_ibv_devices(capture("ibv_devices", name))
    assert (len(devices), devices[2][0]) == (count, third)


def test_a_heading_alone_means_no_devices():
    assert parse_ibv_devices(capture("ibv_devices", "tb4-mac")) == ()
    assert parse_ibv_devices("    device          \t   node GUID\n    ------          \t----------------\n") == ()


def test_devinfo_of_our_own_recording():
    assert parse_ibv_devinfo(own("mac_studio", "ibv_devinfo.txt")) == (
        RdmaDevice("rdma_en2", 1, True, ("fe80::3400:ff:fe0b:80", "::ffff:10.77.8.5")),
        RdmaDevice("rdma_en6", 1, False, ("fe80::3400:ff:fe0b:84",)),
    )


def test_devinfo_with_its_layout_lost():
    (device,) = parse_ibv_devinfo(capture("ibv_devinfo", "v-detail_en2"))
    gids = ("fe80::344d:4ff:feea:4e40", "::ffff:169.254.205.255", "fe80::1021:1bac:fe1:b5e3")
    assert device == RdmaDevice("rdma_en2", 1, True, gids)


def test_devinfo_of_three_active_ports():
    devices = parse_ibv_devinfo(capture("ibv_devinfo", "m4pro-mini_3dev"))
    assert [(device.name, device.active) for device in devices] == [
        ("rdma_en2", True),
        ("rdma_en3", True),
        ("rdma_en4", True),
    ]


@pytest.mark.parametrize("path", all_captures("ibv_devinfo"))
def test_every_capture_of_devinfo_is_understood(path):
    parse_ibv_devinfo(path.read_text(encoding="utf-8"))


def test_the_first_active_port_of_a_device_counts():
    text = (
        "hca_id: x\n port: 1\n state: PORT_DOWN (1)\n port: 2\n state: PORT_ACTIVE (4)\n GID[  0]: fe80::2, RoCE v2\n"
    )
    assert parse_ibv_devinfo(text) == (RdmaDevice("x", 2, True, ("fe80::2",)),)


@pytest.mark.parametrize("parse", [parse_ibv_devices, parse_ibv_devinfo])
def test_no_devices_is_no_error_but_nonsense_is(parse):
    assert parse("No IB devices found\n") == ()
    with pytest.raises(ParseError):
        parse("Segmentation fault\n")


def test_rdma_ctl():
    assert parse_rdma_ctl("enabled\n") == "enabled"
    assert parse_rdma_ctl("disabled\n") == "disabled"
    with pytest.raises(ParseError, match="Recovery"):
        parse_rdma_ctl("rdma_ctl: This tool needs to be executed from Recovery OS.\n")
