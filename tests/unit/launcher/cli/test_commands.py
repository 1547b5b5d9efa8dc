# SPDX-License-Identifier: Apache-2.0
"""How a command ends that was interrupted before it had handlers of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from boltloom_launcher import runs
from boltloom_launcher.cli import commands, launch


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def ended(argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["boltloom", *argv])
    return commands.run(), capsys.readouterr().err


def test_a_launch_says_in_one_line_that_nothing_ran(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "start_agents", interrupt)
    words = "boltloom: interrupted before the ranks had started\n"
    assert ended(["launch", "true"], monkeypatch, capsys) == (130, words)


def test_so_does_any_other_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runs, "on_hosts", interrupt)
    assert ended(["ps"], monkeypatch, capsys) == (130, "boltloom: interrupted\n")


def test_and_one_that_is_still_imported() -> None:
    program = (
        "import sys\n"
        "class Interrupts:\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts)\n"
        "from boltloom_launcher.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "boltloom: interrupted\n")
