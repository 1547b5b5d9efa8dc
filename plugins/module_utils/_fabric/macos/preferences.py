# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``preferences.plist`` of SystemConfiguration: the bridges that the next boot makes."""

from __future__ import annotations

import plistlib
from typing import Any, Dict, Tuple
from xml.parsers.expat import ExpatError

from ..errors import ParseError


def parse_configured_bridges(data: bytes) -> Dict[str, Tuple[str, ...]]:
    """Bridge -> its members, ``{}`` when there is none.

    :raises ParseError: not a property list, or bridges of another shape than ours.
    """
    try:
        preferences = plistlib.loads(data)
    except (plistlib.InvalidFileException, ExpatError, ValueError, LookupError, OverflowError) as error:
        raise ParseError(
            "preferences.plist: not a property list ({0})".format(error or type(error).__name__)
        ) from error
    bridges = _within(_within(preferences, "VirtualNetworkInterfaces"), "Bridge")
    return {str(name): _members(str(name), bridge) for name, bridge in bridges.items()}


def _within(dictionary: Dict[str, Any], key: str) -> Dict[str, Any]:
    value = dictionary.get(key, {}) if isinstance(dictionary, dict) else None
    if not isinstance(value, dict):
        raise ParseError("preferences.plist: {0} is not a dictionary".format(key))
    return value


def _members(name: str, bridge: Any) -> Tuple[str, ...]:
    members = bridge.get("Interfaces", []) if isinstance(bridge, dict) else None
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise ParseError("preferences.plist: the members of {0} are not a list of names".format(name))
    return tuple(members)
