# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as exceptions. The extension raises these; each message is one line that says what to do next."""

from __future__ import annotations


class Error(Exception):
    """The parent of all. ``rank`` and ``host`` name the peer to blame; they are None where there is none."""

    def __init__(self, message: str, rank: int | None = None, host: str | None = None) -> None:
        super().__init__(message)
        self.rank = rank
        self.host = host


class InvalidArgument(Error, ValueError):
    """An argument, or the environment that the program was started with, is wrong. The group stays usable."""


class Unavailable(Error):
    """This computer or the network cannot do what was asked for: no such backend, a port in use, a missing rank."""


class PeerFailed(Error, ConnectionError):
    """Another rank died or its connection broke. The group is lost: each later call fails at once with this cause."""


class TimedOut(Error, TimeoutError):
    """An operation took longer than the group's timeout. The group is lost."""


class Aborted(Error):
    """The group was closed, or an operation was interrupted. The group is lost."""
