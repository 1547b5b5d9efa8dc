# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Names that this collection gives, and names that a host may have."""

from __future__ import annotations

import re
import unicodedata

OUR_SERVICE = re.compile(r"\ABoltloom Thunderbolt \d+\Z")  # the network services that are ours on a Mac

_UNSAYABLE = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, line and paragraph separators


def plain(name: str) -> bool:
    """Whether a name can be given to a command and read back as what it is."""
    return bool(name) and not any(unicodedata.category(character) in _UNSAYABLE for character in name)
