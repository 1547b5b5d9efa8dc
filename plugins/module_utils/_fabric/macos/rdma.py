# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``rdma_ctl status``, ``ibv_devices`` and ``ibv_devinfo -v``.

White space means nothing in any of them: copies of these outputs lose tabs, blanks and line breaks all the time.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import List, Optional, Tuple

from ..errors import ParseError
from ..model import Gid, RdmaDevice

NO_DEVICES = "No IB devices found"

# The word alone is what macOS 26 prints; a title before it would say no less. "not enabled" is none of them.
_SWITCH = re.compile(r"^(?:(?!.*\bnot\b)[A-Za-z ]{1,40}(?::| is)[ \t]*)?(enabled|disabled)\.?$", re.IGNORECASE)
_HEADING = re.compile(r"\bdevice\s+node GUID\b", re.IGNORECASE)
_NAME = r"([A-Za-z0-9_.-]{1,64})(?![^\s])"  # it goes into hostfiles and onto screens
_DEVICE_ROW = re.compile(r"^[ \t]*" + _NAME + r"[ \t]+(?:0x)?([0-9a-f]{4}(?::?[0-9a-f]{4}){3})[ \t]*\r?$", re.I | re.M)
_HCA = re.compile(r"(?<!\w)hca_id:\s*" + _NAME)
_PORT = re.compile(r"(?<!\w)port:\s*([0-9]{1,4})(?![0-9])")
_STATE = re.compile(r"(?<!\w)state:\s*([A-Z_]{1,40})(?![A-Z_])")
_GID = re.compile(r"GID\[\s*([0-9]{1,6})\s*\]:\s*([0-9a-fA-F:.]{2,64})")
_NODE_GUID = re.compile(r"(?<!\w)node_guid:\s*(?:0x)?([0-9a-fA-F]{4}(?::?[0-9a-fA-F]{4}){3})(?![0-9a-fA-F])")
_MAX_QP = re.compile(r"(?<!\w)max_qp:\s*([0-9]{1,9})(?![0-9])")
_ACTIVE = ("PORT_ACTIVE", "ACTIVE")
_NOTHING = ipaddress.IPv6Address(0)  # how a free place of the table reads


def parse_rdma_ctl(text: str) -> str:
    """ "enabled" or "disabled". :raises ParseError: anything else."""
    match = _SWITCH.match(text.strip())
    if match is None:
        raise ParseError("rdma_ctl status: not understood: {0!r:.80}".format(text.strip()))
    return match.group(1).lower()


def parse_ibv_devices(text: str) -> Tuple[Tuple[str, str], ...]:
    """(device, node GUID) in the order of the driver; () when only the heading is there.

    :raises ParseError: there is not even a heading.
    """
    if NO_DEVICES in text:
        return ()
    heading = _HEADING.search(text)
    if heading is None:
        raise ParseError("ibv_devices: no heading in {0!r:.60}".format(text.strip()))
    rows = _DEVICE_ROW.finditer(text, heading.end())
    return tuple((row.group(1), _guid(row.group(2))) for row in rows)


def parse_ibv_devinfo(text: str) -> Tuple[RdmaDevice, ...]:
    """Every device with its first active port, or with its first port when none is active.

    :raises ParseError: no device, and no word that there is none.
    """
    heads = list(_HCA.finditer(text))
    if not heads:
        if NO_DEVICES in text:
            return ()
        raise ParseError("ibv_devinfo: no hca_id in {0!r:.60}".format(text.strip()))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return tuple(_device(head.group(1), text[head.end() : end]) for head, end in zip(heads, ends))


def parse_gid(text: str) -> Optional[str]:
    """A GID in one spelling, whatever its source wrote; None for a free place of the table and for what is none.

    An IPv4 address is written as ``::ffff:10.77.0.1``, ``::ffff:a4d:1`` or in full
    (``0000:0000:0000:0000:0000:ffff:0a4d:0001``): it comes out as the first of them.
    """
    try:
        address = ipaddress.IPv6Address(text.strip())
    except ValueError:
        return None
    if address == _NOTHING:
        return None
    mapped = address.ipv4_mapped
    return "::ffff:{0}".format(mapped) if mapped is not None else address.compressed


def _device(name: str, block: str) -> RdmaDevice:
    heads = list(_PORT.finditer(block))
    ends = [head.start() for head in heads[1:]] + [len(block)]
    guid, most = _NODE_GUID.search(block), _MAX_QP.search(block)
    bare = RdmaDevice(
        name=name,
        port=0,
        active=False,
        device=interface_of(name),
        guid=_guid(guid.group(1)) if guid else "",
        max_qp=int(most.group(1)) if most else 0,
    )
    ports: List[RdmaDevice] = []
    for head, end in zip(heads, ends):
        part = block[head.end() : end]
        found = _STATE.search(part)
        state = found.group(1) if found else ""
        number = int(head.group(1))
        ports.append(replace(bare, port=number, active=state in _ACTIVE, gids=_gids(part), state=state))
    # A listing cut short still proves that the device exists.
    return next((port for port in ports if port.active), ports[0] if ports else bare)


def interface_of(name: str) -> str:
    """macOS names the RDMA device of a port after its interface; "" for a name of another kind."""
    return name[len("rdma_") :] if name.startswith("rdma_") else ""


def _gids(part: str) -> Tuple[Gid, ...]:
    found = ((int(match.group(1)), parse_gid(match.group(2))) for match in _GID.finditer(part))
    return tuple(Gid(index, address) for index, address in found if address is not None)


def _guid(text: str) -> str:
    return text.replace(":", "").lower()
