# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The systems that this collection can change, by the names that facts give them."""

from __future__ import annotations

from typing import Mapping

from .apply import System
from .steps_linux import LINUX
from .steps_macos import MACOS

SYSTEMS: Mapping[str, System] = {"macos": MACOS, "linux": LINUX}
