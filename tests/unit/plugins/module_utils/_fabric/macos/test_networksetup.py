# SPDX-License-Identifier: Apache-2.0
"""Hardware ports, services, and the errors that networksetup prints where results belong."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos import networksetup
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.networksetup import (
    HardwarePort,
    ServiceEntry,
    ServiceInfo,
)
from unit.plugins.module_utils._fabric.recordings import all_captures, capture, own

PORTS = "networksetup-listallhardwareports"
ORDER = "networksetup-listnetworkserviceorder"
GETINFO = "networksetup-getinfo"


def test_hardware_ports_keep_name_device_and_mac():
    ports = networksetup.parse_hardware_ports(own("mac_studio", "hardware_ports.txt"))
    assert [(port.name, port.device) for port in ports if port.name.startswith("Thunderbolt ")] == [
        ("Thunderbolt 1", "en2"),
        ("Thunderbolt 2", "en6"),
        ("Thunderbolt 3", "en4"),
        ("Thunderbolt 4", "en5"),
        ("Thunderbolt Bridge", "bridge0"),
    ]
    assert ports[0] == HardwarePort("Ethernet", "en0", "02:00:00:0b:00:00")


def test_a_real_mini_whose_numbers_skip():
    ports = networksetup.parse_hardware_ports(capture(PORTS, "m4-base-mini"))
    thunderbolt = {port.name: port.device for port in ports if port.name.startswith("Thunderbolt")}
    assert thunderbolt == {"Thunderbolt 1": "en2", "Thunderbolt 2": "en3", "Thunderbolt 4": "en4"}


@pytest.mark.parametrize(
    "name, expected",
    [
        ("intel-mbp2016", ("Thunderbolt Bridge", "bridge0", "82:4a:c9:c5:58:01")),
        ("intel-mbp_thunderbolt-ethernet", ("Thunderbolt Ethernet Slot 1, Port 1", "en10", "64:4a:f2:19:f3:c6")),
        ("mac_bridge-NA", ("Thunderbolt Bridge", "bridge0", "")),
    ],
)
def test_odd_names_and_addresses_of_real_macs(name, expected):
    assert HardwarePort(*expected) in networksetup.parse_hardware_ports(capture(PORTS, name))


@pytest.mark.parametrize("path", all_captures(PORTS))
def test_every_capture_of_hardware_ports_is_understood(path):
    ports = networksetup.parse_hardware_ports(path.read_bytes().decode("utf-8"))
    assert "bridge0" in [port.device for port in ports] or "no-bridge" in path.name


def test_services_map_devices_whatever_they_are_called():
    services = networksetup.parse_service_order(own("mac_studio", "service_order.txt"))
    assert services[3:] == (
        ServiceEntry("Old cable", False, "Thunderbolt 3", "en4"),
        ServiceEntry("Cable (to the lab)", True, "Thunderbolt 3", "en4"),
        ServiceEntry("Office VPN", True, "org.example.vpn", ""),
    )


def test_a_port_name_with_the_separator_in_it_is_split_at_the_last_one():
    text = "(1) Slot\n(Hardware Port: Thunderbolt Ethernet Slot 1, Device: odd, Device: en10)\n"
    assert networksetup.parse_service_order(text)[0].device == "en10"


@pytest.mark.parametrize(
    "name, index, expected",
    [
        ("mac_vpn", 5, ServiceEntry("Karing (system)", True, "com.nebula.karing", "")),
        ("intel-mbp_bluetooth", 0, ServiceEntry("Bluetooth DUN", True, "Bluetooth DUN", "Bluetooth-Modem")),
        ("imac_firewire_CRLF", 5, ServiceEntry("Thunderbolt Bridge", True, "Thunderbolt Bridge", "bridge0")),
        ("mac_service-name-with-parens", 3, ServiceEntry("MyPraga (192.0.2.19) awg", True, "com.amnezia.awg", "")),
        ("mac_service-name-with-parens", 4, ServiceEntry("Old LAN", False, "USB LAN", "en7")),
    ],
)
def test_services_of_captures(name, index, expected):
    assert networksetup.parse_service_order(capture(ORDER, name))[index] == expected


def test_a_service_whose_second_line_is_missing_is_an_error():
    with pytest.raises(ParseError, match="'Wi-Fi'"):
        networksetup.parse_service_order("(1) Wi-Fi\n\n(2) LAN\n(Hardware Port: LAN, Device: en5)\n")


@pytest.mark.parametrize(
    "name, expected",
    [
        ("thunderbolt-bridge_dhcp", ServiceInfo("dhcp", ipv6="automatic")),
        (
            "usb-adapter-absent_manual",
            ServiceInfo("manual", "192.168.100.100", "255.255.255.0", "192.168.100.1", "automatic"),
        ),
        ("usb-lan_manual_empty", ServiceInfo("manual", "192.168.50.120", "255.255.255.0", "")),
        ("usb-lan_dhcp", ServiceInfo("dhcp", "192.0.2.195", "255.255.255.128", "192.0.2.254")),
        ("wifi_manual_ipv6-off", ServiceInfo("manual", "10.0.1.16", "255.255.255.0", "", "off")),
        ("disabled-or-off", ServiceInfo("manual")),
    ],
)
def test_getinfo_of_captures(name, expected):
    assert networksetup.parse_getinfo(capture(GETINFO, name)) == expected


def test_getinfo_of_our_own_recording():
    text = own("mac_studio", "getinfo_cable.txt")
    assert networksetup.parse_getinfo(text) == ServiceInfo("manual", "10.77.8.1", "255.255.255.252", "", "automatic")


@pytest.mark.parametrize("path", all_captures(GETINFO))
def test_every_capture_of_getinfo_has_a_method(path):
    assert networksetup.parse_getinfo(path.read_bytes().decode("utf-8")).method in ("dhcp", "manual")


@pytest.mark.parametrize(
    "text",
    [
        "NoSuch is not a recognized network service.\n** Error: The parameters were not valid.\n",
        " is not a recognized network service.\n** Error: The parameters were not valid.\n",
        "** Error: Command requires admin privileges.\n",
        "Unable to access the System Configuration database\n",
    ],
)
@pytest.mark.parametrize(
    "parse",
    [
        networksetup.parse_getinfo,
        networksetup.parse_service_order,
        networksetup.parse_hardware_ports,
        networksetup.parse_service_enabled,
    ],
)
def test_errors_on_standard_output_are_errors(parse, text):
    with pytest.raises(ParseError, match="networksetup -"):
        parse(text)


@pytest.mark.parametrize("parse", [networksetup.parse_getinfo, networksetup.parse_hardware_ports])
@pytest.mark.parametrize("text", ["", "There aren't any DNS Servers set on Wi-Fi.\n"])
def test_a_foreign_text_is_an_error(parse, text):
    with pytest.raises(ParseError):
        parse(text)


@pytest.mark.parametrize("text, expected", [("Enabled\n", True), ("Disabled\n", False)])
def test_service_enabled(text, expected):
    assert networksetup.parse_service_enabled(text) is expected
