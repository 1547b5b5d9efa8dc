# SPDX-License-Identifier: Apache-2.0
"""What both ends found becomes one statement per link, and each dead one is named with both."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.link_report import report_links

LINK = "mac1 Thunderbolt 2 (en3) to mac2 Thunderbolt 1 (en2)"


def view(here=(2, "en3", "10.77.0.1"), peer="mac2", there=(1, "en2", "10.77.0.2"), **found):
    seen = dict(zip(("receptacle", "device", "address"), here))
    seen.update(zip(("peer_receptacle", "peer_device", "peer_address"), there))
    rest = {"works": True, "problem": "", "milliseconds": 0.3, "send_gbps": 0.0, "receive_gbps": 0.0, "speed_gbps": 80}
    return {**seen, "peer": peer, **rest, **found}


def from_mac2(**found):
    return view((1, "en2", "10.77.0.2"), "mac1", (2, "en3", "10.77.0.1"), **found)


def test_both_views_are_one_line():
    report = report_links({"mac1": [view(send_gbps=31.25, receive_gbps=30)], "mac2": [from_mac2()]}, {})
    assert report.lines == (f"{LINK}: 0.30 ms, 31.2 Gb/s to mac2, 30.0 Gb/s to mac1",)
    assert report.dead == report.slow == report.remarks == ()


def test_a_link_that_one_end_cannot_use_is_dead_and_the_end_says_why():
    report = report_links({"mac1": [view()], "mac2": [from_mac2(works=False, problem="no answer")]}, {})
    assert report.dead == (f"{LINK}: seen from mac2: no answer",)
    assert report.lines == (f"{LINK}: DOES NOT WORK",)


def test_what_became_of_the_cable_says_more_than_no_answer():
    lost = {frozenset([("mac1", "10.77.0.1"), ("mac2", "10.77.0.2")]): "the cable was moved"}
    report = report_links({"mac1": [view(works=False, problem="no answer")]}, lost)
    assert report.dead == ("the cable was moved",)


def test_a_lost_link_that_nobody_checked_is_dead_too():
    assert report_links({}, {frozenset([("mac8", "1.2.3.4")]): "gone"}).dead == ("gone",)


def test_a_link_that_answers_is_not_dead_whatever_the_facts_say():
    lost = {frozenset([("mac1", "10.77.0.1"), ("mac2", "10.77.0.2")]): "each sees another host"}
    assert report_links({"mac1": [view()]}, lost).dead == ()


def test_a_slow_direction_is_named():
    report = report_links({"mac1": [view(send_gbps=0.09, receive_gbps=30)]}, {})
    assert report.slow == (
        f"{LINK} carries 0.09 Gb/s to mac2, where 80 Gb/s were negotiated: "
        "plug it in anew at both ends, or try another cable",
    )


def test_what_was_not_measured_is_told():
    report = report_links({"mac1": [view(problem="not measured (refused)")], "mac2": [from_mac2()]}, {})
    assert report.remarks == (f"{LINK}: not measured (refused)",)


def test_results_of_another_version_are_one_line():
    with pytest.raises(ParseError, match="mac1: the result of link_check has no 'address'"):
        report_links({"mac1": [{"works": True}]}, {})
