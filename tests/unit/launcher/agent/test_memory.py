# SPDX-License-Identifier: Apache-2.0
"""What a process had of the memory, in bytes whatever the system counts in."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from boltloom_launcher.agent import memory


def test_it_is_what_the_process_had() -> None:
    """Its parent is a small one, as the agent is: a new process counts as its own what its parent had."""
    argv = [sys.executable, "-S", "-c", "b'x' * (100 << 20)"]
    parent = f"import os; print(os.wait4(os.posix_spawn({argv[0]!r}, {argv!r}, os.environ), 0)[2].ru_maxrss)"
    done = subprocess.run([sys.executable, "-S", "-c", parent], capture_output=True, text=True, timeout=30, check=True)
    assert 100 << 20 <= memory.peak_bytes(int(done.stdout)) < 150 << 20


@pytest.mark.parametrize(("platform", "count"), [("darwin", 5000), ("linux", 5000 << 10)])
def test_each_system_has_a_unit_of_its_own(monkeypatch: pytest.MonkeyPatch, platform: str, count: int) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert memory.peak_bytes(5000) == count


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts them")
def test_the_kernel_says_how_often_memory_ran_out() -> None:
    told = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    assert memory.oom_kills() == int(told["oom_kill"])


@pytest.mark.parametrize("content", [None, b"", b"oom_kill none\n", b"pgfault 3\n"])
def test_it_may_not_be_known(monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> None:
    def opened(*_: object) -> io.BytesIO:
        if content is None:
            raise FileNotFoundError
        return io.BytesIO(content)

    monkeypatch.setattr(memory, "open", opened, raising=False)
    assert memory.oom_kills() is None
