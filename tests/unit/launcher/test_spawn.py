# SPDX-License-Identifier: Apache-2.0
"""Which agents are started at once, and what is said where there is no ssh."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach
from boltloom_launcher.pacing import AT_ONCE
from boltloom_launcher.spawn import start_agents


def test_without_ssh_on_this_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnfitError, match="there is no ssh on this computer: install it"):
        start_agents([Reach("mac1", "mac1")])
    (way,) = start_agents([Reach("127.0.0.1")])  # needs none
    assert way.process is not None
    with way.process as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_those_behind_one_sshd_wait_for_their_turn() -> None:
    options = ("-o", "HostName=127.0.0.1", "-p", "1")  # nobody listens there
    ways = start_agents([Reach(f"mac{i}", f"mac{i}", options) for i in range(AT_ONCE + 2)])
    begun = [way.process for way in ways if way.process is not None]
    assert [way.process is None for way in ways] == [False] * AT_ONCE + [True] * 2
    for process in begun:
        _, said = process.communicate(timeout=30)
        assert b"Connection refused" in said
