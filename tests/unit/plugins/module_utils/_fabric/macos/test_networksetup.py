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


@pytest.mark.parametrize(
    "name", ["Ethernet\u2028x", "a\x85b", "a\x0bb\x0cc", "** Error: none", "Karing (system)", " x ", "\u202e"]
)
def test_a_name_is_read_as_it_stands(name):
    text = (
        f"(1) {name}\n(Hardware Port: Thunderbolt 2, Device: en3)\n\n(2) Wi-Fi\n(Hardware Port: Wi-Fi, Device: en0)\n\n"
    )
    assert [service.name for service in networksetup.parse_service_order(text)] == [name, "Wi-Fi"]


def test_a_line_break_is_part_of_the_name():
    text = "(1) Ethernet\nx\n(Hardware Port: Thunderbolt 2, Device: en3)\n"
    assert networksetup.parse_service_order(text) == (ServiceEntry("Ethernet\nx", True, "Thunderbolt 2", "en3"),)


def test_a_name_that_looks_like_another_service_is_refused():
    text = "(1) Ethernet\n(Hardware Port: Ethernet, Device: en0)\n(Hardware Port: Thunderbolt 2, Device: en3)\n"
    with pytest.raises(
        ParseError, match="after 'Ethernet' stands a second '.Hardware Port: Thunderbolt 2, Device: en3.'"
    ):
        networksetup.parse_service_order(text)
    with pytest.raises(ParseError, match="after service 'a'"):
        networksetup.parse_service_order("(1) a\n(2) b\n(Hardware Port: Thunderbolt 2, Device: en3)\n")


def test_an_order_without_services_needs_its_heading():
    assert networksetup.parse_service_order("An asterisk (*) denotes that a network service is disabled.\n") == ()
    with pytest.raises(ParseError, match="no service in ''"):
        networksetup.parse_service_order("")


@pytest.mark.parametrize("twice", ["Hardware Port: Thunderbolt 2\nDevice: en9", "Hardware Port: TS4\nDevice: en3"])
def test_a_port_or_device_that_is_listed_twice_is_refused(twice):
    text = f"\nHardware Port: Thunderbolt 2\nDevice: en3\nEthernet Address: N/A\n\n{twice}\n"
    with pytest.raises(ParseError, match="is listed twice"):
        networksetup.parse_hardware_ports(text)


def test_hardware_ports_without_blank_lines_and_with_vlans():
    text = (
        "Hardware Port: Ethernet\nDevice: en0\nEthernet Address: 02:00:00:0B:00:00\nHardware Port: Thunderbolt 1 \n"
        "Device: en2\nEthernet Address: (null)\nVLAN Configurations\n===\nVLAN User Defined Name: Hardware Port: x\n"
        'Parent Device: en0\nDevice ("Hardware" Port): vlan0\nTag: 3\n'
    )
    assert networksetup.parse_hardware_ports(text) == (
        HardwarePort("Ethernet", "en0", "02:00:00:0b:00:00"),
        HardwarePort("Thunderbolt 1", "en2", ""),
    )


MANUAL = "Manual Configuration\nIP address: 192.168.50.1\nSubnet mask: {mask}\nRouter: {router}\nIPv6: Link Local\n"


def test_a_router_and_the_method_of_ipv6_are_read():
    info = networksetup.parse_getinfo(MANUAL.format(mask="255.255.255.0", router="192.168.50.254"))
    assert info == ServiceInfo("manual", "192.168.50.1", "255.255.255.0", "192.168.50.254", "link-local")


@pytest.mark.parametrize("mask", ["255.0.255.0", "0.0.0.255", "٢٥٥.0.0.0", "9" * 5000, "24"])
def test_an_odd_mask_costs_the_mask_and_is_told(mask):
    info = networksetup.parse_getinfo(MANUAL.format(mask=mask, router="(null)"))
    assert (info.method, info.address, info.netmask) == ("manual", "192.168.50.1", "")
    assert info.odd[0].startswith("the subnet mask ") and info.odd[0].endswith(" is none")
    assert len(info.odd[0]) < 200


@pytest.mark.parametrize(
    "first, method",
    [
        ("DHCP Configuration", "dhcp"),
        ("Manual Configuration ", "manual"),
        ("Off Configuration", "off"),
        ("Off", "off"),
        ("IPv4: Off", "off"),
        ("BOOTP Configuration", "other"),
        ("Manually Using DHCP Router Configuration", "other"),
    ],
)
def test_methods(first, method):
    assert networksetup.parse_getinfo(first + "\nIPv6: Automatic\n").method == method


def test_a_label_that_stands_there_twice_is_refused():
    with pytest.raises(ParseError, match="'Router' stands there twice"):
        networksetup.parse_getinfo(MANUAL.format(mask="255.0.0.0", router="10.0.0.1\nRouter: 10.0.0.2"))


@pytest.mark.parametrize(
    "text, servers",
    [
        ("There aren't any DNS Servers set on Wi-Fi.\n", ()),
        ("192.0.2.53\n2001:db8::53\n", ("192.0.2.53", "2001:db8::53")),
    ],
)
def test_name_servers(text, servers):
    assert networksetup.parse_dns_servers(text) == servers


@pytest.mark.parametrize("text", ["", "192.0.2.53\nwhat\n", "x is not a recognized network service.\n", "256.0.0.1\n"])
def test_what_are_no_name_servers(text):
    with pytest.raises(ParseError, match="networksetup -getdnsservers"):
        networksetup.parse_dns_servers(text)


def test_the_current_location():
    assert networksetup.parse_current_location("Büro ** Error: x\n") == "Büro ** Error: x"
    for text in ("", "\n", "a\nb\n", "** Error: The parameters were not valid.\n"):
        with pytest.raises(ParseError, match="networksetup -getcurrentlocation"):
            networksetup.parse_current_location(text)
