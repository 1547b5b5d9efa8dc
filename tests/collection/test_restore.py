# SPDX-License-Identifier: Apache-2.0
"""What a user owns: his services on planned ports, his addresses, his bridge. All of it stays, or comes back."""

from __future__ import annotations

import plistlib
import re

import pytest
from collection.mishaps import PREFERENCES, STATE, assert_same, play_file, state_of, states

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(4)]
FLEET = """\
hosts:
  mac1: {model: "Mac16,11"}
  mac2: {model: "Mac16,11", devices: {3: dock}}
cables:
  - [mac1:1, mac2:1]
  - [mac1:2, mac2:2]
"""
NAS = "NAS link (Büro, 日本)"


@pytest.fixture(scope="module")
def owned(rack):
    """A service of its user on Thunderbolt 1, which is disabled on mac2; other services, and addresses set by hand."""

    def setup(host, *words):
        rack.on(host, "/usr/sbin/networksetup", *words)

    for host in rack.hosts:
        setup(host, "-createnetworkservice", NAS, "Thunderbolt 1")
        setup(host, "-setmanual", NAS, "192.168.50.1", "255.255.255.0", "192.168.50.254")
        setup(host, "-createnetworkservice", "Second NIC", "Ethernet")
        setup(host, "-setv6off", "Second NIC")
        rack.on(host, "/sbin/ifconfig", "bridge0", "inet", "192.168.9.1", "netmask", "255.255.255.0", "alias")
    setup("mac2", "-setnetworkserviceenabled", NAS, "off")
    return states(rack)


@pytest.fixture(scope="module")
def looked_at(rack, owned):
    return rack.play("configure", "--check", "--diff")


@pytest.fixture(scope="module")
def configured(rack, owned, looked_at):
    return rack.play("configure")


def services(rack, host):
    return re.findall(r"^\((?:\d+|\*)\) (.*)$", state_of(rack, host)["services"], re.MULTILINE)


def test_the_difference_shows_what_is_there_and_what_will_be_done(rack, owned, looked_at):
    assert_same(rack, owned)
    assert f"service '{NAS}' on manual 192.168.50.1 255.255.255.0 router 192.168.50.254" in looked_at.text
    assert re.search(
        r"^\+Thunderbolt 1 \(en2\): service 'Boltloom Thunderbolt 1' on manual 10\.77\.", looked_at.text, re.M
    )
    assert re.search(r"^-bridge0: members .*service on", looked_at.text, re.M)
    assert all(looked_at.count(host, "changed") >= 1 for host in rack.hosts)


def test_a_service_of_the_user_is_left_as_it_is(rack, owned, configured):
    for host, first in (("mac1", "Boltloom Thunderbolt 1"), ("mac2", NAS)):
        order = services(rack, host)
        assert [name for name in order if name in (NAS, "Boltloom Thunderbolt 1")][0] == first
        info = rack.on(host, "/usr/sbin/networksetup", "-getinfo", NAS)
        assert "192.168.50.1\n" in info and "Router: 192.168.50.254" in info
        assert "10.77." in rack.on(host, "/sbin/ifconfig", "en2")
    assert f"(*) {NAS}" in state_of(rack, "mac2")["services"]
    assert f"(*) {NAS}" not in state_of(rack, "mac1")["services"]


def test_nothing_else_is_changed(rack, owned, configured):
    """Every other service in the preferences, in its order, every other interface, the location, the routes."""

    def others(state):
        ports = ("en2:", "en3:", "en4:", "bridge0:")
        document = plistlib.loads(state["preferences"].encode())
        kept = [entry for entry in document.pop("NetworkServices").items() if "Boltloom" not in str(entry)]
        del document["Sets"], document["VirtualNetworkInterfaces"]
        for _identifier, service in kept:  # the service of the bridge that is taken apart is switched off
            if service["Interface"]["DeviceName"] == "bridge0":
                service.pop("__INACTIVE__", None)
        names = [name for name in re.findall(r"^\(.*?\) (.*)$", state["services"], re.M) if "Boltloom" not in name]
        routes = [route for route in state["routes"] if route[2] not in ("en2", "en3", "bridge0")]
        interfaces = [text for text in state["interfaces"] if not text.startswith(ports)]
        return kept, document, names, routes, interfaces, state["location"]

    for host in rack.hosts:
        assert others(state_of(rack, host)) == others(owned[host])


def test_a_second_run_changes_nothing_and_leaves_nothing_behind(rack, configured):
    before = states(rack)
    assert rack.play("configure").changed() == 0
    assert_same(rack, before)
    for host in rack.hosts:
        kept = set(rack.on(host, "/bin/ls", STATE).split())
        assert {"applied.json", "origin.json"} <= kept <= {"applied.json", "origin.json", "lock", "guard"}
        assert "boltloom" not in rack.on(host, "/bin/ls", "-a", PREFERENCES.rsplit("/", 1)[0])


def test_restore_says_in_check_mode_what_it_would_bring_back(rack, configured):
    before = states(rack)
    played = rack.play("restore", "--check", "--diff")
    assert_same(rack, before)
    assert all(played.count(host, "changed") == 1 for host in rack.hosts)
    assert re.search(r"^-the running bridge bridge0: not there", played.text, re.M)
    assert re.search(r'^\+the running bridge bridge0: .*"members": \["en2"', played.text, re.M)


def test_restore_brings_back_every_byte(rack, owned, configured):
    rack.play("restore")
    assert_same(rack, owned, within=5)
    for host in rack.hosts:
        assert "applied.json" not in rack.on(host, "/bin/ls", STATE)


def test_a_second_time_there_is_nothing_to_restore(rack, owned, configured):
    played = rack.play("restore")
    assert played.changed() == 0
    assert "there is nothing to restore on this host" in played.flat
    assert_same(rack, owned)


def test_restore_after_a_reboot(rack, owned, configured):
    rack.play("configure")
    rack.play("configure", "-e", "thunderbolt_net_pool=10.78.0.0/16")  # the oldest state is the one that counts
    rack.fleet.reboot("mac2")
    rack.play("restore")
    rack.fleet.reboot("mac2")  # and it is what the next boot makes, too
    for host in rack.hosts:
        assert state_of(rack, host)["preferences"] == owned[host]["preferences"]
        assert state_of(rack, host)["services"] == owned[host]["services"]
    assert "member: en2" in rack.on("mac2", "/sbin/ifconfig", "bridge0")
    assert "member: en4" in rack.on("mac2", "/sbin/ifconfig", "bridge0")


def test_a_host_that_left_is_cleaned_up(rack, configured):
    rack.play("configure")
    tasks = rack.folder / "leave.yml"
    tasks.write_text(
        "- hosts: mac2\n  gather_facts: false\n  tasks:\n"
        "    - boltloom.cluster.thunderbolt_net: {host: mac2, state: absent}\n      become: true\n"
    )
    for expected in (1, 0):
        played = play_file(rack, tasks)
        assert played.count("mac2", "changed") == expected
    assert not [name for name in services(rack, "mac2") if name.startswith("Boltloom")]
    assert NAS in services(rack, "mac2")
    rack.play("restore")
