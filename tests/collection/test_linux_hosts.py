# SPDX-License-Identifier: Apache-2.0
"""Linux hosts, one with each manager of its network, and a Mac: configured, kept over a reboot, brought back."""

from __future__ import annotations

import json
import re
import time

import pytest
from collection.linux_hosts import addresses, files, in_force, interfaces, state, within

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(3)]
FLEET = """
hosts:
  mac1: {model: "Mac16,11"}
  box1: {system: linux, manager: networkmanager}
  box2: {system: linux, manager: networkd}
  box3: {system: linux, manager: udev}
cables:
  - [mac1:2, box1:1]
  - [box1:3, box2:2]
  - [box2:1, box3:3]
  - [box3:1, mac1:1]
"""
BOXES = ("box1", "box2", "box3")
OWN = {
    "box1": ("/etc/NetworkManager/system-connections/boltloom-thunderbolt-{}.nmconnection", "600"),
    "box2": ("/etc/systemd/network/10-boltloom-thunderbolt-{}.network", "644"),
    "box3": ("/etc/udev/rules.d/80-boltloom-thunderbolt-{}.rules", "644"),
}
NAS = """
[connection]
id=NAS link
uuid=0d2c3b4a-1111-4222-8333-444455556666
type=ethernet

[ethernet]
mac-address={}

[ipv4]
method=manual
address1=192.168.50.1/24
"""


@pytest.fixture(scope="module")
def before(rack):
    """The hosts with what their users had on the cables: a connection, a .network file, a bridge and an address."""
    mac = next(mac for mac, (name, *_) in interfaces(rack, "box1").items() if name == "thunderbolt0")
    script = f"""umask 077; cat >/etc/NetworkManager/system-connections/nas.nmconnection <<'END'{NAS.format(mac)}END
        nmcli connection reload; nmcli connection up 'NAS link' ifname thunderbolt0"""
    rack.on("box1", "/bin/sh", "-ec", script)
    script = """printf '[Match]\\nName=thunderbolt*\\n[Network]\\nAddress=192.168.51.1/24\\n' \\
        >/etc/systemd/network/30-cables.network; networkctl reload"""
    rack.on("box2", "/bin/sh", "-ec", script)
    script = """ip link add br0 type bridge; ip link set thunderbolt0 master br0; ip link set br0 up
        ip link set thunderbolt0 up; ip link set thunderbolt1 up; ip addr add 192.168.52.1/24 dev thunderbolt1"""
    rack.on("box3", "/bin/sh", "-ec", script)
    within(10, lambda: all("192.168.51.1/24" in inet for inet in addresses(rack, "box2").values()))
    return {host: state(rack, host) for host in BOXES}


@pytest.fixture(scope="module")
def configured(rack, before):
    checked = rack.play("configure", "--check", "--diff")
    assert {host: state(rack, host) for host in BOXES} == before  # check mode has changed nothing
    return checked, rack.play("configure", "--diff")


def diff_of(played, host):
    """What the module that configures showed of a host."""
    parts = re.split(r"^(?:changed|ok|skipping): \[(\w+)\]$", played.text, flags=re.MULTILINE)
    shown = [text for text, name in zip(parts[::2], parts[1::2], strict=False) if name == host]
    return [text[text.index("--- before") :] for text in shown if "--- before\n+++ after\n" in text]


def test_check_mode_shows_what_is_then_done(configured):
    checked, played = configured
    for host in BOXES:
        assert diff_of(checked, host) == diff_of(played, host) != []


def test_every_cable_carries_its_own_network(rack, configured):
    for host in BOXES:
        found = addresses(rack, host)
        assert len(found) == 2
        for inet in found.values():
            assert any(address.startswith("10.77.") and address.endswith("/30") for address in inet)
    ends = [end for cable in rack.hostfile["boltloom"]["cables"] for end in cable["ends"]]
    assert len(ends) == 8
    for one, two in zip(ends[::2], ends[1::2], strict=True):
        rack.ping(one["host"], two["address"])
        rack.ping(two["host"], one["address"])


def test_a_manager_applies_our_file_and_the_user_s_stays(rack, before, configured):
    for host in BOXES:
        path, mode = OWN[host]
        now = files(rack, host)
        ours = {name for name in now if "boltloom" in name and "/var/lib" not in name}
        receptacles = (1, 3) if host != "box2" else (1, 2)
        assert ours == {f"{path.format(number)} {mode} root:root" for number in receptacles}
        assert before[host][1].items() <= now.items()
    connections, _ = in_force(rack, "box1")
    assert "thunderbolt0:Boltloom Thunderbolt 1" in connections and "eth0:Office" in connections
    assert in_force(rack, "box2")[1].count("10-boltloom-thunderbolt-") == 2


def test_a_bridge_loses_the_planned_port_only(rack, configured):
    assert {bridge for _name, _inet, bridge in interfaces(rack, "box3").values()} == {""}
    assert "br0" in rack.on("box3", "/usr/sbin/ip", "-br", "link")
    assert "192.168.52.1/24" in sum(addresses(rack, "box3").values(), ())  # in nobody's way


def test_the_second_run_changes_nothing(rack, configured):
    assert rack.play("configure", "--check").changed() == 0
    assert rack.play("configure").changed() == 0


def test_a_cable_pulled_is_named_and_put_back_has_its_address(rack, configured):
    kept = addresses(rack, "box2")
    rack.fleet.cut("box1", "box2")
    try:
        played = rack.play("verify", fails=True)
        assert "box1" in played.flat and "box2" in played.flat
        assert "Thunderbolt 3" in played.flat and "Thunderbolt 2" in played.flat
    finally:
        rack.fleet.plug("box1", "box2")
    within(10, lambda: addresses(rack, "box2") == kept)
    rack.play("verify")


def test_a_reboot_keeps_the_addresses_whatever_the_interfaces_are_called_then(rack, configured):
    for host in BOXES:
        before = {mac: ours(inet) for mac, inet in addresses(rack, host).items()}
        names = {mac: name for mac, (name, *_) in interfaces(rack, host).items()}
        rack.fleet.reboot(host)
        within(15, lambda h=host, b=before: {mac: ours(inet) for mac, inet in addresses(rack, h).items()} == b)
        if host == "box1":  # of its controllers the other one was found first
            assert {mac: name for mac, (name, *_) in interfaces(rack, host).items()} != names
    rack.play("verify")
    played = rack.play("configure")  # the hostfile names the interfaces, and so it is another one
    assert [played.count(host, "changed") for host in BOXES] == [0, 0, 0]


def ours(inet):
    return tuple(address for address in inet if address.startswith("10.77."))


def test_restore_brings_back_what_was_there(rack, before, configured):
    """box3's bridge and its address were set by hand: the reboot took them, and nothing brings them back."""
    rack.play("restore")
    for host in BOXES:
        files_before, now = before[host][1], files(rack, host)
        assert {name: digest for name, digest in now.items() if "/var/lib/boltloom" not in name} == files_before
        assert not any(map(ours, addresses(rack, host).values()))
    connections, _ = in_force(rack, "box1")
    assert any(line.endswith(":NAS link") for line in connections)
    assert "192.168.50.1/24" in sum(addresses(rack, "box1").values(), ())
    within(10, lambda: all("192.168.51.1/24" in inet for inet in addresses(rack, "box2").values()))
    assert before["box2"][2][1] == in_force(rack, "box2")[1]
    assert rack.play("restore").changed() == 0


def test_nothing_of_ours_comes_back_with_a_reboot(rack, configured):
    for host in BOXES:
        rack.fleet.reboot(host)
        time.sleep(2)
        assert not any(map(ours, addresses(rack, host).values()))
    assert json.loads(rack.on("box1", "/usr/sbin/ip", "-j", "addr", "show", "dev", "eth0"))
