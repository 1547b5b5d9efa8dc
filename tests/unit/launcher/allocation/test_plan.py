# SPDX-License-Identifier: Apache-2.0
"""The plan of ranks that a scheduler has placed."""

from __future__ import annotations

import json

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from boltloom_launcher.allocation.messages import Agreed, Draft, Hello
from boltloom_launcher.allocation.plan import Settings, members, plan_of, rank_addresses, with_agreed
from boltloom_launcher.backends import rank_env
from boltloom_launcher.errors import UnfitError

RING = {
    "backend": "ring",
    "hosts": [
        {"ssh": "me@a", "ips": ["10.77.0.1"]},
        {"ssh": "b", "ips": ["10.77.0.2"]},
        {"ssh": "c", "ips": ["10.77.0.6"]},
    ],
    "boltloom": {"cables": [{"ends": [{"address": "10.77.0.1"}, {"address": "10.77.0.2"}]}]},
}
MESH = {
    "backend": "jaccl",
    "hosts": [
        {"ssh": "a", "ips": ["10.0.0.1"], "rdma": [None, "ab", "ac"]},
        {"ssh": "b", "ips": ["10.0.0.2"], "rdma": ["ba", None, ["bc", "bc2"]]},
        {"ssh": "c", "ips": ["10.0.0.3"], "rdma": ["ca", "cb", None]},
    ],
}


def read(content: object) -> hostfile.Hostfile:
    return hostfile.parse(json.dumps(content), "hosts.json")


def hellos(*hosts: str, local: tuple[tuple[int, int], ...] = ()) -> list[Hello]:
    places = local or ((-1, 0),) * len(hosts)
    return [Hello("", "", "", rank, len(hosts), host, *places[rank]) for rank, host in enumerate(hosts)]


def addresses(count: int) -> list[str]:
    return [f"192.168.1.{rank + 1}" for rank in range(count)]


def test_who_comes_over_the_loopback_is_on_rank_zeros_host() -> None:
    assert rank_addresses([("127.0.0.1", "127.0.0.1")]) == ["127.0.0.1", "127.0.0.1"]
    seen = [("127.0.0.1", "127.0.1.1"), ("10.0.0.2", "10.0.0.1"), ("fd00::3", "fd00::1"), ("::1", "::1")]
    assert rank_addresses(seen) == ["10.0.0.1", "10.0.0.1", "10.0.0.2", "fd00::3", "10.0.0.1"]


def test_ranks_count_per_host_where_the_scheduler_does_not() -> None:
    made = members(hellos("a", "b", "a"), addresses(3), None, "ring")
    assert [(each.local_rank, each.local_size) for each in made] == [(0, 2), (0, 1), (1, 2)]
    made = members(hellos("a", "a", local=((1, 2), (0, 2))), addresses(2), None, "ring")
    assert [(each.local_rank, each.local_size) for each in made] == [(1, 2), (0, 2)]


def test_a_name_that_would_break_the_list_of_hosts_is_refused() -> None:
    with pytest.raises(UnfitError, match="rank 1 calls its host 'b;c=1', which is no name"):
        members(hellos("a", "b;c=1"), addresses(2), None, "ring")


@pytest.mark.parametrize(
    ("hosts", "ips"),
    [
        (("a", "b", "c"), ["10.77.0.1", "10.77.0.2", "10.77.0.6"]),
        (("b", "c", "a"), ["10.77.0.2", "10.77.0.6", "10.77.0.1"]),
        (("a.lab.example", "b.lab.example", "c"), ["10.77.0.1", "10.77.0.2", "10.77.0.6"]),
        (("a", "a", "b", "b", "c", "c"), ["10.77.0.1"] * 2 + ["10.77.0.2"] * 2 + ["10.77.0.6"] * 2),
        (("a", "b", "b", "c", "a"), ["10.77.0.1", "10.77.0.2", "10.77.0.2", "10.77.0.6", "10.77.0.1"]),
        (("b", "b"), ["10.77.0.2", "10.77.0.2"]),
    ],
)
def test_a_hostfile_gives_the_addresses_by_name(hosts: tuple[str, ...], ips: list[str]) -> None:
    made = members(hellos(*hosts), addresses(len(hosts)), read(RING), "ring")
    assert [each.ips for each in made] == [[ip] for ip in ips]
    assert [each.host for each in made] == list(hosts)


@pytest.mark.parametrize("hosts", [("a", "c", "b"), ("a", "b"), ("a", "b", "c", "a", "b", "c")])
def test_cables_make_a_ring_in_one_order_only(hosts: tuple[str, ...]) -> None:
    with pytest.raises(UnfitError, match="the cables of the hostfile make a ring of a, b, c, and the ranks are on a, "):
        members(hellos(*hosts), addresses(len(hosts)), read(RING), "ring")


@pytest.mark.parametrize("cables", [["x"], [{"ends": 7}], [{"ends": [{"host": "a"}, {}]}], 7])
def test_somebody_elses_words_about_cables_are_none(cables: object) -> None:
    made = members(hellos("c", "a"), addresses(2), read({**RING, "boltloom": {"cables": cables}}), "ring")
    assert [each.ips for each in made] == [["10.77.0.6"], ["10.77.0.1"]]


def test_addresses_of_a_network_serve_in_any_order() -> None:
    plain = read({"hosts": RING["hosts"]})
    made = members(hellos("c", "a"), addresses(2), plain, "ring")
    assert [each.ips for each in made] == [["10.77.0.6"], ["10.77.0.1"]]


def test_a_host_with_several_entries_has_one_for_each_rank() -> None:
    twice = read({"hosts": [{"ssh": "a", "ips": ["10.0.0.1"]}, {"ssh": "a", "ips": ["10.0.1.1"]}]})
    assert [each.ips for each in members(hellos("a", "a"), addresses(2), twice, "ring")] == [["10.0.0.1"], ["10.0.1.1"]]
    with pytest.raises(UnfitError, match="only 2 entries for a, and rank 2 is one more"):
        members(hellos("a", "a", "a"), addresses(3), twice, "ring")


def test_a_host_without_addresses_keeps_its_own_and_may_be_listed_by_it() -> None:
    named = read({"hosts": [{"ssh": "a"}, {"ssh": "192.168.1.2", "ips": ["10.0.0.2"]}]})
    made = members(hellos("a", "elsewhere"), addresses(2), named, "ring")
    assert [each.ips for each in made] == [["192.168.1.1"], ["10.0.0.2"]]


def test_an_unknown_host_is_named_beside_the_known() -> None:
    with pytest.raises(UnfitError) as caught:
        members(hellos("a", "d"), addresses(2), read(RING), "ring")
    assert caught.value.message == (
        "the hostfile has no host d, where rank 1 runs: it has a, b, c; give one for these hosts"
    )


def test_devices_follow_the_ranks() -> None:
    made = members(hellos("c", "a", "b"), addresses(3), read(MESH), "jaccl")
    assert [each.rdma for each in made] == [
        [[], ["ca"], ["cb"]],
        [["ac"], [], ["ab"]],
        [["bc", "bc2"], ["ba"], []],
    ]
    draft = Draft("calm-crane-1", "192.168.1.1", made)
    plan = with_agreed(plan_of(draft, Settings("jaccl", 5.0), "0" * 32), draft, Agreed(20001, 20002, [[20003], [], []]))
    env, files = rank_env(plan, 1)
    assert env["MLX_JACCL_COORDINATOR"] == "10.0.0.3:20003"
    assert files["MLX_IBV_DEVICES"] == [[None, "ca", "cb"], ["ac", None, "ab"], [["bc", "bc2"], "ba", None]]


def test_the_whole_plan() -> None:
    draft = Draft("calm-crane-1", "192.168.1.1", members(hellos("a", "b"), addresses(2), None, "ring"))
    plan = plan_of(draft, Settings("ring", 5.0), "0" * 32)
    env, files = rank_env(with_agreed(plan, draft, Agreed(20001, 20002, [[20003], [20004]])), 1)
    assert files == {"MLX_HOSTFILE": [["192.168.1.1:20003"], ["192.168.1.2:20004"]]}
    expected = {
        "BOLTLOOM_COORDINATOR": "192.168.1.1:20001",
        "BOLTLOOM_HOSTS": "a=192.168.1.1;b=192.168.1.2",
        "MASTER_ADDR": "192.168.1.1",
        "MASTER_PORT": "20002",
        "BOLTLOOM_RUN_ID": "calm-crane-1",
    }
    assert expected.items() <= env.items()
