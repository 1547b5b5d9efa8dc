# SPDX-License-Identifier: Apache-2.0
"""Where the ranks of this host run.

The problem is the end of a sentence that the launcher begins with the host's name.
"""

from __future__ import annotations

import os


def working_directory(wanted: str, required: bool) -> tuple[str, str | None]:
    """``wanted``, or the home if it need not exist. The second value is the problem."""
    if os.path.isdir(wanted):
        if os.access(wanted, os.X_OK):
            return wanted, None
        return wanted, f"the working directory {wanted} may not be entered: correct its permissions"
    if required:
        if os.path.exists(wanted):
            return wanted, f"the working directory {wanted} is no directory: give another --cwd"
        return wanted, f"the working directory {wanted} does not exist: make it, or give another --cwd"
    home = os.path.expanduser("~")
    return (home if os.path.isdir(home) else "/"), None
