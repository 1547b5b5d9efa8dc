# SPDX-License-Identifier: Apache-2.0
"""Files that a rank is given by path and that nobody has to remove."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from boltloom_launcher.allocation.memory_files import write
from boltloom_launcher.errors import UnfitError

# Becomes another program, as a rank does; that one and a child of it read the file twice.
RANK = """
import os, sys
from boltloom_launcher.allocation.memory_files import write
path = write("MLX_HOSTFILE", "[1]")
os.execv("/bin/sh", ["sh", "-c", f"cat {path} {path}; (cat {path}); echo; echo {path}"])
"""


def rank() -> list[str]:
    done = subprocess.run([sys.executable, "-c", RANK], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the other half is for this system")
def test_it_has_no_name_on_any_disk_and_lives_over_exec() -> None:
    content, path = rank()
    assert content == "[1][1][1]"
    assert path.startswith("/proc/") and not os.path.exists(path)


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No files in memory; the user's temporary directory."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"boltloom-exec-{os.geteuid()}"


def test_on_macos_the_next_rank_removes_it(macos: Path) -> None:
    ours = Path(write("MLX_HOSTFILE", "[1]"))
    assert (ours.parent, ours.read_text(), ours.stat().st_mode & 0o777) == (macos, "[1]", 0o600)
    gone = subprocess.Popen(["true"])
    gone.wait(timeout=60)
    left = macos / f"{gone.pid}-MLX_HOSTFILE"
    left.write_text("[2]")
    other = Path(write("MLX_IBV_DEVICES", "[3]"))
    assert sorted(macos.iterdir()) == sorted([ours, other])


def test_a_folder_of_somebody_else_is_refused(macos: Path) -> None:
    macos.mkdir(0o777)
    macos.chmod(0o777)
    with pytest.raises(UnfitError, match="others may write into .*: remove it"):
        write("MLX_HOSTFILE", "[1]")
