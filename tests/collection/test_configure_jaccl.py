# SPDX-License-Identifier: Apache-2.0
"""A full mesh for jaccl: decided before anything is changed, judged again after addressing, written as MLX reads it."""

from __future__ import annotations

import json
import re
from itertools import permutations

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2.5)]
FLEET = "mesh4"
BACKEND = ("-e", "thunderbolt_net_backend=jaccl")


@pytest.fixture(scope="module")
def checked(rack):
    """Check mode on Macs as they are delivered: what it said, and the fleet before and after."""
    before = rack.network_state()
    return rack.play("configure", *BACKEND, "--check", "--diff"), before, rack.network_state()


@pytest.fixture(scope="module")
def configured(rack, checked):
    return rack.play("configure", *BACKEND)


def devices_towards(fleet, host, peer):
    """What the fleet file says about the cables from one host to another."""
    for number in fleet.cables_between(host, peer):
        yield "rdma_" + fleet.description.hosts[host].ports[dict(fleet.description.cables[number].ends)[host]]


def gid(rack, host, device, index):
    """What stands in the table of a device, in the words of the system."""
    said = rack.on(host, "/usr/bin/ibv_devinfo", "-v", "-d", device)
    return re.search(rf"GID\[\s*{index}\]:\s*(\S+)", said).group(1)


def test_check_mode_names_the_devices_and_changes_nothing(rack, checked):
    played, before, after = checked
    assert after == before
    assert "backend jaccl, asked for, and every cable that it uses is ready for RDMA" in played.flat
    assert '"backend": "jaccl"' in played.text
    assert re.search(r'^\+.*"rdma": \[null, "rdma_en', played.text, re.MULTILINE)


def test_every_entry_of_the_matrix_is_the_device_of_the_cable(rack, configured):
    hostfile = rack.hostfile
    names = [host["ssh"] for host in hostfile["hosts"]]
    assert hostfile["backend"] == "jaccl"
    for i, j in permutations(range(4), 2):
        assert [hostfile["hosts"][i]["rdma"][j]] == list(devices_towards(rack.fleet, names[i], names[j]))
    assert [host["rdma"][i] for i, host in enumerate(hostfile["hosts"])] == [None] * 4
    assert [host["ips"] for host in hostfile["hosts"]] == [[rack.fleet.addresses[name]] for name in names]


def test_the_file_says_where_each_address_stands_in_the_tables(rack, configured):
    cables = rack.hostfile["boltloom"]["rdma"]
    assert [cable["verdict"] for cable in cables] == ["ready"] * 6
    for end in (end for cable in cables for end in cable["ends"]):
        assert gid(rack, end["host"], end["device"], end["gid"]) == "::ffff:" + end["address"]
    assert rack.hostfile["boltloom"]["reason"].startswith("jaccl: asked for")


def test_every_host_and_every_cable_is_reported_ready(rack, configured):
    for host in rack.hosts:
        assert re.search(rf"^{host}\s+ready\s+rdma_en", configured.text, re.MULTILINE)
    assert len(re.findall(r"^the cable from .* ready  +rdma_en\d GID 1, rdma_en\d GID 1$", configured.text, re.M)) == 6


def test_the_second_run_changes_nothing_and_says_the_same(rack, configured):
    before, hostfile = rack.network_state(), rack.hostfile
    again = rack.play("configure", *BACKEND)
    assert again.changed() == 0
    assert (rack.network_state(), rack.hostfile) == (before, hostfile)


def test_the_best_there_is_is_the_mesh(rack, configured):
    path = rack.folder / "auto.json"
    played = rack.play("configure", "-e", "thunderbolt_net_backend=auto", "-e", f"thunderbolt_net_hostfile={path}")
    assert "backend jaccl, the best there is here: every two hosts are joined by a Thunderbolt 5 cable" in played.flat
    written = json.loads(path.read_text())
    assert (written["backend"], written["hosts"]) == ("jaccl", rack.hostfile["hosts"])
    assert written["boltloom"]["reason"].startswith("jaccl: the best there is here")


def test_a_cut_cable_fails_before_anything_is_changed_and_names_the_pair(rack, configured):
    before, hostfile = rack.network_state(), rack.hostfile
    rack.fleet.cut("mac1", "mac3")
    try:
        for mode in ((), ("--check",)):
            played = rack.play("configure", *BACKEND, *mode, fails=True)
            assert "there is none between mac1 and mac3" in played.flat
            assert "use the backend jaccl-ring or ring" in played.flat
            assert played.changed() == 0
        again = rack.play("configure", "-e", "thunderbolt_net_backend=auto", "--check", fails=True)
        assert "backend jaccl-ring, the best there is here" in again.flat
        assert "is for jaccl and would be for jaccl-ring, and is left as it is" in again.flat
    finally:
        rack.fleet.plug("mac1", "mac3")
    assert rack.hostfile == hostfile
    assert set(rack.network_state()) == set(before)


def test_where_nobody_asks_a_file_for_jaccl_is_not_replaced_by_a_ring(rack, configured):
    hostfile = rack.hostfile
    played = rack.play("configure", fails=True)
    assert "backend ring, nobody asked for another (thunderbolt_net_backend); the hosts offer RDMA" in played.flat
    assert "is for jaccl and would be for ring, and is left as it is: nobody asked for another" in played.flat
    assert (played.changed(), rack.hostfile) == (0, hostfile)


def test_a_table_that_lost_its_address_is_named_by_probe(rack, configured):
    device = next(devices_towards(rack.fleet, "mac2", "mac4")).removeprefix("rdma_")
    address = re.search(r"inet (\S+) ", rack.on("mac2", "/sbin/ifconfig", device)).group(1)
    rack.on("mac2", "/sbin/ifconfig", device, "inet", address, "delete")
    try:
        played = rack.play("probe")
        assert re.search(r"^mac2\s+wrong-address\s", played.text, re.MULTILINE)
        assert re.search(r"^mac4\s+wrong-address\s", played.text, re.MULTILINE)
        assert re.search(r"^mac1\s+ready\s", played.text, re.MULTILINE)
        assert (
            f"rdma_{device} at mac2 has no IPv4 GID instead of {address}: run boltloom.cluster.configure" in played.flat
        )
    finally:
        rack.play("configure", *BACKEND)
    assert re.search(r"^mac2\s+ready\s", rack.play("probe").text, re.MULTILINE)
