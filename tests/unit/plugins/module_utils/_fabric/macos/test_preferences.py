# SPDX-License-Identifier: Apache-2.0
"""The bridges of the next boot."""

from __future__ import annotations

import plistlib

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.preferences import (
    parse_configured_bridges,
)
from unit.plugins.module_utils._fabric.recordings import own

BRIDGE = {"bridge0": {"Interfaces": ["en2", "en3"], "Options": {"__AUTO__": "thunderbolt-bridge"}}}


def test_our_own_recording():
    data = own("mac_studio", "preferences.plist").encode("utf-8")
    assert parse_configured_bridges(data) == {"bridge0": ("en2", "en6", "en4", "en5")}


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_both_forms_of_property_lists(form):
    data = plistlib.dumps({"VirtualNetworkInterfaces": {"Bridge": BRIDGE}}, fmt=form)
    assert parse_configured_bridges(data) == {"bridge0": ("en2", "en3")}


@pytest.mark.parametrize(
    "preferences",
    [{}, {"VirtualNetworkInterfaces": {}}, {"VirtualNetworkInterfaces": {"Bridge": {}}}],
)
def test_no_bridges(preferences):
    assert parse_configured_bridges(plistlib.dumps(preferences)) == {}


def test_a_bridge_without_members():
    data = plistlib.dumps({"VirtualNetworkInterfaces": {"Bridge": {"bridge0": {}}}})
    assert parse_configured_bridges(data) == {"bridge0": ()}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a plist",
        b"<?xml version='1.0'?><plist><dict><key>",
        b"bplist00broken",
        plistlib.dumps([1]),
        plistlib.dumps({"VirtualNetworkInterfaces": []}),
        plistlib.dumps({"VirtualNetworkInterfaces": {"Bridge": {"bridge0": {"Interfaces": "en2"}}}}),
    ],
)
def test_anything_else_is_an_error(data):
    with pytest.raises(ParseError, match="preferences.plist"):
        parse_configured_bridges(data)


XML = b'<?xml version="1.0"?><!DOCTYPE plist [%s]><plist version="1.0"><dict><key>a</key>%s</dict></plist>'


@pytest.mark.parametrize(
    "data",
    [
        XML % (b"", b"<date>yesterday</date>"),
        XML % (b"", b"<date/>"),
        XML % (b"", b"<integer>x</integer>"),
        XML % (b"", b"<integer>" + b"9" * 5000 + b"</integer>"),
        XML % (b"", b"<real>x</real>"),
        XML % (b"", b"<dict><string>no key</string></dict>"),
        XML % (b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">', b"<string>&b;</string>"),
        (XML % (b'<!ENTITY a "a">', b"<string>&a;</string>")).decode().encode("utf-16"),
        b"bplist00",
        b"bplist00" + b"\xff" * 64,
        b"bplist00\xd1\x01\x01" + bytes(32),
        b"",
        b"\0" * 1000,
    ],
)
def test_a_list_that_is_broken_in_any_way_is_one_line(data):
    with pytest.raises(ParseError) as caught:
        parse_configured_bridges(data)
    assert caught.value.one_line().startswith("preferences.plist: ") and caught.value.one_line().isprintable()


def test_nesting_without_end_is_an_answer_or_one_line():
    deep = XML % (b"", b"<array>" * 50_000 + b"</array>" * 50_000)
    try:
        assert parse_configured_bridges(deep) == {}
    except ParseError as error:
        assert error.one_line().startswith("preferences.plist: ")


@pytest.mark.parametrize(
    "bridge, members", [("-x", ["en2"]), ("a b", []), ("bridge0", ["en2", "-f"]), ("bridge0", [7])]
)
def test_a_name_that_no_command_can_be_given_is_refused(bridge, members):
    data = {"VirtualNetworkInterfaces": {"Bridge": {bridge: {"Interfaces": members}}}}
    with pytest.raises(ParseError, match="preferences.plist: "):
        parse_configured_bridges(plistlib.dumps(data))
