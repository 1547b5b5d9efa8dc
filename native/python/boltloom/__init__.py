# SPDX-License-Identifier: Apache-2.0
"""Collective operations between the ranks of a program that runs on several computers.

    import boltloom

    with boltloom.init() as group:
        total = group.all_reduce(gradients)

See `Group` for the operations and `Error` for what can go wrong.
"""

from ._native import version as _version
from .errors import Aborted, Error, InvalidArgument, PeerFailed, TimedOut, Unavailable
from .group import Group, init

__version__ = _version()
__all__ = ["Aborted", "Error", "Group", "InvalidArgument", "PeerFailed", "TimedOut", "Unavailable", "init"]
