# SPDX-License-Identifier: Apache-2.0
"""A Mac does not fall asleep while ranks run on it: it would lose its links, and with them the others their neighbour.

Its display may: a display that is kept on made panics of the GPU's watchdog more likely.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys


def keep_awake() -> None:
    """Until this process ends, however it ends. Only macOS has a program for it."""
    if sys.platform != "darwin":
        return
    argv = ["caffeinate", "-i", "-s", "-w", str(os.getpid())]
    null = subprocess.DEVNULL
    middle = os.fork()  # whoever counts our children takes them for what ranks have left behind
    if middle == 0:
        with contextlib.suppress(OSError):
            subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, start_new_session=True)
        os._exit(0)
    os.waitpid(middle, 0)
