# SPDX-License-Identifier: Apache-2.0
"""Colours for a terminal: each rank's tag has its own, and what we say ourselves stands out."""

from __future__ import annotations

import os

CHOICES = ("auto", "always", "never")

_RANKS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)  # no red: it means trouble
_OURS = 1  # bold
_END = b"\x1b[0m"


def wanted(choice: str, fd: int) -> bool:
    """The lines on this file descriptor get colours: by choice, or because a terminal shows them."""
    if choice != "auto":
        return choice == "always"
    return os.isatty(fd) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def of_rank(rank: int, text: bytes) -> bytes:
    """In the colour of this rank."""
    return b"\x1b[%dm" % _RANKS[rank % len(_RANKS)] + text + _END


def ours(text: bytes) -> bytes:
    """As something that we say."""
    return b"\x1b[%dm" % _OURS + text + _END
