# SPDX-License-Identifier: Apache-2.0
"""A file of the control machine is replaced in one instant, and what prevents that is one line."""

from __future__ import annotations

import os

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_file import read_text, write_text


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path):
    path = tmp_path / "f.json"
    before = os.umask(0o027)
    try:
        write_text(str(path), "text")
    finally:
        os.umask(before)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("text", 0o640)


def test_an_old_file_keeps_its_mode_and_is_never_written_in_place(tmp_path):
    path = tmp_path / "f.json"
    path.write_text("old")
    path.chmod(0o600)
    with path.open() as reader:
        write_text(str(path), "new")
        assert reader.read() == "old"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert os.listdir(tmp_path) == ["f.json"]


def test_a_missing_file_reads_as_nothing(tmp_path):
    assert read_text(str(tmp_path / "none")) == ""


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(HostfileError, match=r"no/f\.json cannot be written: No such file or directory"):
        write_text(str(tmp_path / "no" / "f.json"), "text")


def test_a_folder_in_its_place_is_one_line_and_leaves_nothing(tmp_path):
    (tmp_path / "f.json").mkdir()
    with pytest.raises(HostfileError, match="cannot be read: Is a directory"):
        read_text(str(tmp_path / "f.json"))
    with pytest.raises(HostfileError, match="cannot be written"):
        write_text(str(tmp_path / "f.json"), "text")
    assert os.listdir(tmp_path) == ["f.json"]
