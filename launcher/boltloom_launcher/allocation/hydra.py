# SPDX-License-Identifier: Apache-2.0
"""Which mpiexec of MPICH a rank belongs to. No variable says it; the proxy that has started the rank was told."""

from __future__ import annotations

import os
import subprocess
import sys

from boltloom_launcher.agent.processes import stat_fields

_MOST_GENERATIONS = 32
_ASK_PS_S = 5.0
_OPTION = "--control-port"


def mpiexec() -> str:
    """HOST:PORT at which mpiexec listens to its proxies, the same for all ranks of a run; "" if there is none."""
    pid = os.getppid()
    for _ in range(_MOST_GENERATIONS):
        if pid <= 1:
            break
        parent, argv = _process(pid)
        if _OPTION in argv[:-1]:
            return argv[argv.index(_OPTION) + 1]
        pid = parent
    return ""


def _process(pid: int) -> tuple[int, list[str]]:
    """Its parent, and its arguments."""
    try:
        if sys.platform.startswith("linux"):
            parent = int(stat_fields(pid)[1])
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return parent, os.fsdecode(file.read()).split("\0")
        argv = ["ps", "-ww", "-o", "ppid=", "-o", "command=", "-p", str(pid)]
        said = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ASK_PS_S).stdout
        words = said.split()
        return int(words[0]), words[1:]
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return 0, []
