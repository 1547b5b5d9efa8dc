# SPDX-License-Identifier: Apache-2.0
"""Processes are found by what stands in their environment."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from boltloom_launcher.agent import strays


@pytest.fixture
def marked() -> Iterator[int]:
    with subprocess.Popen(["sleep", "300"], env={"MARK": "7 of 9", "OTHER": "MARK=8"}) as process:
        yield process.pid
        process.kill()


def test_it_is_found_by_the_whole_of_it(marked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARK", "7 of 9")
    assert strays.find_strays("MARK=7 of 9") == [marked]
    for other in ("MARK=7", "MARK=8", "ARK=7 of 9", ""):
        assert strays.find_strays(other) == []


PS = b"""\
    1 /sbin/launchd
  501 /bin/zsh -l HOME=/Users/me BOLTLOOM_TOKEN=00ff SHLVL=1
  502 sleep 300 BOLTLOOM_TOKEN=00ff0
  503 /usr/bin/python3 -c x BOLTLOOM_TOKEN=00ff
broken line
"""


def test_macos_says_it_by_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        assert argv == ["ps", "-axww", "-E", "-o", "pid=,command="]
        return subprocess.CompletedProcess(argv, 0, PS)

    monkeypatch.setattr(strays.sys, "platform", "darwin")
    monkeypatch.setattr(strays.subprocess, "run", run)
    assert strays.find_strays("BOLTLOOM_TOKEN=00ff") == [501, 503]
    monkeypatch.setattr(strays.os, "getpid", lambda: 501)
    assert strays.find_strays("BOLTLOOM_TOKEN=00ff") == [503]
