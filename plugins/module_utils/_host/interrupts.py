# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Signals that end a process, as an exception: what was begun is undone before the process ends."""

from __future__ import annotations

import contextlib
import signal
from typing import Iterator

CAUGHT = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Interrupted(BaseException):
    """Somebody wants this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Within, the first such signal is an :class:`Interrupted`; those after it change nothing."""

    def interrupt(number: int, _frame: object) -> None:
        ignore()
        raise Interrupted(number)

    before = {number: signal.signal(number, interrupt) for number in CAUGHT}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore() -> None:
    """From now on such signals change nothing: what was begun is being undone."""
    for number in CAUGHT:
        signal.signal(number, signal.SIG_IGN)
