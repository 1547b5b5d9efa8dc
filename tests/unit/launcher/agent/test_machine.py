# SPDX-License-Identifier: Apache-2.0
"""Two agents on one computer know it."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from boltloom_launcher.agent import machine


def test_it_is_the_same_for_every_process_here() -> None:
    script = "from boltloom_launcher.agent.machine import machine; print(machine())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == machine.machine()
    assert len(machine.machine().split()) == 3


@pytest.mark.parametrize(("said", "known"), [(b"93F6E1C0-1B7C\n", " 93F6E1C0-1B7C"), (None, "")])
def test_macos_says_it_by_sysctl(said: bytes | None, known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        assert argv == ["sysctl", "-n", "kern.bootsessionuuid"]
        if said is None:
            raise FileNotFoundError
        return subprocess.CompletedProcess(argv, 0, said)

    monkeypatch.setattr(machine.sys, "platform", "darwin")
    monkeypatch.setattr(machine.subprocess, "run", run)
    assert machine.machine() == socket.gethostname() + known
