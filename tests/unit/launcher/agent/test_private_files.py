# SPDX-License-Identifier: Apache-2.0
"""Files for ranks: where they lie, and what is wrong with that place before anything is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from boltloom_launcher.agent.private_files import PrivateFiles


def test_they_are_for_this_user_only_and_leave_nothing(tmp_path: Path) -> None:
    made: list[str] = []
    files = PrivateFiles(made.append)
    files.place({"TMPDIR": str(tmp_path)})
    assert files.problem() is None
    path = Path(files.write("0-FILE", "text"))
    assert [str(path.parent)] == made and path.parent.parent == tmp_path
    assert (path.read_text(), path.stat().st_mode & 0o77, path.parent.stat().st_mode & 0o77) == ("text", 0, 0)
    assert os.listdir(path.parent) == ["0-FILE"]
    files.remove()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("place", "words"), [("missing", "No such file or directory"), ("file", "Not a directory"), ("/proc", "")]
)
def test_a_place_that_takes_no_files(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "file").touch()
    where = os.path.join(tmp_path, place)
    files = PrivateFiles(lambda _: None)
    files.place({"TMPDIR": where})
    problem = files.problem() or ""
    assert problem.startswith(f"cannot write to {where} ({words}")
    assert problem.endswith("or name another place with --env TMPDIR=DIR")
