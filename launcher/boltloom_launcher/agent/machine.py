# SPDX-License-Identifier: Apache-2.0
"""Which computer this is, whatever people call it: two agents with the same answer share ports and devices."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

_ASK_SYSCTL_S = 5.0


def machine() -> str:
    """The same text for everybody on this computer (in this container), another one on every other."""
    return " ".join((socket.gethostname(), *(_linux() if sys.platform.startswith("linux") else _macos())))


def _linux() -> list[str]:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return [file.read().strip(), str(os.stat("/proc/self/ns/net").st_ino)]
    except OSError:
        return []


def _macos() -> list[str]:
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    argv = ["sysctl", "-n", "kern.bootsessionuuid"]
    try:
        answer = subprocess.run(argv, stdin=null, stdout=subprocess.PIPE, stderr=null, timeout=_ASK_SYSCTL_S)
    except (OSError, subprocess.SubprocessError):
        return []
    return [answer.stdout.decode(errors="replace").strip()]
