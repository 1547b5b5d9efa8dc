# SPDX-License-Identifier: Apache-2.0
"""Who sits where, how they are reached, and under which address."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from boltloom_launcher.addresses import is_ours, management_addresses, resolve_ipv4, source_towards
from boltloom_launcher.agent.messages import Hello
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach, Seat, default_reach, seat


def test_seats_count_per_host_also_when_hosts_alternate() -> None:
    roster = seat([Host("a"), Host("b"), Host("a")], default_reach)
    assert roster.seats == (Seat(0, 0, 0, 2), Seat(1, 1, 0, 1), Seat(2, 0, 1, 2))
    assert [roster.ranks_on(host) for host in range(2)] == [[0, 2], [1]]
    assert [roster.name(rank) for rank in range(3)] == ["a", "b", "a"]


def test_only_this_computer_needs_no_ssh() -> None:
    assert all(default_reach(name).local for name in ("127.0.0.1", "localhost", "::1"))
    assert default_reach("me@mac1") == Reach(name="mac1", target="me@mac1")


def test_addresses_are_filled_in_only_where_nobody_gave_one() -> None:
    roster = seat([Host("a", ("10.77.0.1",)), Host("b")], default_reach).with_addresses(["192.168.1.1", "192.168.1.2"])
    assert [host.ips for host in roster.hosts] == [("10.77.0.1",), ("192.168.1.2",)]


def test_a_loopback_address_is_of_no_use_to_other_computers() -> None:
    hosts = [
        Host("127.0.0.1", ("127.0.0.1",)),
        Host("mac1"),
        Host("c", ("::1", "127.0.0.2")),
        Host("d", ("::1", "10.1.1.1")),
    ]
    given = ["192.168.1.1", "192.168.1.2", "192.168.1.3", "192.168.1.4"]
    roster = seat(hosts, default_reach).with_addresses(given)
    assert [host.ips for host in roster.hosts] == [*((ip,) for ip in given[:3]), ("::1", "10.1.1.1")]


def test_one_computer_under_two_names_is_one_computer() -> None:
    roster = seat([Host("mac1"), Host("10.0.0.1"), Host("mac2"), Host("mac1")], default_reach)
    seats = roster.on_machines(["a", "a", "b"]).seats
    assert [(each.host, each.local_rank, each.local_size) for each in seats] == [
        (0, 0, 3),
        (1, 1, 3),
        (2, 0, 1),
        (0, 2, 3),
    ]


LOCAL, FAR1, FAR2 = Reach("here"), Reach("far1", "far1"), Reach("far2", "far2")


def hello(server: str = "", client: str = "") -> Hello:
    return Hello(1, "3.11", "x", "x", 0, server, client)


@pytest.mark.parametrize(
    ("reaches", "hellos", "expected"),
    [
        ([LOCAL], [hello()], ["127.0.0.1"]),
        ([FAR1, FAR2], [hello("10.0.0.2", "10.0.0.1"), hello("10.0.0.3", "10.0.0.1")], ["10.0.0.2", "10.0.0.3"]),
        ([LOCAL, FAR1], [hello(), hello("10.0.0.2", "10.0.0.1")], ["10.0.0.1", "10.0.0.2"]),
        # Behind a jump host: it is whom the host sees.
        ([LOCAL, FAR1], [hello(), hello("10.3.3.2", "10.3.3.3")], ["10.2.2.1", "10.3.3.2"]),
        ([LOCAL, FAR1], [hello(), hello("127.0.0.1", "127.0.0.1")], ["127.0.0.1", "127.0.0.1"]),
        ([FAR2], [hello("fd00::2", "fd00::1")], ["fd00::2"]),
        ([FAR2, LOCAL], [hello("fd00::2", "fd00::1"), hello()], ["fd00::2", "fd00::1"]),
        # MLX reads IPv4 only: a name that has both kinds of address is taken by that one.
        ([FAR1, LOCAL], [hello("fd00::2", "fd00::1"), hello()], ["10.9.9.9", "10.9.9.1"]),
        (
            [FAR1, FAR2, LOCAL],
            [hello("fd00::2"), hello("10.0.0.2", "10.0.0.1"), hello()],
            ["10.9.9.9", "10.0.0.2", "10.0.0.1"],
        ),
        # Reached by a Bonjour name: link-local addresses are of no use to others, so names are resolved instead.
        ([FAR1, LOCAL], [hello("fe80::2%en0", "fe80::1%en0"), hello()], ["10.9.9.9", "10.9.9.1"]),
        ([FAR1, LOCAL], [hello("fe80::2", "fe80::1"), hello()], ["10.9.9.9", "10.9.9.1"]),
    ],
)
def test_management_addresses(reaches: list[Reach], hellos: list[Hello], expected: list[str]) -> None:
    resolved = {"far1": "10.9.9.9", "far2": ""}
    made = management_addresses(
        reaches,
        hellos,
        resolve=lambda reach: resolved[reach.name],
        source=lambda away: {"10.9.9.9": "10.9.9.1", "10.3.3.2": "10.2.2.1"}[away],
        ours=lambda address: address != "10.3.3.3",
    )
    assert made == expected


def test_hosts_without_an_address_are_all_named() -> None:
    with pytest.raises(UnfitError) as caught:
        management_addresses([FAR1, FAR2], [hello(), hello("fe80::1%en0")], resolve=lambda reach: "")
    remedy = "has no address that the others could use: give its IPv4 address to --hosts, or a hostfile"
    assert caught.value.message == f"far1: {remedy}\nfar2: {remedy}"


def test_the_resolver_follows_sshs_configuration(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Host studio\n  HostName 127.0.0.1\n")
    options = ("-F", str(tmp_path / "config"))
    assert resolve_ipv4(Reach("studio", "studio", options)) == "127.0.0.1"
    assert resolve_ipv4(Reach("nowhere", "no-such-host.invalid", options)) == ""


def test_the_source_address_of_a_way_is_ours() -> None:
    assert source_towards("127.0.0.1") == "127.0.0.1"
    assert is_ours("127.0.0.1") and not is_ours("192.0.2.1") and not is_ours("2001:db8::1")
