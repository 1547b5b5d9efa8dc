# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What both ends of a link say to each other while it is measured.

The caller sends one line, ``boltloom TOKEN VERB NUMBER``; the listener answers with one line of JSON that says who it
is, and then does what the verb says. The token is new with each listener, so nobody else is measured by mistake.
"""

from __future__ import annotations

import socket
import sys
from typing import Iterator, Optional

GREETING = "boltloom"
ECHO = "echo"  # NUMBER bytes are sent back as they come
TAKE = "take"  # bytes are read until the caller has no more; their count is sent back as a line
GIVE = "give"  # bytes are sent for NUMBER milliseconds
DONE = "done"  # the caller will not come again

LINE_LIMIT = 512  # bytes; a longer line is no line of ours
CHUNK = 1 << 18
MOST_BYTES = 1 << 20  # of an echo
MOST_MILLISECONDS = 10000
STEP_SECONDS = 5.0  # within which the other end must do its next step
IP_BOUND_IF = 25  # macOS: <netinet/in.h>; Python has no name for it


def read_line(connection: socket.socket) -> str:
    """One line without its end. :raises OSError: the other end closes, or sends what is no line."""
    line = b""
    while not line.endswith(b"\n"):
        piece = connection.recv(1)
        if not piece or len(line) >= LINE_LIMIT:
            raise OSError("no whole line came")
        line += piece
    return line.decode("utf-8", "replace").rstrip("\n")


def receive(connection: socket.socket, count: Optional[int] = None) -> Iterator[bytes]:
    """The next ``count`` bytes in pieces, or all until the other end has no more. :raises OSError: it closes early."""
    left = count
    while left is None or left > 0:
        piece = connection.recv(CHUNK if left is None else min(CHUNK, left))
        if not piece:
            if left:
                raise OSError("the other end closed the connection")
            return
        left = None if left is None else left - len(piece)
        yield piece


def bind_to_device(connection: socket.socket, device: str) -> None:
    """So that no other interface answers for this one. The route was checked, so not being allowed to is harmless."""
    try:
        if sys.platform == "darwin":
            connection.setsockopt(socket.IPPROTO_IP, IP_BOUND_IF, socket.if_nametoindex(device))
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    except PermissionError:  # Linux before 5.7, without root
        pass
