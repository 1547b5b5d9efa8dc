# SPDX-License-Identifier: Apache-2.0
"""How many files a process of ours may have open: as many as it can, while the ranks keep what the user has set.

macOS allows 256 of them, which many hosts, or many ranks on one, soon need.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import sys
from typing import BinaryIO, Iterator, cast

_ENOUGH = 65536
_MACOS_MOST = 10240  # OPEN_MAX; macOS says that there is no limit, and refuses more than this

_before: tuple[int, int] | None = None  # what this process was given, if it has raised it since


def raise_limit() -> None:
    """For this process, as far as it may."""
    global _before
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MACOS_MOST if sys.platform == "darwin" else _ENOUGH
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        _before = (soft, hard)


@contextlib.contextmanager
def as_given() -> Iterator[None]:
    """What is started meanwhile has the limit that this process was given."""
    if _before is None:
        yield
        return
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, _before)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, ours)


def out_of_the_way(pipe: BinaryIO | None) -> BinaryIO | None:
    """The same pipe under a number beyond the limit of :func:`as_given`: what is started needs the low ones."""
    if pipe is None or _before is None or pipe.fileno() >= _before[0]:
        return pipe
    try:
        number = fcntl.fcntl(pipe.fileno(), fcntl.F_DUPFD_CLOEXEC, _before[0])
    except OSError:
        return pipe
    pipe.close()
    return cast(BinaryIO, os.fdopen(number, "rb" if pipe.mode == "rb" else "wb", buffering=0))
