# SPDX-License-Identifier: Apache-2.0
"""Who will connect to whom, and over which cable."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from boltloom_launcher.data_paths import Way, cables_of, ways
from unit.launcher.several_hosts import plan


def test_in_a_ring_everybody_connects_to_the_next_one_over_every_cable() -> None:
    ring = plan("ring", [["10.0.0.1", "10.1.0.1"], ["10.0.0.2", "10.1.0.2"], ["10.0.0.3", "10.1.0.3"]])
    assert ways(ring, ["a", "b", "c"]) == [
        *(Way(source, 0, "192.168.0.1", 400) for source in (1, 2)),
        *(Way(2, 0, f"10.{rail}.0.1", 100 + rail) for rail in (0, 1)),
        *(Way(0, 1, f"10.{rail}.0.2", 110 + rail) for rail in (0, 1)),
        *(Way(1, 2, f"10.{rail}.0.3", 120 + rail) for rail in (0, 1)),
    ]


def test_elsewhere_all_connect_to_the_first() -> None:
    jaccl = plan("jaccl", [["192.168.0.1"], ["192.168.0.2"], ["192.168.0.3"]])
    assert ways(jaccl, ["a", "b", "c"]) == [Way(1, 0, "192.168.0.1", 400), Way(2, 0, "192.168.0.1", 400)]


def test_one_computer_under_two_names_needs_no_way() -> None:
    assert ways(plan("ring", [["10.0.0.1"], ["10.0.0.2"]]), ["a", "a"]) == []


def hosts(boltloom: object) -> hostfile.Hostfile:
    return hostfile.Hostfile(hosts=(), boltloom={"cables": boltloom})


def test_a_hostfile_of_ours_knows_the_cables() -> None:
    ends = [
        {"host": "mac1", "receptacle": 2, "device": "en3", "address": "10.77.0.1"},
        {"host": "mac2", "receptacle": 3, "device": "en4", "address": "10.77.0.2"},
    ]
    words = "mac1 Thunderbolt 2 = mac2 Thunderbolt 3"
    assert cables_of(hosts([{"ends": ends}])) == (("10.77.0.1", words), ("10.77.0.2", words))


def test_somebody_elses_text_under_our_key_says_nothing() -> None:
    for text in (None, "x", [1, {}, {"ends": 3}, {"ends": [1, 2]}, {"ends": [{"host": "a"}, {}]}, {"ends": [{}]}]):
        assert cables_of(hosts(text)) == ()
