# SPDX-License-Identifier: Apache-2.0
"""Versions are numbers, not words."""

from __future__ import annotations

import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.versions import (
    SystemVersion,
    at_least,
    parse_sw_vers,
    version_numbers,
)
from unit.plugins.module_utils._fabric.recordings import all_captures, own


def test_our_own_recording():
    assert parse_sw_vers(own("mac_studio", "sw_vers.txt")) == SystemVersion("26.3.1", "25D2128")


@pytest.mark.parametrize("path", all_captures("sw_vers"))
def test_every_capture_says_what_its_name_says(path):
    parsed = parse_sw_vers(path.read_text(encoding="utf-8"))
    assert path.stem.replace("-beta", "") == f"macos-{parsed.version}-{parsed.build}"


@pytest.mark.parametrize(
    "version, minimum, expected",
    [
        ("26.10", "26.2", True),
        ("26.2", "26.10", False),
        ("27.0", "26.6.2", True),
        ("26.2", "26.2", True),
        ("26.2.0", "26.2", True),
        ("26", "26.0", True),
        ("15.7", "26.2", False),
    ],
)
def test_versions_compare_by_component(version, minimum, expected):
    assert at_least(version, minimum) is expected


@pytest.mark.parametrize("text", ["", "ProductName:\tmacOS\n"])
def test_no_version_is_an_error(text):
    with pytest.raises(ParseError, match="sw_vers"):
        parse_sw_vers(text)


def test_a_version_without_number_is_an_error():
    with pytest.raises(ParseError, match="'Tahoe'"):
        at_least("Tahoe", "26.2")


@pytest.mark.parametrize("value", ["", "  ", "Tahoe", "²6.3", "26.", "9" * 5000, "26.3\x0bBuildVersion: x"])
def test_a_product_version_that_is_none_is_not_another_line(value):
    with pytest.raises(ParseError, match="^sw_vers: "):
        parse_sw_vers(f"ProductName:\t\tmacOS\nProductVersion:\t\t{value}\nBuildVersion:\t\t25D125\n")


def test_blanks_without_end_take_no_time():
    text = "ProductVersion:" + " " * 200_000 + "x\n"
    begin = time.process_time()
    with pytest.raises(ParseError, match="'x' is no version"):
        parse_sw_vers(text)
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("version", ["9" * 5000, "²6.2", "1234567890.1", ""])
def test_digits_that_are_no_version(version):
    with pytest.raises(ParseError, match="not a version"):
        version_numbers(version)
