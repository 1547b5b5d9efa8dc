# SPDX-License-Identifier: Apache-2.0
"""What can go wrong without being a bug, each with the exit status that tells a script what it was."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError as BoltloomError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import GraphError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError as HostfileError

EXIT_USAGE = 2
EXIT_UNFIT = 3
EXIT_OUTPUT = 74  # EX_IOERR of sysexits.h
EXIT_DEADLINE = 124
EXIT_SIGNAL = 128  # plus the signal's number


class UsageError(BoltloomError):
    """The command line asks for something that cannot be."""


class UnfitError(BoltloomError):
    """Hosts cannot run this job as they are. One line per problem, so that all can be corrected at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))


class DeadlinePassed(BoltloomError):
    """The whole run took longer than it was given."""


class Interrupted(BoltloomError):
    """A signal ended what we were about to do."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def exit_status(error: BoltloomError) -> int:
    """The exit status of the command for this error."""
    if isinstance(error, Interrupted):
        return EXIT_SIGNAL + error.number
    if isinstance(error, DeadlinePassed):
        return EXIT_DEADLINE
    return EXIT_USAGE if isinstance(error, UsageError | HostfileError | GraphError) else EXIT_UNFIT
