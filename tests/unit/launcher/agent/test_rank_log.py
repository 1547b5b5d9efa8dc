# SPDX-License-Identifier: Apache-2.0
"""The end of an output, in a file that never grows beyond its size."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.agent import rank_log
from boltloom_launcher.agent.rank_log import RankLog, read_log
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.binary(max_size=25), max_size=12), st.integers(0, 60))
def test_what_is_read_is_the_end_of_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], start: int
) -> None:
    path = tmp_path_factory.mktemp("logs") / "log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_log, "ROOM", 10)
        log = RankLog(str(path))
        for piece in pieces:
            log.add(piece)
        place, data = read_log(str(path), start)
        log.close()
    whole = b"".join(pieces)
    begin = min(max(start, len(whole) - 10), len(whole)) if start < len(whole) else len(whole)
    assert (place, data) == (begin, whole[begin:])
    assert path.stat().st_size <= 8 + 10
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()


def test_a_full_disk_ends_it_quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    log = RankLog(str(tmp_path / "log"))
    log.add(b"before")
    monkeypatch.setattr(rank_log.os, "pwrite", full)
    log.add(b"after")
    log.add(b"more")
    assert read_log(str(tmp_path / "log"), 0) == (0, b"before")
