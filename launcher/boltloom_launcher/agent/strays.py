# SPDX-License-Identifier: Apache-2.0
"""Processes that descend from a rank but left its process group, found by what their agent put into the environment.

Needed where nobody hands them to the agent: on systems without a subreaper (macOS), and when the agent was killed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

_ASK_PS_S = 5.0


def find_strays(mark: str) -> list[int]:
    """The processes of this user whose environment has ``mark``, as in NAME=VALUE; not this one.

    A process that was given another environment on purpose (``env -i``) is not found.
    """
    if not mark:
        return []
    found = _from_proc(os.fsencode(mark)) if sys.platform.startswith("linux") else _from_ps(mark)
    return [pid for pid in found if pid != os.getpid()]


def _from_proc(mark: bytes) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(name))
    return found


def _from_ps(mark: str) -> list[int]:
    argv = ["ps", "-axww", "-E", "-o", "pid=,command="]  # the environment stands behind the command
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    try:
        answer = subprocess.run(argv, stdin=null, stdout=subprocess.PIPE, stderr=null, timeout=_ASK_PS_S)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.split() for line in answer.stdout.decode(errors="replace").split("\n"))
    return [int(row[0]) for row in rows if row and row[0].isdigit() and mark in row[1:]]
