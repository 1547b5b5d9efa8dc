# SPDX-License-Identifier: Apache-2.0
"""rdma_ctl, ibv_devices, ibv_devinfo."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.rdma import (
    parse_gid,
    parse_ibv_devices,
    parse_ibv_devinfo,
    parse_rdma_ctl,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid
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


def gids(*addresses):
    return tuple(Gid(index, address) for index, address in enumerate(addresses))


def test_devinfo_of_our_own_recording():
    first, second = parse_ibv_devinfo(own("mac_studio", "ibv_devinfo.txt"))
    assert (first.name, first.device, first.port, first.active) == ("rdma_en2", "en2", 1, True)
    assert (first.state, first.gids) == ("PORT_ACTIVE", gids("fe80::3400:ff:fe0b:80", "::ffff:10.77.8.5"))
    assert (second.name, second.active, second.state) == ("rdma_en6", False, "PORT_DOWN")
    assert len(first.guid) == 16 and first.guid != second.guid


def test_devinfo_with_its_layout_lost():
    (device,) = parse_ibv_devinfo(capture("ibv_devinfo", "v-detail_en2"))
    assert device.gids == gids("fe80::344d:4ff:feea:4e40", "::ffff:169.254.205.255", "fe80::1021:1bac:fe1:b5e3")
    assert (device.active, device.guid) == (True, "90933a232588ac05")


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
    (device,) = parse_ibv_devinfo(text)
    assert (device.port, device.active, device.gids) == (2, True, gids("fe80::2"))


@pytest.mark.parametrize("state", ["PORT_DOWN", "PORT_INIT", "PORT_ARMED", "PORT_ACTIVE_DEFER", "PORT_NOP"])
def test_no_other_state_than_active_is_active(state):
    (device,) = parse_ibv_devinfo(f"hca_id:\trdma_en2\n\t\tport:\t1\n\t\t\tstate:\t\t\t{state} (7)\n")
    assert not device.active


def test_a_state_that_was_elided_is_not_known():
    (device,) = parse_ibv_devinfo("hca_id:\trdma_en2\n\ttransport:\tThunderbolt (100)\n...\n\t\tport:\t1\n...\n")
    assert (device.active, device.state, device.port) == (False, "", 1)


def test_an_index_is_what_the_table_says_and_not_a_count():
    text = "hca_id: rdma_en2 port: 1 state: PORT_ACTIVE (4) ... GID[  2]: ::FFFF:0A4D:0001 GID[ 10]: ::ffff:10.77.0.5"
    (device,) = parse_ibv_devinfo(text)
    assert device.gids == (Gid(2, "::ffff:10.77.0.1"), Gid(10, "::ffff:10.77.0.5"))


def test_what_lies_between_port_and_state_on_linux_does_not_matter():
    text = """hca_id:\tmlx5_0
\ttransport:\t\t\tInfiniBand (0)
\tfw_ver:\t\t\t\t16.35.2000
\tnode_guid:\t\t\t0c42:a103:0045:1a2b
\tmax_qp:\t\t\t\t131072
\tmax_qp_wr:\t\t\t32768
\t\tport:\t1
\t\t\tstate:\t\t\tPORT_ACTIVE (4)
\t\t\tphys_state:\t\tLINK_UP (5)
\t\t\tGID[  0]:\t\tfe80:0000:0000:0000:0e42:a1ff:fe45:1a2b, RoCE v1
\t\t\tGID[  3]:\t\t::ffff:192.168.7.2, RoCE v2
"""
    (device,) = parse_ibv_devinfo(text)
    assert (device.active, device.device, device.guid, device.max_qp) == (True, "", "0c42a10300451a2b", 131072)
    assert device.gids == (Gid(0, "fe80::e42:a1ff:fe45:1a2b"), Gid(3, "::ffff:192.168.7.2"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("::ffff:10.77.0.1", "::ffff:10.77.0.1"),
        ("::FFFF:A4D:1", "::ffff:10.77.0.1"),
        ("0000:0000:0000:0000:0000:ffff:0a4d:0001", "::ffff:10.77.0.1"),
        ("fe80:0000:0000:0000:0000:0000:0000:0001\n", "fe80::1"),
        ("0000:0000:0000:0000:0000:0000:0000:0000", None),
        ("", None),
        ("10.77.0.1", None),
        ("fe80::1::2", None),
        ("9" * 5000, None),
    ],
)
def test_a_gid_has_one_spelling_here(text, address):
    assert parse_gid(text) == address


@pytest.mark.parametrize(
    "row", ["rdma_en2 8096A9D9EDBAAC05", "\trdma_en2\t8096:a9d9:edba:ac05\r", " rdma_en2  0x8096a9d9edbaac05"]
)
def test_a_row_of_ibv_devices_however_it_is_written(row):
    assert parse_ibv_devices(f"device node GUID\n------ -----\n{row}\n") == (("rdma_en2", "8096a9d9edbaac05"),)


@pytest.mark.parametrize("name", ["rdma_en2\x1b[31m", "rdma_en2,evil", "é", "x" * 65])
def test_a_name_that_is_none_is_not_carried_on(name):
    assert parse_ibv_devices(f"device node GUID\n{name} 8096a9d9edbaac05\n") == ()
    with pytest.raises(ParseError):
        parse_ibv_devinfo(f"hca_id:\t{name}\n\t\tport:\t1\n")


def test_a_line_that_broke_behind_hca_id():
    assert parse_ibv_devinfo("hca_id:\n    rdma_en2\n  port: 1 state: PORT_ACTIVE (4)")[0].name == "rdma_en2"


def test_numbers_without_end_are_no_numbers():
    nine = "9" * 5000
    (device,) = parse_ibv_devinfo(
        f"hca_id: x max_qp: {nine} port: {nine} port: 1 state: PORT_DOWN GID[{nine}]: fe80::1"
    )
    assert (device.port, device.max_qp, device.gids) == (1, 0, ())


@pytest.mark.parametrize("parse", [parse_ibv_devices, parse_ibv_devinfo])
def test_no_devices_is_no_error_but_nonsense_is(parse):
    assert parse("No IB devices found\n") == ()
    with pytest.raises(ParseError):
        parse("Segmentation fault\n")


@pytest.mark.parametrize(
    ("text", "switch"),
    [
        ("enabled\n", "enabled"),
        ("disabled\n", "disabled"),
        ("Enabled\r\n", "enabled"),
        ("RDMA: enabled", "enabled"),
        ("RDMA is disabled.\n", "disabled"),
    ],
)
def test_rdma_ctl(text, switch):
    assert parse_rdma_ctl(text) == switch


@pytest.mark.parametrize(
    "text",
    [
        "rdma_ctl: This tool needs to be executed from Recovery OS.\n",
        "",
        "RDMA is not enabled",
        "enabled\ndisabled",
        "RDMA can be enabled in Recovery",
        "reenabled",
    ],
)
def test_rdma_ctl_with_other_words(text):
    with pytest.raises(ParseError, match="rdma_ctl"):
        parse_rdma_ctl(text)
