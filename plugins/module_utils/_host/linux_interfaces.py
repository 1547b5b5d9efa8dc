# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The interfaces of a Linux host as ``ip`` shows them, found by what lasts.

The next boot may give an interface another name; its MAC address stays. A bridge, or a VLAN upon it, may borrow that
address, but only the interface itself hangs on a device.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping, Optional

from .._fabric.errors import ParseError
from .target import Target

Link = Mapping[str, Any]


def links(target: Target) -> Dict[str, Link]:
    """All of them, by name. :raises ParseError: not understood."""
    try:
        return {str(link["ifname"]): link for link in json.loads(target.said(["ip", "-j", "address", "show"]))}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ParseError("ip -j address show: not understood ({0:.80})".format(str(error))) from error


def find_link(which: str, target: Target) -> Optional[Link]:
    """The interface with this MAC address, else of this name; None when there is none."""
    known = links(target)
    for name, link in known.items():
        if str(link.get("address") or "").lower() == which and _hangs_on_a_device(name, target):
            return link
    return known.get(which)


def _hangs_on_a_device(name: str, target: Target) -> bool:
    return os.path.islink(os.path.join(target.root, "sys/class/net", name, "device"))
