# SPDX-License-Identifier: Apache-2.0
"""A pair of Macs on which things go wrong, or went wrong before."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import subprocess

import pytest
from collection.mishaps import networksetup_that

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1.5)]
FLEET = "pair"
PREFERENCES = "/Library/Preferences/SystemConfiguration/preferences.plist"
DEVICE = "en3"  # of the cable, at both ends


@pytest.fixture
def spoil(rack):
    """Makes mac2's networksetup fail at a verb until the test is over, as it does fail: on stdout, with status 0."""
    fails = "echo '** Error: The parameters were not valid.'; exit 0"
    with contextlib.ExitStack() as until_the_end:
        yield lambda verb: until_the_end.enter_context(networksetup_that(rack, "mac2", verb, fails))


def interfaces(rack, host):
    """Interfaces with their members and IPv4 addresses. A bridge that was made again has another MAC address."""
    found = re.findall(r"^\w+: flags=|member: \w+|inet \S+", rack.on(host, "/sbin/ifconfig"), re.MULTILINE)
    assert "member: en3" in found
    return sorted(found)


def test_a_step_that_fails_half_way_is_undone_and_named(rack, spoil):
    before = interfaces(rack, "mac2")
    spoil("-setmanual")
    played = rack.play("configure", fails=True)
    assert re.search(r"fatal: \[mac2\]: .*could not give the network service .* the address", played.flat)
    assert "The parameters were not valid" in played.flat
    assert "everything done before it on this host was undone" in played.flat
    assert interfaces(rack, "mac2") == before
    services = rack.on("mac2", "/usr/sbin/networksetup", "-listnetworkserviceorder")
    assert "(*) Thunderbolt Bridge" not in services
    assert "Boltloom" not in services
    assert "thunderbolt-bridge" in rack.on("mac2", "/bin/cat", PREFERENCES)
    assert rack.hostfile is None


def test_what_other_tools_left_is_put_right_and_what_is_in_nobodys_way_stays(rack):
    """As mlx.distributed_config leaves a host: the bridge down, and addresses that nobody keeps."""
    rack.on("mac2", "/sbin/ifconfig", "bridge0", "down")
    rack.on("mac2", "/sbin/ifconfig", DEVICE, "inet", "192.168.0.1", "netmask", "255.255.255.252")
    rack.play("configure")
    assert "192.168.0.1" in rack.on("mac2", "/sbin/ifconfig", DEVICE)
    assert rack.play("configure").changed() == 0


def test_an_address_that_hides_the_cables_network_is_taken_away(rack):
    here = next(host["ips"][0] for host in rack.hostfile["hosts"] if host["ssh"] == "mac2")
    in_the_way = str(ipaddress.ip_interface(f"{here}/16").network[9])
    rack.on("mac2", "/sbin/ifconfig", DEVICE, "inet", in_the_way, "netmask", "255.255.0.0", "alias")
    rack.play("configure")
    assert f"inet {in_the_way} " not in rack.on("mac2", "/sbin/ifconfig", DEVICE)
    assert "192.168.0.1" in rack.on("mac2", "/sbin/ifconfig", DEVICE)


def test_a_link_that_carries_nothing_is_named_from_both_ends(rack):
    """mac1 sends to an address that no one has: the cable is seen, and nothing comes back."""
    address = next(host["ips"][0] for host in rack.hostfile["hosts"] if host["ssh"] == "mac2")
    neighbours = ["nsenter", "-t", str(rack.fleet.pid("mac1")), "-n", "ip", "neigh"]
    wrong = ["replace", address, "lladdr", "02:00:00:00:00:01", "nud", "permanent", "dev", DEVICE]
    subprocess.run([*neighbours, *wrong], check=True)
    try:
        played = rack.play("verify", "-e", "thunderbolt_net_link_timeout=1", fails=True)
    finally:
        subprocess.run([*neighbours, "del", address, "dev", DEVICE], check=True)
    link = rf"mac1 Thunderbolt \d \({DEVICE}\) to mac2 Thunderbolt \d \({DEVICE}\)"
    assert re.search(rf"{link}: {address} did not answer within 1 s", played.flat)
    assert re.search(r"; seen from mac2: \S+ did not answer within 1 s", played.flat)
    assert "look at the cable" in played.flat
    rack.play("verify")
