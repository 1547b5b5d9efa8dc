# SPDX-License-Identifier: Apache-2.0
"""Entries are for this user alone, and nobody is taken for the agent of a run because of its number."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from boltloom_launcher.agent import registry
from boltloom_launcher.agent.messages import ListRuns, Message, Run, RunEntry, Runs
from boltloom_launcher.agent.registry import Entry, Request, born, entries, leave_request, lives
from boltloom_launcher.agent.visits import Visits

RUN = Run("calm-lynx-7", "me", "mac9", 4711, ["sh", "-c", "two\nlines"], "")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def entered(mark: str = "MARK=7", logs: str = "/logs") -> tuple[Entry, str]:
    made: list[str] = []
    entry = Entry(made.append, mark)
    entry.enter(RUN, logs, 3.0)
    return entry, made[0]


def listed() -> list[RunEntry]:
    said: list[Message] = []
    Visits(said.append, lambda _, action: action()).runs()
    assert isinstance(said[0], Runs) and ListRuns() == ()
    return said[0].runs


def test_an_entry_lives_as_long_as_its_run() -> None:
    entry, path = entered()
    entry.ranks({0: 11, 3: 12})
    entry.state("ending")
    ((found, content),) = entries().items()
    assert found == path and lives(content)
    assert (content["command"], content["ranks"]) == (RUN.command, {0: 11, 3: 12})
    assert [(each.name, each.ranks, each.state, each.grace) for each in listed()] == [
        ("calm-lynx-7", [[0, 11], [3, 12]], "ending", 3.0)
    ]
    assert entry.request() is None
    leave_request(path, Request(15, "you@mac8"))
    assert entry.request() == Request(15, "you@mac8")
    entry.remove()
    assert entries() == {} and not os.path.exists(path)


def test_a_container_with_our_name_and_our_home_keeps_its_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = entered()
    monkeypatch.setattr(registry, "_here", lambda: "another")
    assert entries() == {} and listed() == [] and os.path.exists(path)
    monkeypatch.setattr(registry, "_FORGOTTEN_S", -1.0)
    assert entries() == {} and not os.path.exists(path)


def test_the_folder_is_private_and_nobody_elses(home: Path) -> None:
    folder = home / ".local/state/boltloom"
    folder.mkdir(parents=True, mode=0o755)
    _, path = entered()
    assert folder.stat().st_mode & 0o777 == Path(path).stat().st_mode & 0o777 == 0o700
    assert (Path(path) / "run.json").stat().st_mode & 0o777 == 0o600
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
        assert entries() == {}
        with pytest.raises(PermissionError):
            entered()


def test_a_link_in_its_place_is_not_followed(home: Path) -> None:
    (home / ".local/state").mkdir(parents=True)
    (home / "elsewhere").mkdir()
    (home / ".local/state/boltloom").symlink_to(home / "elsewhere")
    with pytest.raises(PermissionError):
        entered()
    assert not list((home / "elsewhere").iterdir())


def test_what_is_no_entry_is_passed_over() -> None:
    _, path = entered()
    for text in ("", "[]", "{}", '{"ranks": {"x": 1}}', "\0"):
        (Path(path) / "run.json").write_text(text)
        assert entries() == {}


def test_a_number_that_is_somebody_elses_by_now_is_no_agent(tmp_path: Path) -> None:
    logs, others = tmp_path / "boltloom-00ff", tmp_path / "others"
    for folder in (logs, others):
        folder.mkdir()
        (folder / "rank-0.log").touch()
    entered(logs=str(others))[0].remove()
    _, path = entered(logs=str(logs))
    content = json.loads((Path(path) / "run.json").read_text())
    for other in ({"born": content["born"] + "1"}, {"born": ""}, {"agent": 2**22 + 1}):
        os.makedirs(path, exist_ok=True)
        (Path(path) / "run.json").write_text(json.dumps({**content, **other}))
        assert [each.state for each in listed()] == ["over"]
        assert not os.path.exists(path)  # shown once
    assert not logs.exists() and others.exists()


def test_ranks_whose_agent_is_gone_are_still_a_run() -> None:
    _, path = entered("MARK=of an agent that is gone")
    content = json.loads((Path(path) / "run.json").read_text())
    (Path(path) / "run.json").write_text(json.dumps({**content, "born": ""}))
    with subprocess.Popen(["sleep", "300"], env={"MARK": "of an agent that is gone"}) as rank:
        assert [each.state for each in listed()] == ["agent gone"]
        rank.kill()
    assert [each.state for each in listed()] == ["over"]


def test_when_a_process_was_born() -> None:
    assert born(os.getpid()) == born(os.getpid()) != ""
    with subprocess.Popen(["true"]) as other:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert born(other.pid) == ""  # a zombie


def test_macos_says_it_by_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        assert argv == ["ps", "-o", "lstart=", "-p", "501"]
        return subprocess.CompletedProcess(argv, 0, b"Mon Nov 30 21:00:00 2026    \n")

    monkeypatch.setattr(registry.sys, "platform", "darwin")
    monkeypatch.setattr(registry.subprocess, "run", run)
    assert born(501) == "Mon Nov 30 21:00:00 2026"
