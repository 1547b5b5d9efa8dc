# SPDX-License-Identifier: Apache-2.0
"""What is wrong on this host, found before any rank starts: directory, command, addresses, ports.

Each problem is the end of a sentence that the launcher begins with the host's name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import socket
from typing import Sequence

from boltloom_launcher.agent.port_holder import holder


def working_directory(wanted: str, required: bool) -> tuple[str, str | None]:
    """Where the ranks run: ``wanted``, or the home if it need not exist. The second value is the problem."""
    if os.path.isdir(wanted):
        if os.access(wanted, os.X_OK):
            return wanted, None
        return wanted, f"the working directory {wanted} may not be entered: correct its permissions"
    if required:
        return wanted, f"the working directory {wanted} does not exist: make it, or give another --cwd"
    home = os.path.expanduser("~")
    return (home if os.path.isdir(home) else "/"), None


def command_problem(name: str, cwd: str, env: dict[str, str]) -> str | None:
    """Why ``name`` cannot be run with the ranks' directory and PATH, or None."""
    if os.sep in name:
        path = os.path.join(cwd, name)
        if not os.path.exists(path):
            return f"command not found: {name}: give a path that exists there"
        if os.path.isdir(path) or not os.access(path, os.X_OK):
            return f"permission denied: {name} is not executable{_script_hint(name)}"
        return None
    if shutil.which(name, path=os.pathsep.join(os.get_exec_path(env))):
        return None
    if os.path.isfile(os.path.join(cwd, name)):
        hint = f"python {name}, or give --python" if name.endswith(".py") else f"./{name}"
        return f"command not found: {name}: it lies in the working directory, so write {hint}"
    return f"command not found: {name}: give its path, or set PATH with --env"


def _script_hint(name: str) -> str:
    return f": write python {name}, or give --python" if name.endswith(".py") else f": chmod +x {name}"


def port_problem(address: str, port: int, remedy: str) -> str | None:
    """Why a rank could not listen there, or None. Binding is tried the way a rank would do it."""
    try:
        _bind(address, port).close()
    except OSError as error:
        return _port_words(error, address, port, remedy)
    return None


def _port_words(error: OSError, address: str, port: int, remedy: str) -> str:
    if error.errno == errno.EADDRINUSE:
        who = holder(port)
        by = f" by {who}" if who else ""
        return f"port {port} of {address} is in use{by}: end it, or {remedy}"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{address} is not an address of this host: plug its cable in, or configure the fabric again"
    if error.errno == errno.EACCES:
        return f"port {port} of {address} may not be used by this user: {remedy}"
    return f"cannot listen on {address} port {port} ({error.strerror or error}): {remedy}"


# Between our look and rank 0's bind nobody may take the port by chance, so it is not one of those that systems give to
# outgoing connections (Linux from 32768, macOS from 49152), nor near the ring's usual 32323.
UNASSIGNED = range(20000, 30000)


def free_ports(address: str, count: int) -> tuple[list[int], list[socket.socket]]:
    """Ports nobody uses, with the sockets that keep them so until the ranks start."""
    sockets: list[socket.socket] = []
    for port in random.sample(UNASSIGNED, 50):
        if len(sockets) == count:
            break
        with contextlib.suppress(OSError):
            sockets.append(_bind(address, port))
    while len(sockets) < count:  # a strange host; what the system gives is better than nothing
        sockets.append(_bind(address, 0))
    return [int(s.getsockname()[1]) for s in sockets], sockets


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


def check_ports(wanted: Sequence[tuple[str, int, str]]) -> list[str]:
    """The problems of all ports that ranks of this host will listen on."""
    return [p for p in (port_problem(*each) for each in wanted) if p]
