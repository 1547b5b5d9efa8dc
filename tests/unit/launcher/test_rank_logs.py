# SPDX-License-Identifier: Apache-2.0
"""Each rank's output in files of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from boltloom_launcher.errors import UsageError
from boltloom_launcher.rank_logs import RankLogs


def test_every_byte_is_there_at_once_and_a_restart_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        logs = RankLogs(str(tmp_path / "new/folder"), 2)
        logs.write(1, 2, b"\xff\x00 no newline")
        assert (tmp_path / "new/folder/rank-1.err").read_bytes().endswith(b"\xff\x00 no newline")
        logs.close()
    names = sorted(path.name for path in (tmp_path / "new/folder").iterdir())
    assert names == ["rank-0.err", "rank-0.out", "rank-1.err", "rank-1.out"]
    assert (tmp_path / "new/folder/rank-1.err").read_bytes() == b"\xff\x00 no newline" * 2


def test_a_disk_that_is_full_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "rank-0.out").symlink_to("/dev/full")
    logs, said = RankLogs(str(tmp_path), 1), []
    logs.on_problem = said.append
    for _ in range(3):
        logs.write(0, 1, b"x")
    logs.write(0, 2, b"still")
    logs.close()
    assert said == [f"cannot write {tmp_path}/rank-0.out any more: No space left on device"]
    assert (tmp_path / "rank-0.err").read_bytes() == b"still"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = os.listdir("/proc/self/fd")
    with pytest.raises(UsageError, match="--output-dir .*/file/x cannot be written .Not a directory."):
        RankLogs(f"{tmp_path}/file/x", 1)
    assert os.listdir("/proc/self/fd") == before
