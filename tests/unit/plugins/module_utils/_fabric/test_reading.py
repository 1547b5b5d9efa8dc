# SPDX-License-Identifier: Apache-2.0
"""What Python's own readers take, and ours do not."""

from __future__ import annotations

import json

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import reading
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError


def test_only_a_line_feed_ends_a_line():
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g\rh\ni"
    assert reading.lines(text) == [text[:-2], "i"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a\r\nb\r\n", ["a", "b", ""]),  # a copy that was through another system
        ("a\r\nb\n", ["a\r", "b", ""]),  # a name that ends so
        ("\ufeffa\n", ["a", ""]),
        ("a\ud800b", ["a\ufffdb"]),
        ("", [""]),
    ],
)
def test_what_copies_add_is_taken_off(text, expected):
    assert reading.lines(text) == expected


@pytest.mark.parametrize("text, value", [("0", 0), ("007", 7), ("255", 255), ("256", None), ("9" * 5000, None)])
def test_numbers_have_an_end(text, value):
    assert reading.number(text, 255) == value


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1 ", "1_0", "1.0", "²", "٣", "९", "0x1", "1\n"])
def test_digits_that_int_or_isdigit_take_are_no_number(text):
    assert reading.number(text, 255) is None


@pytest.mark.parametrize(
    "text", ["1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/8", "١.٢.٣.٤", "1.2.3.4 ", "1.2.3.4\n", "0x1.2.3.4", "::1", ""]
)
def test_what_is_no_ipv4_address(text):
    assert reading.ipv4(text) is None


@pytest.mark.parametrize(
    "mask, prefix",
    [
        ("255.255.255.252", 30),
        ("0xffffff00", 24),
        ("0x0", 0),
        ("255.255.255.255", 32),
        ("0.0.0.0", 0),
        ("255.0.255.0", None),
        ("0xff00ff00", None),
        ("0.0.0.255", None),
        ("0xfffffffff", None),
        ("24", None),
        ("", None),
    ],
)
def test_the_ones_of_a_mask_stand_together(mask, prefix):
    assert reading.prefix_of(mask) == prefix


@pytest.mark.parametrize("text", ["10.0.0.1/33", "10.0.0.1/", "10.0.0.1", "/8", "10.0.0.1/255.0.0.0", "10.0.0.1/²"])
def test_what_is_no_address_with_a_length(text):
    assert reading.interface_address(text) is None


@pytest.mark.parametrize("text", ["fe80::1%en2", "fe80::1%11", "::", "10.0.0.1"])
def test_addresses_of_both_kinds(text):
    assert reading.ip_address(text) == text


@pytest.mark.parametrize("text", ["fe80::1%", "fe80::1%a b", "fe80::1%/x", ":", "g::1", "1:2:3"])
def test_what_is_no_address_of_either_kind(text):
    assert reading.ip_address(text) is None


@pytest.mark.parametrize("text", ["-en2", "en 2", "en2\n", "a/b", "", "é", "x" * 40, "..", "en2\0"])
def test_what_cannot_be_a_word_of_a_command(text):
    assert not reading.device(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("[" * 100_000, "x: nested too deeply"),
        ("[" * 100 + "]" * 100, "x: nested too deeply"),
        ('{"a": ' * 80 + "1" + "}" * 80, "x: nested too deeply"),
        ("9" * 5000, "x: a number of 5000 digits"),
        ("1e999", "x: the number '1e999' is too large"),
        ("[NaN]", "x: NaN is no number"),
        ("[-Infinity]", "x: -Infinity is no number"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "x: the key 'c' stands twice in one object"),
        (r'["\ud800"]', "x: half a character in '\\ud800'"),
        ("", "x: not JSON (Expecting value: line 1 column 1 (char 0))"),
    ],
)
def test_json_that_surprises_is_one_short_line(text, words):
    with pytest.raises(ParseError) as caught:
        reading.json_value(text, "x")
    line = caught.value.one_line()
    assert line.startswith(words) and line.isprintable() and len(line) < 300


def test_json_is_read():
    value = {"a": [1, -2.5, None, True, "é\u2028"], "b": {"c": {}}}
    assert reading.json_value("\ufeff" + json.dumps(value), "x") == value


@pytest.mark.parametrize(
    "value",
    ["a\x1b[0m\u2028\ud800" * 100, 10**5000, -(10**5000), [[]] * 10**5, {"a": {}}, None, True, 1.5, float("nan"), b"x"],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_shown_is_one_short_printable_line(value):
    assert reading.shown(value).isprintable() and len(reading.shown(value)) < 90


def test_nesting_is_shown_without_recursion():
    value = []
    for _ in range(100_000):
        value = [value]
    assert reading.shown(value) == "a list of 1"
