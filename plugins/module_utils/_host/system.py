# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Which system this host runs. Apart from all else: a module that only checks links sends no parsers along."""

from __future__ import annotations

import os
import platform

MACOS_MARKER = "System/Library/CoreServices/SystemVersion.plist"


def system_of(root: str) -> str:
    """Which system this is: "macos" or "linux"."""
    if platform.system() == "Darwin" or os.path.exists(os.path.join(root, MACOS_MARKER)):
        return "macos"
    return "linux"
