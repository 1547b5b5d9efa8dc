# SPDX-License-Identifier: Apache-2.0
"""Four Macs, six cables: looked at, configured, configured again, verified, rebooted."""

from __future__ import annotations

import ipaddress
import itertools
import re
import time

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2)]
FLEET = "mesh4"
HOSTS = ["mac1", "mac2", "mac3", "mac4"]


@pytest.fixture(scope="module")
def looked_at(rack):
    """Check mode before anything was configured: what it said, and the fleet before and after."""
    before = rack.network_state()
    played = rack.play("configure", "--check", "--diff")
    return played, before, rack.network_state(), rack.hostfile


@pytest.fixture(scope="module")
def configured(rack, looked_at):
    """The first real run, with the seconds that it took."""
    begin = time.monotonic()
    played = rack.play("configure")
    return played, time.monotonic() - begin


def addresses(rack, host):
    """device -> address out of the pool, as the system shows it."""
    found = {}
    for block in re.split(r"^(?=\S)", rack.on(host, "/sbin/ifconfig"), flags=re.MULTILINE):
        for address in re.findall(r"inet (10\.77\.\d+\.\d+) ", block):
            found[block.split(":")[0]] = address
    return found


def test_check_mode_says_what_it_would_do_and_does_nothing(looked_at):
    played, before, after, hostfile = looked_at
    assert after == before
    assert hostfile is None
    assert all(played.count(host, "changed") >= 1 for host in HOSTS)


def test_diff_shows_each_host_before_and_after(looked_at):
    played, *_ = looked_at
    assert "10.77." in "".join(re.findall(r"^\+.*$", played.text, re.MULTILINE))
    assert "bridge0" in "".join(re.findall(r"^-.*$", played.text, re.MULTILINE))


def test_every_host_is_changed_once_and_nothing_fails(configured):
    played, _ = configured
    assert all(played.count(host, "changed") >= 1 and played.count(host, "failed") == 0 for host in HOSTS)


def test_it_does_not_take_long(configured):
    assert configured[1] < 60  # under 30 s on two idle cores; other tests may be running


def test_the_cables_are_shown_to_people(configured):
    played, _ = configured
    for one, other in itertools.combinations(HOSTS, 2):
        assert re.search(rf"^.*{one}.*{other}.*$|^.*{other}.*{one}.*$", played.text, re.MULTILINE), (one, other)


def test_every_cable_has_a_network_of_its_own(rack, configured):
    networks = [
        ipaddress.ip_interface(f"{address}/30").network for host in HOSTS for address in addresses(rack, host).values()
    ]
    assert len(networks) == 12
    assert sorted(networks.count(network) for network in set(networks)) == [2] * 6


def test_the_bridge_is_gone_for_now_and_for_the_next_boot(rack, configured):
    for host in HOSTS:
        assert "member:" not in rack.on(host, "/sbin/ifconfig")
        assert "thunderbolt-bridge" not in rack.on(
            host, "/bin/cat", "/Library/Preferences/SystemConfiguration/preferences.plist"
        )


def peers(rack):
    """(host, address of a peer on a cable of this host)"""
    mine = {host: addresses(rack, host) for host in HOSTS}
    for one, other in itertools.permutations(HOSTS, 2):
        for here, there in itertools.product(mine[one].values(), mine[other].values()):
            if ipaddress.ip_address(there) in ipaddress.ip_interface(f"{here}/30").network:
                yield one, there


def test_each_peer_answers_over_its_cable_from_both_ends(rack, configured):
    asked = list(peers(rack))
    assert len(asked) == 12
    for host, address in asked:
        rack.ping(host, address)


def test_the_hostfile_is_a_ring_over_the_cables(rack, configured):
    hostfile = rack.hostfile
    hosts = hostfile["hosts"]
    assert hostfile["backend"] == "ring"
    assert sorted(host["ssh"] for host in hosts) == HOSTS
    for rank, host in enumerate(hosts):
        (here,) = host["ips"]
        assert here in addresses(rack, host["ssh"]).values()
        before = addresses(rack, hosts[rank - 1]["ssh"]).values()
        network = ipaddress.ip_interface(f"{here}/30").network
        assert any(ipaddress.ip_address(address) in network for address in before), "not a cable to the rank before"


def test_the_second_run_changes_nothing(rack, configured):
    before, hostfile = rack.network_state(), rack.hostfile
    played = rack.play("configure")
    assert played.changed() == 0
    assert (rack.network_state(), rack.hostfile) == (before, hostfile)


def test_probing_changes_nothing_and_reports_rdma(rack, configured):
    played = rack.play("probe")
    assert played.changed() == 0
    for host in HOSTS:
        assert re.search(
            rf"^{host}\s+(ready|no-link|needs-recovery|os-too-old|not-capable)\b", played.text, re.MULTILINE
        )


def test_verifying_changes_nothing(rack, configured):
    assert rack.play("verify").changed() == 0


def test_a_part_of_the_hosts_keeps_its_addresses(rack, configured):
    """Check mode has nothing to say about the hosts; the hostfile would lose one."""
    played = rack.play("configure", "--check", "--limit", "mac1,mac2,mac3")
    assert played.count("mac2", "changed") == played.count("mac3", "changed") == 0


def test_links_survive_a_reboot(rack, configured):
    before = addresses(rack, "mac2")
    rack.fleet.reboot("mac2")
    assert addresses(rack, "mac2") == before
    assert "member:" not in rack.on("mac2", "/sbin/ifconfig")
    assert rack.play("configure").changed() == 0


def test_a_cut_cable_is_named_by_both_of_its_hosts(rack, configured):
    rack.fleet.cut("mac1", "mac3")
    try:
        played = rack.play("configure", "-e", "thunderbolt_net_shape=mesh", fails=True)
        assert "mac1" in played.flat and "mac3" in played.flat
        assert re.search(r"no cable between mac1 and mac3", played.flat)
        assert "mac2 and" not in re.search(r"no cable between [^:\"]*", played.flat).group(0)
    finally:
        rack.fleet.plug("mac1", "mac3")
