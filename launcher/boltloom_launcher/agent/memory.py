# SPDX-License-Identifier: Apache-2.0
"""What a rank had of its host's memory, and whether there was enough."""

from __future__ import annotations

import contextlib
import sys


def peak_bytes(ru_maxrss: int) -> int:
    """The most memory that a process, or one that it has waited for, had at once. Each system has a unit of its own."""
    return ru_maxrss if sys.platform == "darwin" else ru_maxrss * 1024


def oom_kills() -> int | None:
    """How many processes the kernel has killed since it started because memory ran out. None: not known.

    Its log and the files of a control group belong to root; this count is everybody's to read. Only Linux has it.
    """
    with contextlib.suppress(OSError, ValueError), open("/proc/vmstat", "rb") as file:
        for line in file:
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
    return None
