# SPDX-License-Identifier: Apache-2.0
"""Slurm's lists of nodes: ``n[1-3,7],gpu[08-10]x``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from boltloom_launcher.errors import UsageError

_MOST_NODES = 65536
_PART = re.compile(r"((?:[^,\[\]]|\[[^\[\]]*\])+)(?:,|$)")
_RANGES = re.compile(r"\[([0-9,-]+)\]", re.ASCII)
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)


def expand(text: str) -> list[str]:
    """Every name of the list, in its order. :raises UsageError: it is no list of nodes."""
    names: list[str] = []
    place = 0
    while place < len(text):
        found = _PART.match(text, place)
        if not found:
            raise _no_list(text)
        names += _names(found[1], text)
        place = found.end()
    if not names or text.endswith(","):
        raise _no_list(text)
    return names


def _names(part: str, text: str) -> list[str]:
    names = [""]
    place = 0
    for found in _RANGES.finditer(part):
        numbers = list(_numbers(found[1], text))
        if len(names) * len(numbers) > _MOST_NODES:
            raise _no_list(text)
        names = [name + part[place : found.start()] + number for name in names for number in numbers]
        place = found.end()
    rest = part[place:]
    if "[" in rest:
        raise _no_list(text)
    return [name + rest for name in names]


def _numbers(ranges: str, text: str) -> Iterator[str]:
    for each in ranges.split(","):
        found = _RANGE.fullmatch(each)
        if not found:
            raise _no_list(text)
        first, last = found[1], found[2] or found[1]
        if not int(first) <= int(last) < int(first) + _MOST_NODES:
            raise _no_list(text)
        yield from (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))


def _no_list(text: str) -> UsageError:
    return UsageError(f"{text[:80]!r} is no list of nodes", "see what scontrol show hostnames says, and report it")
