# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Work that outlives its module: in a process without terminal, session or pipes of ours, so that the connection of
Ansible can end."""

from __future__ import annotations

import os
import signal
from typing import Callable, Collection

_MOST_FILES = 4096  # far more than a module opens; the real limit may be a billion


def begin(work: Callable[[], object], kept: Collection[int]) -> None:
    """Do the work in the background; of our open files it has those that are ``kept``."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir("/")
        _close_all_but(kept)
        work()
    finally:
        os._exit(0)


def _close_all_but(kept: Collection[int]) -> None:
    empty = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(empty, number)
    first = 3
    for number in sorted(kept):
        os.closerange(first, number)
        first = number + 1
    os.closerange(first, _MOST_FILES)
