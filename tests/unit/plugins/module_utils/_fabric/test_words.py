# SPDX-License-Identifier: Apache-2.0
"""Lists that could grow without end are cut, and names are only data."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.shown import line
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.words import (
    counted,
    listed,
    listed_pairs,
    shortened,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "names, words",
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["aaaa"] * 9, "aaaa, aaaa, aaaa and 6 more"),
        (["x" * 50, "y"], "x" * 39 + "… and 1 more"),
    ],
)
def test_a_list(names, words):
    assert listed(names, room=20, last=" and ") == words


def test_pairs():
    assert listed_pairs([("a", "b"), ("a", "c")]) == "a and b, a and c"
    assert listed_pairs([("a", "b")] * 1000, room=20) == "a and b, a and b and 998 more"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=200), st.integers(10, 90))
def test_no_list_is_longer_than_its_room_and_none_loses_a_name(names, room):
    words = listed(names, room)
    assert len(words) <= max(room, 40) + len(" and 200 more")
    more = words.rpartition(" and ")[2].partition(" more")[0]
    shown = len(names) - int(more) if words.endswith(" more") and more.isdigit() else len(names)
    assert ", ".join(shortened(name) for name in names[:shown]) == words.rpartition(" and ")[0] or shown == len(names)


@given(st.text())
def test_what_is_shown_is_printable(text):
    shown = line(text)
    assert all(ord(char) >= 32 and char not in "\x7f\u2028\u2029\u202e" for char in shown)
    assert len(shown.splitlines()) <= 1


def test_counting():
    assert (counted(1, "cable"), counted(2, "cable"), counted(0, "cable")) == ("1 cable", "2 cables", "0 cables")
