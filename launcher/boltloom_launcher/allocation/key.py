# SPDX-License-Identifier: Apache-2.0
"""The secret that the ranks of one user share, wherever a scheduler has put them.

Whoever sets BOLTLOOM_TOKEN for all ranks has given it. Else it is a file in the home, which hosts of a cluster share,
made by whoever comes first; only its owner may read it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Mapping

from boltloom_launcher.errors import UnfitError, UsageError

_BYTES = 32
_LOOK_AGAIN_S = 0.1
_APPEARS_S = 5.0  # a network file system may show late what another host has written
_REMEDY = "set BOLTLOOM_TOKEN to the same secret for all ranks"


def shared_key(environment: Mapping[str, str]) -> bytes:
    """:raises UsageError: BOLTLOOM_TOKEN is too short to be a secret.
    :raises UnfitError: there is no file, and no place for one.
    """
    given = environment.get("BOLTLOOM_TOKEN", "")
    if given:
        if len(given) < 16:
            raise UsageError("BOLTLOOM_TOKEN is shorter than 16 characters", "set it to a secret: openssl rand -hex 16")
        return os.fsencode(given)
    path = key_file(environment)
    if not os.path.isabs(path):
        raise UnfitError([f"there is no home to keep a key in: {_REMEDY}"])
    try:
        return _read(path) or _made(path)
    except OSError as error:
        raise UnfitError([f"the key {path} cannot be had ({error.strerror}): {_REMEDY}"]) from None


def key_file(environment: Mapping[str, str]) -> str:
    """Where it is."""
    home = environment.get("HOME") or os.path.expanduser("~")
    return os.path.join(environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "boltloom", "key")


def _read(path: str) -> bytes:
    """The key, b"" if there is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return b""
    with os.fdopen(file, "rb") as open_file:
        status = os.fstat(file)
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnfitError([f"others may read the key {path}: remove it, or chmod 600 it if nobody has read it"])
        key = open_file.read(1024)
    if len(key) < _BYTES:
        raise UnfitError([f"the key {path} is too short: remove it, and the next run makes another"])
    return key


def _made(path: str) -> bytes:
    """Written under another name first: nobody shall find half a key."""
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    new = f"{path}.{os.urandom(8).hex()}"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(os.urandom(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):  # another rank was first
            os.link(new, path)
    finally:
        os.unlink(new)
    end = time.monotonic() + _APPEARS_S
    while not (key := _read(path)):
        if time.monotonic() > end:
            raise UnfitError([f"the key {path} was made and is not there: {_REMEDY}"])
        time.sleep(_LOOK_AGAIN_S)
    return key
