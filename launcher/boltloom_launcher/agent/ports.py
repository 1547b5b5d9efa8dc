# SPDX-License-Identifier: Apache-2.0
"""The ports that ranks of this host will listen on: looked at, chosen, and kept for this run until its ranks are over.

A rank binds its port itself, so no socket of ours can keep it. Between runs of boltloom, on this host and of whichever
user, a locked file does: two runs never share a port. The lock ends with the agent, however that ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import socket
from typing import Iterator, Sequence

from boltloom_launcher.agent.messages import Port

# Nobody may take a port by chance between our look and the rank's bind, so it is not one of those that systems give to
# outgoing connections (Linux from 32768, macOS from 49152), nor near the usual 32323 of mlx.launch.
UNASSIGNED = range(20000, 30000)
LOCKS = "/tmp/boltloom-ports"  # one place for all users, whatever TMPDIR says
_TRIES = 200


class Ports:
    """Those of this run."""

    def __init__(self) -> None:
        self._locks: dict[int, int] = {}  # port -> file descriptor

    def take(self, wanted: Sequence[Port]) -> tuple[list[int], list[str]]:
        """Keep these, choosing one wherever the port is 0. Gives the ports, in the same order, and all problems."""
        ports: list[int] = []
        problems: list[str] = []
        for each in wanted:
            port, problem = self._given(each) if each.port else self._chosen(each.address)
            ports.append(port)
            problems += [problem] if problem else []
        return ports, problems

    def keep_over_exec(self) -> None:
        """This process becomes the rank itself: the locks end with it."""
        for lock in self._locks.values():
            os.set_inheritable(lock, True)

    def release(self) -> None:
        """The ranks are over."""
        _remove(self._locks)
        self._locks = {}

    def _given(self, wanted: Port) -> tuple[int, str]:
        problem = port_problem(wanted.address, wanted.port, wanted.remedy)
        if not problem and not self._lock(wanted.port):
            by = _reader(wanted.port)
            problem = f"port {wanted.port} is kept for another run of boltloom{by}: end it, or {wanted.remedy}"
        return wanted.port, problem or ""

    def _chosen(self, address: str) -> tuple[int, str]:
        for port in _candidates():
            try:
                _bind(address, port).close()
            except OSError as error:
                if error.errno in (errno.EADDRINUSE, errno.EACCES):
                    continue
                return 0, _words(error, address, port, "give another address")
            if port in self._locks or not self._lock(port):
                continue
            return port, ""
        return 0, f"no port of {address} is free"

    def _lock(self, port: int) -> bool:
        """Lock the port's file. A host that has no place for it has to do without."""
        if port in self._locks:
            return True
        try:
            lock = _locked(port)
        except OSError:
            return True
        if lock is None:
            return False
        self._locks[port] = lock
        return True


def sweep(ports: Sequence[int]) -> None:
    """Remove what an agent that was killed has left of its locks; what another run has locked since then stays."""
    found = {}
    for port in ports:
        with contextlib.suppress(OSError):
            lock = _locked(port) if os.path.exists(f"{LOCKS}/{port}") else None
            if lock is not None:
                found[port] = lock
    _remove(found)


def _remove(locks: dict[int, int]) -> None:
    for port, lock in locks.items():
        with contextlib.suppress(OSError):
            os.unlink(f"{LOCKS}/{port}")
        os.close(lock)
    if locks:
        with contextlib.suppress(OSError):  # others have theirs in there
            os.rmdir(LOCKS)


def _candidates() -> Iterator[int]:
    yield from random.sample(UNASSIGNED, _TRIES)


def _locked(port: int) -> int | None:
    """The descriptor of the port's file, locked by us; None if somebody else has locked it."""
    path = f"{LOCKS}/{port}"
    for _ in range(_TRIES):
        lock = _opened(path)
        if lock < 0:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(lock), os.stat(path))
        except BlockingIOError:
            os.close(lock)
            return None
        except FileNotFoundError:
            ours = False  # its last owner has removed it meanwhile
        if ours:
            with contextlib.suppress(OSError):  # somebody else's, who left it behind: its name has to stay
                os.truncate(path, 0)
                os.pwrite(lock, str(os.getpid()).encode(), 0)
            return lock
        os.close(lock)
    return None


def _opened(path: str) -> int:
    """The file, made if need be, such that every user may lock it; -1 if it has just vanished or appeared."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(LOCKS)
        os.chmod(LOCKS, 0o1777)
    common = os.O_NOFOLLOW | os.O_CLOEXEC
    # Not both in one call: systems refuse to "create" a file of somebody else in a folder like this one.
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | common, 0o644)
        os.fchmod(lock, 0o644)
        return lock
    with contextlib.suppress(FileNotFoundError, PermissionError):
        return os.open(path, os.O_RDWR | common)
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY | common)
    return -1


def _reader(port: int) -> str:
    """Who has locked the port's file."""
    try:
        with open(f"{LOCKS}/{port}") as file:
            pid = int(file.read(20))
    except (OSError, ValueError):
        return ""
    return f" (agent's pid {pid})"


def port_problem(address: str, port: int, remedy: str) -> str | None:
    """Why a rank could not listen there, or None. Binding is tried the way a rank would do it."""
    try:
        _bind(address, port).close()
    except OSError as error:
        return _words(error, address, port, remedy)
    return None


def _words(error: OSError, address: str, port: int, remedy: str) -> str:
    if error.errno == errno.EADDRINUSE:
        from boltloom_launcher.agent.port_holder import holder  # seldom needed

        who = holder(port)
        by = f" by {who}" if who else ""
        return f"port {port} of {address} is in use{by}: end it, or {remedy}"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{address} is not an address of this host: plug its cable in, or configure the fabric again"
    if error.errno == errno.EACCES:
        return f"port {port} of {address} may not be used by this user: {remedy}"
    return f"cannot listen on {address} port {port} ({error.strerror or error}): {remedy}"


def _bind(address: str, port: int) -> socket.socket:
    flags = socket.AI_NUMERICHOST
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=flags)[0]
    made = socket.socket(family, kind, protocol)
    try:
        # Without it, connections of an earlier run that still linger would look like somebody who holds the port.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
    except OSError:
        made.close()
        raise
    return made
