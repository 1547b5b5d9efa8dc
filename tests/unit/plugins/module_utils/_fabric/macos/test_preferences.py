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
