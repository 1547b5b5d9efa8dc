# SPDX-License-Identifier: Apache-2.0
"""What a scheduler says of one rank."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from boltloom_launcher.errors import UsageError

MOST_RANKS = 65536  # as libboltloom has it


@dataclass(frozen=True)
class Place:
    """Where a rank is in its run. What the scheduler leaves open is None or empty."""

    scheduler: str
    run: str  # the same for every rank of this run, and another one for every other run
    rank: int
    size: int
    local_rank: int | None = None
    local_size: int | None = None
    host: str = ""  # the name that the scheduler gives to this host
    coordinator: str = ""  # a name or address of the host that rank 0 is on
    kept: tuple[str, ...] = ()  # variables that stay as the scheduler has set them
    new_names: bool = False  # host names may become known only after the ranks have started


@dataclass(frozen=True)
class Own:
    """What is known of this process without any scheduler."""

    host: str = ""
    full_name: str = ""  # with the domain
    mpiexec: str = ""  # HOST:PORT of the MPICH mpiexec that it descends from
    size: int | None = None  # what --size says


@dataclass(frozen=True)
class Variables:
    """The environment, with one line for each kind of mistake in it."""

    values: Mapping[str, str]
    scheduler: str
    start: str  # how its ranks are started

    def text(self, name: str, default: str | None = None) -> str:
        """:raises UsageError: it is not set, and there is no default."""
        value = self.values.get(name, "")
        if value:
            return value
        if default is None:
            raise UsageError(f"{name} is not set, though other variables of {self.scheduler} are", self.start)
        return default

    def number(self, name: str, least: int, most: int) -> int:
        """:raises UsageError: it is no number from ``least`` to ``most``."""
        text = self.text(name)
        if not re.fullmatch("[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
            raise UsageError(
                f"{name} is {text[:40]!r}, and {self.scheduler} means a number from {least} to {most} by it", self.start
            )
        return int(text)

    def pair(self, rank: str, size: str, most: int = MOST_RANKS) -> tuple[int, int]:
        """A rank and how many there are."""
        total = self.number(size, 1, most)
        return self.number(rank, 0, total - 1), total
