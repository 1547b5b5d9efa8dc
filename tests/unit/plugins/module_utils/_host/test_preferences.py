# SPDX-License-Identifier: Apache-2.0
"""Changing the bridges in preferences.plist: only them, with a backup, in one instant."""

from __future__ import annotations

import os
import plistlib

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._host import preferences
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError

DOCUMENT = {
    "CurrentSet": "/Sets/1",
    "VirtualNetworkInterfaces": {
        "Bridge": {
            "bridge0": {"Interfaces": ["en2", "en3"], "Options": {"__AUTO__": "thunderbolt-bridge"}},
            "bridge9": {"Interfaces": ["en8"]},
        }
    },
}


@pytest.fixture(params=[plistlib.FMT_XML, plistlib.FMT_BINARY])
def plist(request, tmp_path):
    path = tmp_path / "preferences.plist"
    path.write_bytes(plistlib.dumps(DOCUMENT, fmt=request.param))
    path.chmod(0o644)
    return path


def test_forgetting_a_bridge_leaves_everything_else(plist):
    preferences.forget_bridge(str(plist), "bridge0")
    after = plistlib.loads(plist.read_bytes())
    assert after["VirtualNetworkInterfaces"]["Bridge"] == {"bridge9": {"Interfaces": ["en8"]}}
    assert after["CurrentSet"] == "/Sets/1"


def test_members_are_set_and_options_kept(plist):
    preferences.set_members(str(plist), "bridge0", ("en3",))
    bridge = plistlib.loads(plist.read_bytes())["VirtualNetworkInterfaces"]["Bridge"]["bridge0"]
    assert bridge == {"Interfaces": ["en3"], "Options": {"__AUTO__": "thunderbolt-bridge"}}


def test_the_form_of_the_file_and_its_mode_stay(plist):
    form, mode = plist.read_bytes()[:6], plist.stat().st_mode
    preferences.forget_bridge(str(plist), "bridge0")
    assert (plist.read_bytes()[:6], plist.stat().st_mode) == (form, mode)


def test_the_backup_brings_back_every_byte(plist):
    before = plist.read_bytes()
    first = preferences.forget_bridge(str(plist), "bridge9")
    second = preferences.forget_bridge(str(plist), "bridge0")
    assert first != second, "a later backup must not overwrite an earlier one"
    preferences.restore(str(plist), first)
    assert plist.read_bytes() == before


def test_no_half_written_file_is_left(plist):
    preferences.forget_bridge(str(plist), "bridge0")
    assert [name for name in os.listdir(plist.parent) if "boltloom" not in name] == ["preferences.plist"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a plist", "cannot be read"),
        (plistlib.dumps({}), "no bridges in it any more"),
        (plistlib.dumps({"VirtualNetworkInterfaces": {"Bridge": {}}}), "there is no bridge bridge0 any more"),
    ],
)
def test_a_file_that_changed_meanwhile_is_one_clear_line(content, words, tmp_path):
    path = tmp_path / "preferences.plist"
    path.write_bytes(content)
    with pytest.raises(HostError, match=words):
        preferences.set_members(str(path), "bridge0", ("en3",))
    assert path.read_bytes() == content
