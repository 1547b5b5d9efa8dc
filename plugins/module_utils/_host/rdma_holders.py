# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Who has an RDMA device open: its GID table changes with the addresses, under the feet of whoever uses it."""

from __future__ import annotations

import os
import re
from typing import Collection, List

from .._fabric.macos.ioreg import parse_rdma_holders
from .commands import HostError
from .target import Target

IOREG = ("/usr/sbin/ioreg", "-l", "-w", "0")
IOREG_TIMEOUT = 30.0  # it prints the whole tree of drivers
_UVERBS = re.compile(r"/dev/infiniband/(uverbs\d+)$")


def require_idle(system: str, devices: Collection[str], target: Target) -> None:
    """:raises HostError: a process has the RDMA device of one of these interfaces open. It is named."""
    found = _on_macos(target, devices) if system == "macos" else _on_linux(target.root, devices)
    if found:
        raise HostError(
            "RDMA is in use: {0}".format("; ".join(found)),
            "end that program before its network is changed, then run again",
        )


def _on_macos(target: Target, devices: Collection[str]) -> List[str]:
    output = target.run(list(IOREG), IOREG_TIMEOUT)
    if output.rc != 0:
        return []  # a Mac without this command has no such devices
    known = {"rdma_" + device for device in devices}
    return [
        "{0.process} (process {0.pid}) has {0.device} open".format(holder)
        for holder in parse_rdma_holders(output.stdout)
        if holder.device in known or not holder.device.startswith("rdma_")
    ]


def _on_linux(root: str, devices: Collection[str]) -> List[str]:
    proc = os.path.join(root, "proc")
    found: List[str] = []
    for entry in sorted(os.listdir(proc)) if os.path.isdir(proc) else []:
        if not entry.isdigit():
            continue
        for verbs in sorted(_open_verbs(os.path.join(proc, entry, "fd"))):
            name = _line(os.path.join(root, "sys/class/infiniband_verbs", verbs, "ibdev")) or verbs
            interface = _line(os.path.join(root, "sys/class/infiniband", name, "ports/1/gid_attrs/ndevs/0"))
            if not interface or interface in devices:
                process = _line(os.path.join(proc, entry, "comm"))
                found.append("{0} (process {1}) has {2} open".format(process or "a program", entry, name))
    return found


def _open_verbs(folder: str) -> "set[str]":
    """The verbs devices among the open files of a process that may end at any moment."""
    found = set()
    try:
        for name in os.listdir(folder):
            match = _UVERBS.search(os.readlink(os.path.join(folder, name)))
            if match:
                found.add(match.group(1))
    except OSError:
        return found
    return found


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
