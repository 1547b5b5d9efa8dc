# SPDX-License-Identifier: Apache-2.0
"""A run of Ansible that loses its interruption: a real tree of processes stands for its workers and their ssh."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from boltloom_launcher.agent.processes import descendants, exists, signal_all
from boltloom_launcher.agent.strays import find_strays
from boltloom_launcher.ansible import ending, runner
from boltloom_launcher.ansible.ending import Ending, kill_tree
from boltloom_launcher.errors import Interrupted

DEADLINE = 30.0
# Each level has a session of its own and ignores what is milder than SIGKILL; the innermost starts others for ever.
TREE = """
import os, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
level = int(sys.argv[2])
if level:
    subprocess.Popen([sys.executable, "-S", "-c", sys.argv[1], sys.argv[1], str(level - 1)], start_new_session=True)
else:
    print("ready", flush=True)
    while True:
        subprocess.Popen(["sleep", "60"], start_new_session=True)
        time.sleep(0.002)
time.sleep(60)
"""


def tree() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-S", "-c", TREE, TREE, "2"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def end(process: subprocess.Popen[bytes], *others: int) -> None:
    signal_all([process.pid, *others], signal.SIGKILL)
    process.wait(DEADLINE)
    if process.stdout:
        process.stdout.close()


def test_a_tree_of_sessions_is_killed_while_it_grows() -> None:
    root = tree()
    below = descendants(root.pid)
    assert len(below) >= 2
    try:
        kill_tree(root.pid)
        assert root.wait(DEADLINE) == -signal.SIGKILL
        assert root.stdout is not None
        assert root.stdout.read() == b""  # everything that held the pipe has gone, also what came after we looked
        assert not any(exists(pid) and descendants(pid) for pid in below)
    finally:
        end(root, *below)


def test_one_that_is_not_there_is_no_error() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait(DEADLINE)
    kill_tree(gone.pid)


def test_who_does_not_heed_the_interruption_is_killed_with_all_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_GRACE_S", 0.3)
    root = tree()
    asked = Ending()
    asked.pid_file = tmp_path / "pid"
    asked.pid_file.write_text(f"{root.pid}\n", encoding="ascii")
    try:
        with pytest.raises(Interrupted), asked.listening():
            assert not asked.overdue()
            os.kill(os.getpid(), signal.SIGTERM)
            assert not asked.overdue()  # it has its grace
            assert root.poll() is None
            until = time.monotonic() + DEADLINE
            while not asked.overdue():
                assert time.monotonic() < until
                time.sleep(0.02)
            asked.kill()
            assert root.wait(DEADLINE) == -signal.SIGKILL
            assert root.stdout is not None
            assert root.stdout.read() == b""
    finally:
        with contextlib.suppress(ProcessLookupError):
            end(root)


def test_one_that_takes_too_long_is_killed_with_all_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    playbook = tmp_path / "ansible-playbook"
    playbook.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-S', '-c', TREE, TREE, '2'])}\n")
    playbook.chmod(0o700)
    monkeypatch.setattr(runner, "executable", lambda name: str(playbook))
    monkeypatch.setattr(runner, "_PLAY_TIMEOUT_S", 1)
    (tmp_path / "private").mkdir()
    mark = f"BOLTLOOM_TEST={os.urandom(8).hex()}"
    environment = {**os.environ, mark.partition("=")[0]: mark.partition("=")[2]}
    seen: list[int] = []
    ended = runner.play(
        runner.Command([], environment), tmp_path / "private", lambda _: seen.extend(find_strays(mark)), Ending()
    )
    assert ended.timed_out and "ready" in ended.text
    assert len(seen) > 2
    assert find_strays(mark) == []


def test_before_it_has_begun_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    asked = Ending()
    asked.pid_file = tmp_path / "pid"  # which nobody wrote
    with pytest.raises(Interrupted), asked.listening():
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.overdue()
