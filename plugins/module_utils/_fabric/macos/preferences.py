# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``preferences.plist`` of SystemConfiguration: the bridges that the next boot makes."""

from __future__ import annotations

import plistlib
from typing import Any, Dict, Tuple

from ..errors import ParseError
from ..reading import device, printable, shown


def parse_configured_bridges(data: bytes) -> Dict[str, Tuple[str, ...]]:
    """Bridge -> its members, ``{}`` when there is none.

    :raises ParseError: not a property list, or bridges of another shape than ours.
    """
    bridges = _within(_within(_load(data), "VirtualNetworkInterfaces"), "Bridge")
    return {_name(name): _members(name, bridge) for name, bridge in bridges.items()}


def _load(data: bytes) -> Any:
    if b"<!ENTITY" in data.replace(b"\0", b""):  # in UTF-16 too: old versions of plistlib expand what it declares
        raise ParseError("preferences.plist: it declares entities, which no property list does")
    try:
        return plistlib.loads(data)
    except Exception as error:  # plistlib lets out nearly everything: AttributeError for a wrong date, RecursionError
        words = printable(str(error)) or type(error).__name__
        raise ParseError("preferences.plist: not a property list ({0})".format(words)) from error


def _within(dictionary: Dict[str, Any], key: str) -> Dict[str, Any]:
    value = dictionary.get(key, {}) if isinstance(dictionary, dict) else None
    if not isinstance(value, dict):
        raise ParseError("preferences.plist: {0} is not a dictionary".format(key))
    return value


def _name(name: Any) -> str:
    if not isinstance(name, str) or not device(name):
        raise ParseError("preferences.plist: a bridge is called {0}, which is no interface".format(shown(name)))
    return name


def _members(name: str, bridge: Any) -> Tuple[str, ...]:
    members = bridge.get("Interfaces", []) if isinstance(bridge, dict) else None
    if not isinstance(members, list) or not all(isinstance(member, str) and device(member) for member in members):
        raise ParseError("preferences.plist: the members of {0} are not a list of interfaces".format(name))
    return tuple(members)
