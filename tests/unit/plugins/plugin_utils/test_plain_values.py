# SPDX-License-Identifier: Apache-2.0
"""A list is a list, however it was given."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.plugin_utils._plain_values import WrongValue, as_texts


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        (["A=1", "B=x,y"], ("A=1", "B=x,y")),
        ('["A=1", "B=x,y"]', ("A=1", "B=x,y")),
        ("A=1, B=2", ("A=1", "B=2")),
        ({"A": 1, "B": True, "C": "x,y"}, ("A=1", "B=true", "C=x,y")),
        ('{"A": "1"}', ("A=1",)),
        (7, ("7",)),
    ],
)
def test_every_way_to_write_a_list(value, texts):
    assert as_texts(value, "name") == texts


@pytest.mark.parametrize("value", ["[1", [None], [["A=1"]], {"A": {}}, "{'A': 1}"])
def test_what_is_no_list_of_texts_is_one_line_with_its_name(value):
    with pytest.raises(WrongValue, match="thunderbolt_net_envs"):
        as_texts(value, "thunderbolt_net_envs")
