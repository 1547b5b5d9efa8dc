# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``sw_vers``, and versions that compare as numbers: 26.10 is newer than 26.2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Tuple

from ..errors import ParseError
from ..reading import lines, shown

_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,7}(?![0-9])")
_BUILD = re.compile(r"[0-9A-Za-z._-]{1,40}")


@dataclass(frozen=True)
class SystemVersion:
    """Version and build of macOS."""

    version: str
    build: str


def parse_sw_vers(text: str) -> SystemVersion:
    """:raises ParseError: no ProductVersion in it, or one that is no version."""
    fields: Dict[str, str] = {}
    for line in lines(text):
        label, colon, value = line.partition(":")
        if colon:
            fields.setdefault(label.strip(), value.strip())
    version, build = fields.get("ProductVersion", ""), fields.get("BuildVersion", "")
    if not version:
        raise ParseError("sw_vers: no ProductVersion in {0}".format(shown(text.strip())))
    if not _VERSION.fullmatch(version):
        raise ParseError("sw_vers: the ProductVersion {0} is no version".format(shown(version)))
    return SystemVersion(version, build if _BUILD.fullmatch(build) else "")


def version_numbers(version: str) -> Tuple[int, ...]:
    """Something to compare. :raises ParseError: the version does not begin with a number."""
    match = _VERSION.match(version.strip())
    if match is None:
        raise ParseError("not a version: {0}".format(shown(version)))
    numbers = [int(part) for part in match.group(0).split(".")]
    while numbers and numbers[-1] == 0:  # 26.0 and 26 are the same
        numbers.pop()
    return tuple(numbers)


def at_least(version: str, minimum: str) -> bool:
    """:raises ParseError: one of them is not a version."""
    return version_numbers(version) >= version_numbers(minimum)
