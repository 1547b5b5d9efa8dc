# SPDX-License-Identifier: Apache-2.0
"""Runs are listed, read and ended from outside, whatever has become of their launcher."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boltloom_launcher.agent.rank_log import read_log
from launcher.running import BOLTLOOM, DEADLINE, Sshd, Start, alive, gone, read_lines

pytestmark = pytest.mark.slow

STUBBORN = 'trap "" TERM INT HUP; echo up $$; while :; do sleep 0.2; done'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """For agents on this computer; those behind the sshd have the real one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def boltloom(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [*BOLTLOOM, *arguments]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)


def runs(*arguments: str) -> list[dict[str, Any]]:
    done = boltloom("ps", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def entry(home: Path) -> dict[str, Any]:
    """What `boltloom ps` finds, without the time that a command takes."""
    (path,) = home.glob(".local/state/boltloom/runs/*/*/run.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def name(home: Path) -> str:
    return str(entry(home)["name"])


def ends_with(home: Path, words: bytes) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return read_log(f"{entry(home)['kept']}/rank-0.log", 0)[1].endswith(words)
    return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_run_is_listed_read_and_ended(start: Start, home: Path) -> None:
    process = start("-n", "2", "--", "sh", "-c", 'echo "of $RANK"; echo more >&2; exec sleep 300', "tw\no")
    read_lines(process, 2)
    (run,) = runs()
    assert (run["host"], run["state"], run["launcher"]["pid"]) == ("127.0.0.1", "running", process.pid)
    assert [each["rank"] for each in run["ranks"]] == [0, 1] and all(alive(each["pid"]) for each in run["ranks"])
    row = boltloom("ps").stdout.splitlines()[1]
    assert row.startswith(run["run"]) and "tw\\no" in row

    said = boltloom("logs", run["run"])
    assert sorted(said.stdout.splitlines()) == ["[0] more", "[0] of 0", "[1] more", "[1] of 1"]
    assert boltloom("logs", "--rank", "1", run["run"]).stdout.splitlines() == ["of 1", "more"]
    following = subprocess.Popen([*BOLTLOOM, "logs", "-f", run["run"]], stdout=subprocess.PIPE)
    read_lines(following, 4)

    done = boltloom("kill", run["run"])
    assert (done.returncode, done.stdout) == (0, f"ended {run['run']} on 127.0.0.1\n")
    _, words = process.communicate(timeout=DEADLINE)
    assert process.returncode == 143
    who = f"{run['launcher']['user']}@{run['launcher']['host']}"
    assert words.decode().splitlines()[-1] == f"boltloom: ended by boltloom kill of {who}; 2 ranks were ended"
    following.communicate(timeout=DEADLINE)
    assert following.returncode == 0
    assert not (home / ".local/state/boltloom").exists()


def test_with_a_signal_of_ones_own(start: Start, home: Path) -> None:
    process = start("--", "sh", "-c", 'trap "echo int; exit 0" INT; echo up; while :; do sleep 0.05; done')
    read_lines(process, 1)
    done = boltloom("logs", "--rank", "2", name(home))
    words = "boltloom: --rank is 2, which has no output on these hosts: give one of 0\n"
    assert (done.returncode, done.stderr) == (2, words)
    assert boltloom("kill", "--signal", "int", name(home)).returncode == 0
    out, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (130, b"int\n")


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["stuck", "gone"])
def test_without_its_launcher(start: Start, home: Path, number: int) -> None:
    process = start("--grace", "0.5" if number == signal.SIGSTOP else "60", "--", "sh", "-c", STUBBORN)
    rank = int(read_lines(process, 1)[0].split()[1])
    process.send_signal(number)
    if number == signal.SIGKILL:
        until(lambda: entry(home)["state"] == "launcher gone")
        assert " launcher gone " in boltloom("ps").stdout
    sign = ["-s", "KILL"] if number == signal.SIGKILL else []
    assert boltloom("kill", *sign, name(home)).returncode == 0
    assert gone(rank)
    if number == signal.SIGSTOP:
        process.send_signal(signal.SIGCONT)
        assert process.wait(timeout=DEADLINE) == 143


def test_without_its_agent(start: Start, home: Path) -> None:
    process = start("--grace", "60", "--", "sh", "-c", STUBBORN)
    rank = int(read_lines(process, 1)[0].split()[1])
    agent = int(Path(f"/proc/{rank}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(agent, signal.SIGKILL)
    (run,) = runs()
    assert run["state"] == "agent gone"
    assert boltloom("kill", "-s", "KILL", run["run"]).returncode == 0
    assert gone(rank)
    process.communicate(timeout=DEADLINE)
    until(lambda: not list(home.glob(".local/state/boltloom/runs/*/*")))  # by its guard


def test_a_run_on_hosts_behind_ssh_is_found_from_here_though_its_launcher_is_stuck(
    start: Start, sshd: Sshd, home: Path
) -> None:
    process = start(*sshd.options, "--hosts", "far1,far2", "--", "sh", "-c", "echo $RANK; exec sleep 300")
    read_lines(process, 2)
    done = boltloom("ps", *sshd.options, "--hosts", "far1,closed")
    assert done.returncode == 3
    assert name(home) in done.stdout and "boltloom: cannot reach closed by ssh" in done.stderr
    process.send_signal(signal.SIGSTOP)
    done = boltloom("kill", name(home))
    assert (done.returncode, done.stdout) == (0, f"ended {name(home)} on far1\n")  # far2 is the same computer
    process.send_signal(signal.SIGCONT)
    _, words = process.communicate(timeout=DEADLINE)
    assert process.returncode == 143
    assert words.decode().splitlines()[-1].startswith("boltloom: ended by boltloom kill of ")
    assert not (home / ".local/state/boltloom").exists()


def test_only_the_end_of_a_long_output_is_kept(start: Start, home: Path) -> None:
    process = start("--", "sh", "-c", "seq 300000 >&2; echo last >&2; exec sleep 300", stderr=subprocess.DEVNULL)
    until(lambda: ends_with(home, b"last\n"))
    said = boltloom("logs", name(home))
    assert said.stderr == "boltloom: rank 0: only the last 1 MiB is kept\n"
    numbers = [int(line) for line in said.stdout.split()[:-1]]
    assert said.stdout.endswith("\nlast\n") and numbers == list(range(numbers[0], 300001))
    assert (1 << 20) - 100 < len(said.stdout) <= 1 << 20
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=DEADLINE)
