# SPDX-License-Identifier: Apache-2.0
"""Nothing that a host says can move the cursor, forge a line or break a picture."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import picture, shown
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan

from .racks import PAIR, names, rack

HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "two\nlines",
    "a\rb",
    "u\u2028x",
    "n\x85l",
    "\u202egnp.exe",
    "b\x07ell",
    "\udc80",
    "\x7f",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_terminal_acts_upon_is_escaped(text):
    line = shown.line(text)
    assert len(line.splitlines()) == 1
    assert not [character for character in line if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    line.encode("utf-8")


@pytest.mark.parametrize("text", ["Thunderbolt 2", "Büro-Mac", "机器 1", "mac\u00a01", "🍎", ""])
def test_what_people_write_stays(text):
    assert shown.line(text) == text


def test_a_block_keeps_its_lines_and_nothing_else():
    assert shown.block("one\n\x1b[2Jtwo\r\nthree") == "one\n\\x1b[2Jtwo\\r\nthree"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_of_hostile_names_has_as_many_lines_as_one_of_good_names(name):
    plan = make_plan(rack(names(2), PAIR), PlanOptions())
    bad = replace(plan, links=tuple(replace(link, a=replace(link.a, device=name)) for link in plan.links))
    text = picture.cables_picture(shown.noun(bad))
    assert len(text.splitlines()) == len(picture.cables_picture(plan).splitlines())
    assert shown.block(text) == text


def test_what_people_read_of_a_result_is_escaped_and_its_data_is_not():
    result = shown.result(
        {"msg": "a\x1bb\nc", "warnings": ["w\x07"], "diff": {"before": "x\n\x1b", "after": ""}, "raw": "\x1b"}
    )
    assert result == {
        "msg": "a\\x1bb\\nc",
        "warnings": ["w\\x07"],
        "diff": {"before": "x\n\\x1b", "after": ""},
        "raw": "\x1b",
    }


def test_an_end_is_named_as_people_find_it():
    assert shown.end("mac1", 2, "en3") == "mac1 Thunderbolt 2 (en3)"
    assert shown.end("mac1", 2, "") == "mac1 Thunderbolt 2"
    assert shown.end("mac1", 0, "") == "mac1"
