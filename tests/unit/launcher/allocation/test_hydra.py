# SPDX-License-Identifier: Apache-2.0
"""The mpiexec that a rank descends from, found at processes that look like MPICH's proxy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from boltloom_launcher.allocation.hydra import mpiexec

ASK = "from boltloom_launcher.allocation import hydra; import sys; {}print(hydra.mpiexec())"
# A parent with the option among its arguments, a shell between it and the rank.
PROXY = "import subprocess, sys; subprocess.run(['sh', '-c', '\"$0\" -c \"$1\"; true', sys.executable, sys.argv[1]])"


@pytest.mark.parametrize("first", ["", "sys.platform = 'darwin'; "], ids=["here", "macos"])
def test_the_proxys_arguments_say_it(first: str) -> None:
    argv = [sys.executable, "-c", PROXY, ASK.format(first), "--control-port", "head:33017", "--rmk", "user"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["head:33017"]


def test_there_is_none() -> None:
    assert mpiexec() == ""
