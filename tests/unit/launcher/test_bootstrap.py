# SPDX-License-Identifier: Apache-2.0
"""What an agent is sent: compiled for a Python like ours, else text; a child of ours reads it where it lies."""

from __future__ import annotations

import marshal
import shlex
import subprocess
import sys
import zlib
from pathlib import Path
from types import CodeType

import pytest
from boltloom_launcher import bootstrap
from boltloom_launcher.agent.frames import MAGIC, FrameReader
from boltloom_launcher.agent.messages import Hello

OTHERS = (b"", b"cpython-38 550d0d0a", b"pypy39-pp73 a70d0d0a")


def _said() -> bytes:
    """What a far host with our Python says of it."""
    words = shlex.split(bootstrap.remote_command([sys.executable]))
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    start, ready, rest = done.stdout.partition(bootstrap.READY)
    assert (start, ready, rest[-1:]) == (b"", bootstrap.READY, b"\n")
    return rest[:-1]


def _begin(sent: bytes) -> object:
    length = int(sent[:8])
    assert len(sent) == 8 + length
    return marshal.loads(zlib.decompress(sent[8:]))


def test_a_python_like_ours_is_sent_what_is_compiled() -> None:
    assert isinstance(_begin(bootstrap.agent_bytes(_said())), CodeType)


@pytest.mark.parametrize("python", OTHERS)
def test_any_other_is_sent_the_text(python: bytes) -> None:
    assert isinstance(_begin(bootstrap.agent_bytes(python)), str)


@pytest.mark.parametrize("way", ["text", "compiled", "where it lies"])
def test_the_agent_starts_without_a_word_on_stderr(way: str, tmp_path: Path) -> None:
    sent = {"text": bootstrap.agent_bytes, "where it lies": bootstrap.own_agent_bytes}.get(
        way, lambda: bootstrap.agent_bytes(_said())
    )()
    done = subprocess.run(bootstrap.local_argv(), input=sent, capture_output=True, timeout=30, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(MAGIC)
    assert [type(each) for each in FrameReader().feed(done.stdout[len(MAGIC) :])] == [Hello]


def test_a_child_of_ours_prefers_the_standard_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside our package lies what else is installed, and that may have a name of the library's."""
    (tmp_path / "selectors.py").write_text("raise SystemExit('not this one')\n")
    (tmp_path / "boltloom_launcher").symlink_to(Path(bootstrap.__file__).parent)
    monkeypatch.setattr(bootstrap, "_FOLDER", str(tmp_path / "boltloom_launcher" / "agent"))
    sent = bootstrap.own_agent_bytes()
    assert str(tmp_path).encode() in zlib.decompress(sent[8:])
    done = subprocess.run(bootstrap.local_argv(), input=sent, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
