# SPDX-License-Identifier: Apache-2.0
"""Who we are, as other people on other computers may read it."""

from __future__ import annotations

import os
import pwd
import socket


def whoami() -> tuple[str, str]:
    """The user and this computer."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name, socket.gethostname()
    except KeyError:  # a container with a user of no name
        return str(os.geteuid()), socket.gethostname()
