# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``rdma_ctl status``, ``ibv_devices`` and ``ibv_devinfo -v`` (the latter two also on Linux)."""

from __future__ import annotations

import re
from typing import List, Tuple

from ..errors import ParseError
from ..model import RdmaDevice

_DEVICE_ROW = re.compile(r"^\s*(\S+)\s+([0-9a-f]{16})\s*$")
_HCA = re.compile(r"hca_id:\s*(\S+)")
_PORT = re.compile(r"(?<!\w)port:\s*(\d+)")
_STATE = re.compile(r"(?<!\w)state:\s*(PORT_\w+|\w+)")
_GID = re.compile(r"GID\[\s*\d+\]:\s*([0-9a-fA-F:.]+)")
NO_DEVICES = "No IB devices found"


def parse_rdma_ctl(text: str) -> str:
    """ "enabled" or "disabled". :raises ParseError: anything else."""
    word = text.strip().lower()
    if word not in ("enabled", "disabled"):
        raise ParseError("rdma_ctl status: not understood: {0!r:.80}".format(text.strip()))
    return word


def parse_ibv_devices(text: str) -> Tuple[Tuple[str, str], ...]:
    """(device, node GUID) in the order of the driver; () when only the heading is there.

    :raises ParseError: there is not even a heading.
    """
    if NO_DEVICES in text:
        return ()
    if "device" not in text or "node GUID" not in text:
        raise ParseError("ibv_devices: no heading in {0!r:.60}".format(text.strip()))
    rows = (_DEVICE_ROW.match(line) for line in text.splitlines())
    return tuple((row.group(1), row.group(2)) for row in rows if row)


def parse_ibv_devinfo(text: str) -> Tuple[RdmaDevice, ...]:
    """Every device with its first active port, or with its first port when none is active.

    White space means nothing here: copies of this output lose it all the time.

    :raises ParseError: no device, and no word that there is none.
    """
    if NO_DEVICES in text:
        return ()
    heads = list(_HCA.finditer(text))
    if not heads:
        raise ParseError("ibv_devinfo: no hca_id in {0!r:.60}".format(text.strip()))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return tuple(_device(head.group(1), text[head.end() : end]) for head, end in zip(heads, ends))


def _device(name: str, block: str) -> RdmaDevice:
    heads = list(_PORT.finditer(block))
    ends = [head.start() for head in heads[1:]] + [len(block)]
    ports: List[RdmaDevice] = []
    for head, end in zip(heads, ends):
        part = block[head.end() : end]
        state = _STATE.search(part)
        active = state is not None and state.group(1) == "PORT_ACTIVE"
        ports.append(RdmaDevice(name, int(head.group(1)), active, tuple(_GID.findall(part))))
    if not ports:  # a listing cut short still proves that the device exists
        return RdmaDevice(name, 0, False)
    return next((port for port in ports if port.active), ports[0])
