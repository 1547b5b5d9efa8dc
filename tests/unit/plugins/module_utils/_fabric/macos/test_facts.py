# SPDX-License-Identifier: Apache-2.0
"""One Mac, joined from all its outputs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.facts import (
    DNS_PREFIX,
    GETINFO_PREFIX,
    MACOS_COMMANDS,
    macos_facts,
    services_to_ask,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, Nic, Service
from unit.plugins.module_utils._fabric.recordings import capture, own


@pytest.fixture(name="raw")
def _raw():
    raw = {key: own("mac_studio", key + ".txt") for key in MACOS_COMMANDS}
    raw["preferences"] = own("mac_studio", "preferences.plist").encode("utf-8")
    raw[GETINFO_PREFIX + "Thunderbolt Bridge"] = own("mac_studio", "getinfo_bridge.txt")
    raw[GETINFO_PREFIX + "Cable (to the lab)"] = own("mac_studio", "getinfo_cable.txt")
    return raw


def test_the_services_to_ask_are_those_of_ports_and_bridges(raw):
    assert services_to_ask(raw) == ("Thunderbolt Bridge", "Old cable", "Cable (to the lab)")


def test_the_host(raw):
    facts = macos_facts(raw)
    assert (facts.system, facts.hostname, facts.model) == ("macos", "studio-b.local", "Mac16,9")
    assert (facts.os_version, facts.os_build) == ("26.3.1", "25D2128")
    assert facts.warnings == ()


def test_receptacle_port_device_service_and_interface_are_joined(raw):
    ports = {port.receptacle: port for port in macos_facts(raw).ports}
    assert {number: port.device for number, port in ports.items()} == {1: "en2", 2: "en6", 3: "en4", 4: "en5"}
    assert {number: port.bridge for number, port in ports.items()} == {1: "bridge0", 2: "bridge0", 3: "", 4: "bridge0"}
    assert {number: port.up for number, port in ports.items()} == {1: True, 2: True, 3: False, 4: False}
    assert (ports[1].mac, ports[1].mtu, ports[1].service) == ("36:00:00:0b:00:80", 1500, None)


def test_of_two_services_on_a_device_the_enabled_one_counts(raw):
    (port,) = [port for port in macos_facts(raw).ports if port.device == "en4"]
    assert port.service == Service(
        "Cable (to the lab)", True, "manual", "10.77.8.1", "255.255.255.252", ipv6="automatic"
    )


def test_two_enabled_services_on_a_device_are_pointed_out(raw):
    raw["service_order"] = raw["service_order"].replace("(*) Old cable", "(4) Old cable")
    facts = macos_facts(raw)
    assert "en4 has several enabled network services ('Old cable', 'Cable (to the lab)')" in facts.warnings[0]


def test_a_service_of_ours_in_front_of_somebody_s_is_meant_so(raw):
    raw["service_order"] = raw["service_order"].replace("(*) Old cable", "(4) Boltloom Thunderbolt 3")
    facts = macos_facts(raw)
    assert facts.warnings == () and facts.ports[2].service.name == "Boltloom Thunderbolt 3"


def test_only_the_bridge_of_the_ports_is_a_bridge(raw):
    assert macos_facts(raw).bridges == (
        Bridge(
            "bridge0",
            True,
            ("en2", "en6", "en5"),
            ("en2", "en6", "en4", "en5"),
            Service("Thunderbolt Bridge", True, "dhcp", ipv6="automatic"),
            ("169.254.9.9/16",),
        ),
    )


def test_a_bridge_that_only_the_next_boot_makes(raw):
    raw["ifconfig"] = raw["ifconfig"][: raw["ifconfig"].index("bridge0:")]
    (bridge,) = macos_facts(raw).bridges
    assert (bridge.up, bridge.members, bridge.configured) == (False, (), ("en2", "en6", "en4", "en5"))


def test_nics_are_what_is_left(raw):
    assert macos_facts(raw).nics == (
        Nic("en0", "192.168.64.12/24", "ethernet"),
        Nic("en1", "192.168.70.12/24", "wifi"),
        Nic("bridge100", "192.168.105.1/24", "other"),
        Nic("utun4", "100.90.1.2/32", "vpn"),
    )


@pytest.mark.parametrize("key", ["system_profiler", "hardware_ports", "service_order", "ifconfig"])
def test_what_facts_cannot_do_without(raw, key):
    del raw[key]
    with pytest.raises(ParseError, match=f"'{key}' is missing"):
        macos_facts(raw)


@pytest.mark.parametrize("key", ["netstat", "sw_vers", "preferences"])
def test_what_facts_can_do_without_is_a_warning(raw, key):
    whole = macos_facts(raw)
    del raw[key]
    facts = macos_facts(raw)
    assert len(facts.warnings) == 1
    assert facts.ports == whole.ports


def test_a_service_that_cannot_be_asked_is_known_by_name(raw):
    raw[GETINFO_PREFIX + "Cable (to the lab)"] = "x is not a recognized network service.\n"
    facts = macos_facts(raw)
    assert facts.ports[2].service == Service("Cable (to the lab)", True, "other")
    assert "not a recognized network service" in facts.warnings[0]


def test_a_real_mini_without_receptacle_3_in_the_list_of_ports(raw):
    raw["system_profiler"] = capture("system_profiler-json", "m4pro-mini")
    raw["hardware_ports"] = capture("networksetup-listallhardwareports", "m4-base-mini")
    ports = {port.receptacle: port.device for port in macos_facts(raw).ports}
    assert ports == {1: "en2", 2: "en3", 3: ""}


def test_facts_are_values(raw):
    facts = macos_facts(raw)
    assert facts == macos_facts(dict(raw))
    assert facts != replace(facts, hostname="other")


def test_all_services_of_a_port_are_there_in_their_order(raw):
    (port,) = [port for port in macos_facts(raw).ports if port.device == "en4"]
    assert [service.name for service in port.services] == ["Old cable", "Cable (to the lab)"]
    assert port.service == port.services[1]


def test_how_the_mac_is_kept(raw):
    facts = macos_facts(raw)
    assert (facts.boot, facts.location) == ("5A0B0C0D-0000-4000-8000-00000000000B", "Automatic")
    assert (facts.firewall, facts.sleeps_after_minutes) == ("off", 1)
    assert (facts.memory_bytes, facts.wired_limit_mb, facts.foreign) == (128 << 30, 0, ())


@pytest.mark.parametrize("key", ["sysctl", "location", "pmset", "firewall"])
def test_how_the_mac_is_kept_may_stay_unknown(raw, key):
    whole = macos_facts(raw)
    raw[key] = "\u2028 what? \0"
    assert macos_facts(raw).ports == whole.ports
    del raw[key]
    raw["failed:" + key] = key + " failed: no luck"
    assert macos_facts(raw).warnings == (key + " failed: no luck",)


def test_one_command_that_is_not_understood_costs_only_what_it_alone_gives(raw):
    raw["location"] = "Automatic\nand more\n"
    facts = macos_facts(raw)
    assert (facts.location, facts.firewall, facts.sleeps_after_minutes) == ("", "off", 1)
    assert len(facts.warnings) == 1


def test_an_odd_mask_on_a_port_is_a_warning_with_what_to_type(raw):
    raw[GETINFO_PREFIX + "Cable (to the lab)"] = raw[GETINFO_PREFIX + "Cable (to the lab)"].replace(
        "255.255.255.252", "255.0.255.0"
    )
    facts = macos_facts(raw)
    assert facts.ports[2].service == Service("Cable (to the lab)", True, "manual", "10.77.8.1", "", ipv6="automatic")
    assert facts.warnings == (
        "service 'Cable (to the lab)' on Thunderbolt 3 (en4): the subnet mask 255.0.255.0 is none; type: "
        "sudo networksetup -setmanual 'Cable (to the lab)' 10.77.8.1 MASK, "
        "or sudo networksetup -setdhcp 'Cable (to the lab)'",
    )


def test_an_odd_mask_of_any_interface_costs_the_mask(raw):
    raw["ifconfig"] = raw["ifconfig"].replace("netmask 0xffffff00 broadcast 192.168.64.255", "netmask 0xff00ff00")
    assert "0xff00ff00" in raw["ifconfig"]
    facts = macos_facts(raw)
    assert Nic("en0", "192.168.64.12/32", "ethernet") in facts.nics
    assert facts.warnings[0].startswith("ifconfig: en0: the netmask in 'inet 192.168.64.12 netmask 0xff00ff00")


def test_ports_that_only_networksetup_lists_contradict_an_empty_report(raw):
    raw["system_profiler"] = '{"SPThunderboltDataType" : []}'
    listed = r"Thunderbolt 1 \(en2\), Thunderbolt 2 \(en6\), Thunderbolt 3 \(en4\), Thunderbolt 4 \(en5\)"
    with pytest.raises(
        ParseError, match="system_profiler reports no Thunderbolt port, but networksetup lists " + listed
    ):
        macos_facts(raw)


def test_a_port_that_system_profiler_leaves_out_is_a_warning(raw):
    report = json.loads(raw["system_profiler"])
    report["SPThunderboltDataType"].pop()
    raw["system_profiler"] = json.dumps(report)
    assert "which system_profiler does not report" in macos_facts(raw).warnings[0]


@pytest.mark.parametrize("name", ["Ethernet\nx", "a\rb", "a\tb", "\0", "broken \ufffd", "", "x" * 300, "Wi-Fi"])
def test_a_name_on_a_port_that_cannot_be_read_back_is_refused_by_name(raw, name):
    raw["service_order"] = raw["service_order"].replace("Cable (to the lab)", name)
    for read in (macos_facts, services_to_ask):
        with pytest.raises(ParseError) as caught:
            read(raw)
        line = caught.value.one_line()
        assert line.startswith("networksetup: the service ") and " on Thunderbolt 3 (en4) has " in line
        assert line.isprintable() and line.endswith("rename it in System Settings > Network")


@pytest.mark.parametrize("name", ["Ethernet\u2028x", "a\x85b", "** Error: The parameters were not valid.", "-option"])
def test_a_name_that_is_only_odd_is_read_and_asked_for_as_it_is(raw, name):
    raw["service_order"] = raw["service_order"].replace("Cable (to the lab)", name)
    assert name in services_to_ask(raw)
    assert macos_facts(raw).ports[2].service.name == name


def test_the_same_oddities_on_another_port_hinder_nobody(raw):
    raw["service_order"] = raw["service_order"].replace("Office VPN", "Office\nVPN\0")
    assert macos_facts(raw).warnings == ()


DHCP = "DHCP Configuration\nIP address: {0}\nSubnet mask: 255.255.255.0\nRouter: {1}\nClient ID: \n"


def test_a_lease_from_the_other_end_is_told_from_a_configured_address(raw):
    raw[GETINFO_PREFIX + "Cable (to the lab)"] = DHCP.format("192.168.2.7", "192.168.2.1")
    facts = macos_facts(raw)
    assert (facts.ports[2].lease, facts.ports[2].service.router) == ("192.168.2.7", "192.168.2.1")
    assert facts.ports[2].service.address == ""


def test_an_address_that_the_port_gave_itself_is_no_lease(raw):
    raw[GETINFO_PREFIX + "Cable (to the lab)"] = DHCP.format("169.254.7.7", "(null)")
    facts = macos_facts(raw)
    assert facts.ports[2].lease == "" and facts.warnings == ()


def test_name_servers_of_a_service(raw):
    raw[DNS_PREFIX + "Cable (to the lab)"] = "192.0.2.53\n"
    assert macos_facts(raw).ports[2].service.dns == ("192.0.2.53",)
    raw[DNS_PREFIX + "Cable (to the lab)"] = "what?\n"
    assert "service 'Cable (to the lab)': networksetup -getdnsservers: not understood" in macos_facts(raw).warnings[0]


def test_why_the_preferences_are_not_there(raw):
    del raw["preferences"]
    raw["failed:preferences"] = "Is a directory"
    (words,) = macos_facts(raw).warnings
    assert words.startswith("preferences.plist could not be read (Is a directory): whether a bridge comes back")


def test_why_an_indispensable_output_is_not_there(raw):
    raw["ifconfig"] = ""
    raw["failed:ifconfig"] = "ifconfig failed: no luck"
    with pytest.raises(ParseError, match=r"the output of 'ifconfig' is missing \(ifconfig failed: no luck\)"):
        macos_facts(raw)


def test_warnings_have_an_end(raw):
    for index in range(100):
        raw[f"failed:{index}"] = f"complaint {index}"
    warnings = macos_facts(raw).warnings
    assert len(warnings) == 41 and warnings[-1] == "and 60 warnings more"
