# SPDX-License-Identifier: Apache-2.0
"""A Mac stays awake as long as the agent lives; its caffeinate is played by a program in PATH."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

DEADLINE = 30.0
# Says with what it was called, and when the process that it was given is gone.
CAFFEINATE = """\
#!/bin/sh
echo "$@" > called.tmp && mv called.tmp called
while [ -e /proc/$4/exe ]; do sleep 0.02; done
echo > over
"""
AGENT = """\
import sys
from boltloom_launcher.agent import awake
awake.sys.platform = sys.argv[1]
awake.keep_awake()
import os
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child", flush=True)
sys.stdin.read()
"""


def until(path: Path) -> str:
    end = time.monotonic() + DEADLINE
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.01)
    return path.read_text()


def agent(platform: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[str]:
    (folder / "caffeinate").write_text(CAFFEINATE)
    (folder / "caffeinate").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", AGENT, platform], stdin=pipe, stdout=pipe, cwd=folder, text=True)


def test_until_the_agent_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agent("darwin", tmp_path, monkeypatch) as process:
        assert process.stdout and process.stdout.readline() == "no child\n"
        assert until(tmp_path / "called") == f"-i -s -w {process.pid}\n"
        process.kill()
    until(tmp_path / "over")


def test_other_systems_have_no_such_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agent("linux", tmp_path, monkeypatch) as process:
        assert process.communicate("", timeout=DEADLINE)[0] == "no child\n"
    assert not (tmp_path / "called").exists()


def test_a_mac_without_it_runs_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agent("darwin", tmp_path, monkeypatch) as process:
        (tmp_path / "caffeinate").unlink(missing_ok=True)
        assert process.communicate("", timeout=DEADLINE)[0] == "no child\n"
        assert process.returncode == 0
