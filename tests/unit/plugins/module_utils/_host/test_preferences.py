# SPDX-License-Identifier: Apache-2.0
"""Changing the bridges in preferences.plist: only them, with a backup, in one instant."""

from __future__ import annotations

import fcntl
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


def test_what_was_read_brings_back_every_byte(plist):
    """Content and order; nothing is left beside the file, neither a backup nor a lock."""
    before = plist.read_bytes()
    first = preferences.read_bridge(str(plist), "bridge0")
    preferences.set_members(str(plist), "bridge0", ("en3",))
    preferences.forget_bridge(str(plist), "bridge0")
    assert plist.read_bytes() != before
    preferences.write_bridge(str(plist), "bridge0", first)
    assert plist.read_bytes() == before
    assert preferences.read_bridge(str(plist), "bridge7") is None
    preferences.write_bridge(str(plist), "bridge7", None)
    assert plist.read_bytes() == before
    assert os.listdir(plist.parent) == ["preferences.plist"]


def test_the_lock_of_macos_is_waited_for_and_named(plist, monkeypatch):
    """SCPreferencesLock takes an exclusive lock on the file beside it."""
    monkeypatch.setattr(preferences, "LOCK_SECONDS", 0.3)
    before = plist.read_bytes()
    with open(f"{plist}-lock", "w", encoding="ascii") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="preferences.plist-lock is held by another program"):
            preferences.forget_bridge(str(plist), "bridge0")
        assert plist.read_bytes() == before
    preferences.forget_bridge(str(plist), "bridge0")  # a lock file that nobody holds any more
    assert os.listdir(plist.parent) == ["preferences.plist"]


def test_a_change_that_somebody_makes_without_the_lock_is_not_overwritten(plist, monkeypatch):
    other = plistlib.dumps({"VirtualNetworkInterfaces": {}, "changed": True})
    monkeypatch.setattr(preferences, "_bridges", lambda document: plist.write_bytes(other) and document)
    with pytest.raises(HostError, match="was changed by another program at this moment"):
        preferences.forget_bridge(str(plist), "CurrentSet")
    assert plist.read_bytes() == other
    assert os.listdir(plist.parent) == ["preferences.plist"]


def test_a_folder_in_its_place_is_one_clear_line(tmp_path):
    with pytest.raises(HostError, match="cannot be read: Is a directory"):
        preferences.read_bridge(str(tmp_path), "bridge0")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a plist", "is not a property list"),
        (b"<plist><date>yesterday</date></plist>", "is not a property list"),
        (plistlib.dumps([1]), "is not a dictionary"),
        (plistlib.dumps({"VirtualNetworkInterfaces": []}), "of a form that is not known"),
        (plistlib.dumps({}), "there is no bridge bridge0 any more"),
        (plistlib.dumps({"VirtualNetworkInterfaces": {"Bridge": {}}}), "there is no bridge bridge0 any more"),
    ],
)
def test_a_file_that_changed_meanwhile_is_one_clear_line(content, words, tmp_path):
    path = tmp_path / "preferences.plist"
    path.write_bytes(content)
    with pytest.raises(HostError, match=words):
        preferences.set_members(str(path), "bridge0", ("en3",))
    assert path.read_bytes() == content
