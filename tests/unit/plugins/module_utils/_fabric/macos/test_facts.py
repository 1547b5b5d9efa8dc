# SPDX-License-Identifier: Apache-2.0
"""One Mac, joined from all its outputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.facts import (
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
