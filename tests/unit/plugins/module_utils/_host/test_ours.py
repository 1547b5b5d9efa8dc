# SPDX-License-Identifier: Apache-2.0
"""What this collection knows of a host by itself: how it is connected, what it configured, what is unfinished."""

from __future__ import annotations

import os

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import HostFacts
from ansible_collections.boltloom.cluster.plugins.module_utils._host import journal, ours
from ansible_collections.boltloom.cluster.plugins.module_utils._host.state import State

IFCONFIG = """\
lo0: flags=8049<UP,LOOPBACK> mtu 16384
\tinet6 ::1 prefixlen 128
en5: flags=8863<UP> mtu 1500
\tinet6 fe80::a%en5 prefixlen 64 secured scopeid 0xb
\tinet6 fd00::5 prefixlen 64
"""
IP = """\
2: eno1: <UP> mtu 1500
    inet6 fd00::5/64 scope global
3: thunderbolt0@if7: <UP> mtu 1500
    inet6 fe80::a/64 scope link
"""
MAC = HostFacts("macos", "mac1", "", "26.4", "", ())


@pytest.mark.parametrize(
    ("connection", "text", "expected"),
    [
        ("10.0.0.1 5 10.0.0.2 22", "", "10.0.0.2"),
        ("fe80::1%en5 5 fe80::a%en5 22", "", "fe80::a%en5"),
        ("fd00::1 5 fd00::5 22", IFCONFIG, "fd00::5%en5"),
        ("fe80::1 5 fe80::a 22", IFCONFIG, "fe80::a%en5"),
        ("fe80::1 5 fe80::a 22", IP, "fe80::a%thunderbolt0"),
        ("fd00::1 5 fd00::77 22", IP, "fd00::77"),
        ("::ffff:10.0.0.1 5 ::ffff:10.0.0.2 22", "", "::ffff:10.0.0.2"),
        ("", "", ""),
        ("half of it", "", ""),
    ],
)
def test_the_own_end_of_the_connection(connection, text, expected):
    assert ours.ssh_address({"SSH_CONNECTION": connection}, lambda: text) == expected


def test_a_host_where_nothing_was_done(run, tmp_path):
    facts = ours.with_ours(MAC, run, str(tmp_path), {})
    assert facts == MAC
    assert run.asked == []


def test_an_unfinished_change_is_said(run, tmp_path):
    journal.begin(State("macos", str(tmp_path)), "ada@laptop, process 7", "boot", ["take en3 out of bridge0"], {})
    facts = ours.with_ours(MAC, run, str(tmp_path), {})
    assert facts.unfinished.startswith("a change by ada@laptop, process 7, begun at ")
    assert facts.unfinished.endswith(", before the first of its 1 steps")


def test_a_damaged_file_is_a_warning(run, tmp_path):
    place = State("macos", str(tmp_path))
    os.makedirs(place.folder)
    for path in (place.applied, place.journal, place.outcome):
        with open(path, "w", encoding="utf-8") as file:
            file.write("{")
    facts = ours.with_ours(MAC, run, str(tmp_path), {})
    assert [words.split(": damaged")[0].rsplit("/", 1)[1] for words in facts.warnings] == [
        "applied.json",
        "journal",
        "outcome.json",
    ]
    assert (facts.applied, facts.unfinished) == ((), "")
