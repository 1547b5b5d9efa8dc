# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``sw_vers``, and versions that compare as numbers: 26.10 is newer than 26.2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Tuple

from ..errors import ParseError


@dataclass(frozen=True)
class SystemVersion:
    """Version and build of macOS."""

    version: str
    build: str


def parse_sw_vers(text: str) -> SystemVersion:
    """:raises ParseError: no ProductVersion in it."""
    fields = dict(re.findall(r"^(\w+):\s*(.*?)\s*$", text, re.MULTILINE))
    if not fields.get("ProductVersion"):
        raise ParseError("sw_vers: no ProductVersion in {0!r:.60}".format(text.strip()))
    return SystemVersion(fields["ProductVersion"], fields.get("BuildVersion", ""))


def version_numbers(version: str) -> Tuple[int, ...]:
    """Something to compare. :raises ParseError: the version does not begin with a number."""
    match = re.match(r"^\d+(\.\d+)*", version.strip())
    if match is None:
        raise ParseError("not a version: {0!r:.40}".format(version))
    numbers = [int(part) for part in match.group(0).split(".")]
    while numbers and numbers[-1] == 0:  # 26.0 and 26 are the same
        numbers.pop()
    return tuple(numbers)


def at_least(version: str, minimum: str) -> bool:
    """:raises ParseError: one of them is not a version."""
    return version_numbers(version) >= version_numbers(minimum)
