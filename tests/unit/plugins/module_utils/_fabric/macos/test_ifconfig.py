# SPDX-License-Identifier: Apache-2.0
"""Interfaces as they are now."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.ifconfig import Interface, parse_ifconfig
from unit.plugins.module_utils._fabric.recordings import all_captures, capture, own


def test_our_own_recording():
    interfaces = parse_ifconfig(own("mac_studio", "ifconfig.txt"))
    assert interfaces["en2"] == Interface("en2", True, True, 1500, "36:00:00:0b:00:80")
    assert interfaces["en4"].active is False  # RUNNING, but without a cable
    assert interfaces["en4"].mac == "36:00:00:0b:00:88"  # blank at the end of the line
    assert interfaces["bridge0"].members == ("en2", "en6", "en5")
    assert interfaces["bridge0"].addresses == ("169.254.9.9/16",)
    assert interfaces["bridge100"].members == ("vmenet0",)
    assert interfaces["utun4"].addresses == ("100.90.1.2/32",)
    assert interfaces["en8"].mtu == 1500  # "constrained" after it


def test_a_real_thunderbolt_port_with_an_address():
    interfaces = parse_ifconfig(capture("ifconfig", "en2_tb-port"))
    assert interfaces == {
        "en2": Interface("en2", True, True, 1500, "36:4d:04:ea:4e:40", ("169.254.205.255/16",)),
    }


@pytest.mark.parametrize(
    "name, up, active, members",
    [
        ("bridge0_DOWN", False, False, ("en1", "en2", "en3", "en4")),
        ("bridge0_active-3members", True, True, ("en2", "en3", "en4")),
        ("bridge0_active-apipa", True, True, ("en1", "en2", "tap0")),
        ("bridge0_intel", True, False, ("en1", "en2", "en3", "en4")),
        ("bridge0_empty", False, False, ()),
        ("m-series-mbp", True, False, ("en1", "en2", "en3")),
        ("m3ultra-studio", True, False, ("en2", "en3", "en4", "en5", "en6", "en7")),
    ],
)
def test_bridges_of_captures(name, up, active, members):
    bridge = parse_ifconfig(capture("ifconfig", name))["bridge0"]
    assert (bridge.up, bridge.active, bridge.members) == (up, active, members)


@pytest.mark.parametrize("path", all_captures("ifconfig"))
def test_every_capture_is_understood(path):
    assert parse_ifconfig(path.read_text(encoding="utf-8"))


def test_lines_of_an_interface_that_is_not_understood_are_nobodys():
    text = "en2: flags=8863<UP> mtu 1500\n\tstatus: inactive\nen3: something new\n\tstatus: active\n"
    assert parse_ifconfig(text)["en2"].active is False


@pytest.mark.parametrize("text", ["", "ifconfig: interface bridge0 does not exist\n"])
def test_no_interface_is_an_error(text):
    with pytest.raises(ParseError, match="no interface"):
        parse_ifconfig(text)


def test_an_address_without_netmask_is_an_error():
    with pytest.raises(ParseError, match="en2: 'inet 10.0.0.1'"):
        parse_ifconfig("en2: flags=8863<UP> mtu 1500\n\tinet 10.0.0.1\n")


HEAD = "en2: flags=8863<UP,RUNNING> mtu 1500\n"


@pytest.mark.parametrize(
    "line, addresses",
    [
        ("inet 10.0.0.1 --> 10.0.0.2 netmask 0xffffffff", ("10.0.0.1/32",)),
        ("inet 10.0.0.1 netmask 255.255.255.0 broadcast 10.0.0.255", ("10.0.0.1/24",)),
        ("inet 10.0.0.1 netmask 0xff00ff00", ("10.0.0.1/32",)),
        ("inet 10.0.0.1 netmask 0x" + "f" * 5000, ("10.0.0.1/32",)),
    ],
)
def test_addresses(line, addresses):
    interface = parse_ifconfig(f"{HEAD}\t{line}\n")["en2"]
    assert interface.addresses == addresses
    assert bool(interface.odd) == ("0xff00" in line or "ffff" * 100 in line)


@pytest.mark.parametrize("line", ["inet 300.0.0.1 netmask 0xff000000", "inet", "inet ١.٢.٣.٤ netmask 0xff000000"])
def test_an_address_that_is_none_names_its_interface(line):
    with pytest.raises(ParseError, match="^ifconfig: en2: 'inet"):
        parse_ifconfig(f"{HEAD}\t{line}\n")


def test_an_interface_that_is_listed_twice_is_refused():
    with pytest.raises(ParseError, match="'en2' is listed twice"):
        parse_ifconfig(HEAD + HEAD)


@pytest.mark.parametrize("mtu", ["²", "9" * 5000, "-1", ""])
def test_an_mtu_that_is_none_is_not_known(mtu):
    assert parse_ifconfig(f"en2: flags=8863<UP> mtu {mtu}\n")["en2"].mtu == 0


@pytest.mark.parametrize("name", ["-x", "é", "en2\u2028"])
def test_a_member_that_no_command_can_be_given_does_not_count(name):
    interface = parse_ifconfig(f"bridge0: flags=8863<UP> mtu 1500\n\tmember: {name} flags=3<LEARNING>\n")["bridge0"]
    assert interface.members == () and len(interface.odd) == 1
