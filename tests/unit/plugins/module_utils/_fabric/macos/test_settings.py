# SPDX-License-Identifier: Apache-2.0
"""How a Mac is kept, and who else manages its network."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos import settings
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.networksetup import ServiceEntry
from unit.plugins.module_utils._fabric.recordings import own

SYSCTL = settings.parse_sysctl(own("mac_studio", "sysctl.txt"))


def test_our_own_recording():
    assert settings.boot_of(SYSCTL) == "5A0B0C0D-0000-4000-8000-00000000000B"
    assert settings.memory_of(SYSCTL) == 128 << 30
    assert settings.wired_limit_of(SYSCTL) == 0
    assert settings.parse_sleep(own("mac_studio", "pmset.txt")) == 1
    assert settings.parse_firewall(own("mac_studio", "firewall.txt")) == "off"


def test_without_a_session_the_time_of_the_boot_counts():
    assert settings.boot_of({"kern.boottime": SYSCTL["kern.boottime"]}) == "1770000000"
    assert settings.boot_of({}) == settings.boot_of({"kern.bootsessionuuid": "x", "kern.boottime": "²"}) == ""


@pytest.mark.parametrize("value", ["", "²", "9" * 5000, "-1", "1e3", "lots"])
def test_a_number_that_is_none_is_not_known(value):
    assert settings.memory_of({"hw.memsize": value}) == 0
    assert settings.wired_limit_of({"iogpu.wired_limit_mb": value}) == -1


@pytest.mark.parametrize(
    "text, state",
    [
        ("Firewall is enabled. (State = 1)\n", "on"),
        ("Firewall is blocking all non-essential incoming connections. (State = 2)\n", "on"),
        ("Firewall is disabled. (State = 0)\n", "off"),
        ("Firewall is disabled.\n", "off"),
    ],
)
def test_states_of_the_firewall(text, state):
    assert settings.parse_firewall(text) == state


@pytest.mark.parametrize("text", ["", "Usage: socketfilterfw\n", "(State = ²)"])
def test_what_says_nothing_of_the_firewall(text):
    with pytest.raises(ParseError, match="socketfilterfw"):
        settings.parse_firewall(text)


@pytest.mark.parametrize("line", [" sleep                0", " sleep\t10 (sleep prevented by caffeinate, sharingd)"])
def test_sleep_is_not_disksleep(line):
    text = f"Currently in use:\n Sleep On Power Button 7\n disksleep 8\n{line}\n displaysleep 9\n"
    assert settings.parse_sleep(text) == int(line.split()[1])


@pytest.mark.parametrize("text", ["", " sleep\n", " sleep ²\n", " disksleep 3\n", " sleep " + "9" * 5000])
def test_what_says_nothing_of_sleep(text):
    with pytest.raises(ParseError, match="pmset -g: no line 'sleep MINUTES'"):
        settings.parse_sleep(text)


def entries(*names):
    return tuple(ServiceEntry(name, True, "Thunderbolt 2", "en3") for name in names)


def test_nobody_else():
    assert settings.foreign_managers("Automatic", entries("Wi-Fi", "EXOtic"), "com.example.plist\n") == ()


def test_exo_is_known_by_each_of_its_traces():
    assert settings.foreign_managers("exo", (), "") == ("exo: the network location is 'exo'",)
    daemons = "com.example.plist\nio.exo.networksetup.plist\n"
    assert settings.foreign_managers("", (), daemons) == ("exo: /Library/LaunchDaemons/io.exo.networksetup.plist",)
    services = entries("EXO Thunderbolt 1", "EXO Thunderbolt 2")
    assert settings.foreign_managers("", services, "") == ("exo: the network service 'EXO Thunderbolt 1' and 1 more",)
