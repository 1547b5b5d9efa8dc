# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Lists of hosts, pairs and numbers as words for people. What could grow without end is cut, and says by how much."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from .shown import line

_ROOM = 80  # columns of one list: a warning with two of them still fits into three lines of a screen
_NAME = 40  # columns of one name in a list; a fully qualified one may have 253


def listed(names: Sequence[str], room: int = _ROOM, last: str = ", ") -> str:
    """As in "a, b, c", or "a, b and 57 more" where they do not fit into ``room`` columns. At least one is named.

    :param last: what stands before the last name where all fit (" and ").
    """
    return _cut([shortened(name) for name in names[:room]], len(names), room, last)


def listed_pairs(pairs: Sequence[Tuple[str, str]], room: int = _ROOM) -> str:
    """As in "a and b, a and c", or "a and b, a and c and 57 more"."""
    shown = ["{0} and {1}".format(shortened(one), shortened(two)) for one, two in pairs[:room]]
    return _cut(shown, len(pairs), room, ", ")


def _cut(names: Sequence[str], total: int, room: int, last: str) -> str:
    shown: List[str] = []
    used = 0
    for name in names:
        used += len(name) + 2
        if shown and used > room:
            break
        shown.append(name)
    if len(shown) < total:
        return "{0} and {1} more".format(", ".join(shown), total - len(shown))
    return last.join(([", ".join(shown[:-1])] if shown[1:] else []) + shown[-1:])


def counted(number: int, one: str, several: str = "") -> str:
    """ "1 cable", "2 cables"."""
    return "{0} {1}".format(number, one if number == 1 else several or one + "s")


def few(lines: Sequence[str], most: int = 8) -> List[str]:
    """Lines of one kind, the first ones and a count of the others."""
    more = len(lines) - most
    return list(lines[:most]) + (["and {0} of this kind".format(counted(more, "more", "more"))] if more > 0 else [])


def shortened(name: str, width: int = _NAME) -> str:
    """The name as it may be shown: what a terminal would obey is escaped, what is too long is cut with an ellipsis."""
    shown = line(name)
    return shown if len(shown) <= width else shown[: width - 1] + "…"
