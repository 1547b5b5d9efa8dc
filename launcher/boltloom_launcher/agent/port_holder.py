# SPDX-License-Identifier: Apache-2.0
"""Who holds a TCP port of this host, as far as this user is allowed to know."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
from typing import Iterator

_LISTENING = "0A"
_ASK_LSOF_S = 5.0


def holder(port: int) -> str | None:
    """The process that listens on ``port``, as in "python3 (pid 4711)", or None if that cannot be known."""
    try:
        found = _from_proc(port) if sys.platform.startswith("linux") else _from_lsof(port)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if found is None:
        return None
    return "{} (pid {})".format(*found)


def _from_proc(port: int) -> tuple[str, int] | None:
    wanted = {f"socket:[{inode}]" for inode in _inodes(port)}
    if not wanted:
        return None
    for link in glob.iglob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) in wanted:
                pid = int(link.split("/")[2])
                with open(f"/proc/{pid}/comm") as file:
                    return file.read().strip(), pid
        except OSError:
            continue  # it ended meanwhile, or it is another user's
    return None


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        for row in rows:
            if int(row[1].rsplit(":", 1)[1], 16) == port and row[3] == _LISTENING:
                yield row[9]


def _from_lsof(port: int) -> tuple[str, int] | None:
    argv = ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    answer = subprocess.run(argv, stdin=null, stdout=subprocess.PIPE, stderr=null, timeout=_ASK_LSOF_S)
    fields = {line[:1]: line[1:] for line in reversed(answer.stdout.decode(errors="replace").splitlines())}
    return (fields.get("c", "a process"), int(fields["p"])) if "p" in fields else None
