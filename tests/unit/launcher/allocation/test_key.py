# SPDX-License-Identifier: Apache-2.0
"""The secret that ranks share: given, or in a file that nobody else may read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from boltloom_launcher.allocation.key import key_file, shared_key
from boltloom_launcher.errors import UnfitError, UsageError


def test_one_that_was_given_counts(tmp_path: Path) -> None:
    assert shared_key({"BOLTLOOM_TOKEN": "0123456789abcdef", "HOME": str(tmp_path)}) == b"0123456789abcdef"
    assert not list(tmp_path.iterdir())


def test_one_that_is_no_secret_is_refused() -> None:
    with pytest.raises(UsageError, match="BOLTLOOM_TOKEN is shorter than 16 characters"):
        shared_key({"BOLTLOOM_TOKEN": "secret"})


def test_all_who_come_at_once_find_the_same(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(shared_key, [home] * 32))
    assert len(keys) == 1 and len(keys.pop()) == 32
    path = Path(key_file(home))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_another_home_has_another(tmp_path: Path) -> None:
    one, other = (shared_key({"HOME": str(tmp_path / name)}) for name in ("one", "other"))
    assert one != other
    assert shared_key({"XDG_CONFIG_HOME": str(tmp_path / "one/.config")}) == one


def test_one_that_others_may_read_is_refused(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    shared_key(home)
    Path(key_file(home)).chmod(0o640)
    with pytest.raises(UnfitError, match="others may read the key .*/boltloom/key: remove it"):
        shared_key(home)


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    shared_key(home)
    Path(key_file(home)).write_bytes(b"short")
    with pytest.raises(UnfitError, match="is too short: remove it"):
        shared_key(home)


def test_a_home_that_takes_no_file_says_what_else_serves(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnfitError, match="cannot be had .Not a directory.: set BOLTLOOM_TOKEN to the same secret for"):
        shared_key({"HOME": str(tmp_path / "file")})


def test_without_a_home_nothing_is_written_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnfitError, match="there is no home to keep a key in: set BOLTLOOM_TOKEN"):
        shared_key({"XDG_CONFIG_HOME": "relative"})
    assert not list(tmp_path.iterdir())
