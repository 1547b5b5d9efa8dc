# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The listening ends of a host's links: a process of its own that answers while the links are measured.

It listens on the addresses of the cables only, ends when every end was measured, and in any case at its deadline.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .._fabric.model import WantPort
from .._fabric.part import host_plan
from . import background
from . import link_wire as wire

BACKLOG = 8
_NOBODY = "65534"  # by number: macOS, where it is -2, has no such account either, and needs none
MOST_CALLERS = 64  # of one end, over its whole life


@dataclass(frozen=True)
class LinkEnd:
    """Where an end listens, and what a caller must say."""

    address: str
    port: int
    token: str
    problem: str = ""  # why this end does not listen

    def as_dict(self) -> Dict[str, Any]:
        """For the module's result."""
        return asdict(self)


def answer_for(plan: Mapping[str, Any], host: str, seconds: float) -> List[Dict[str, Any]]:
    """The ends that this host opened for the links of a plan, for a module's result."""
    return [end.as_dict() for end in open_ends(host, host_plan(plan, host).ports, seconds)]


def open_ends(host: str, wanted: Sequence[WantPort], seconds: float) -> Tuple[LinkEnd, ...]:
    """Listen at every port in the background for at most ``seconds``. A port without its address is not an end."""
    ends: List[LinkEnd] = []
    served: List[Tuple[socket.socket, LinkEnd, Dict[str, Any]]] = []
    for want in wanted:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            wire.bind_to_device(listener, want.device)
            listener.bind((want.address, 0))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            ends.append(LinkEnd(want.address, 0, "", error.strerror or str(error)))
            continue
        end = LinkEnd(want.address, listener.getsockname()[1], secrets.token_hex(16))
        ends.append(end)
        served.append((listener, end, {"host": host, "receptacle": want.receptacle, "device": want.device}))
    if served:
        kept = [listener.fileno() for listener, _end, _who in served]
        background.begin(lambda: _serve_as_user(served, seconds), kept)
    for listener, _end, _who in served:
        listener.close()  # the background process has its own
    return tuple(ends)


def _serve_as_user(served: Sequence[Tuple[socket.socket, LinkEnd, Dict[str, Any]]], seconds: float) -> None:
    _drop_privileges()
    serve(served, seconds)


def serve(served: Sequence[Tuple[socket.socket, LinkEnd, Dict[str, Any]]], seconds: float) -> None:
    """Serve every end, each by a thread, until all are done or the time is over."""
    deadline = time.monotonic() + seconds
    threads = [threading.Thread(target=_serve_end, args=(*end, deadline), daemon=True) for end in served]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _drop_privileges() -> None:
    """Who answers strangers need not be root: the user who called sudo, or else nobody."""
    if os.geteuid() != 0:
        return
    user, group = (int(os.environ.get(name, _NOBODY)) for name in ("SUDO_UID", "SUDO_GID"))
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def _serve_end(listener: socket.socket, end: LinkEnd, who: Dict[str, Any], deadline: float) -> None:
    for _caller in range(MOST_CALLERS):
        left = deadline - time.monotonic()
        if left <= 0:
            return
        try:
            listener.settimeout(left)
            connection, caller = listener.accept()
        except OSError:
            return
        with connection:
            try:
                connection.settimeout(min(wire.STEP_SECONDS, left))
                if _answer(connection, end.token, dict(who, caller=caller[0])):
                    return
            except OSError:  # this caller went away; the next may do better
                continue


def _answer(connection: socket.socket, token: str, who: Dict[str, Any]) -> bool:
    """Serve one caller; whether it was the last one. A caller without the token gets no word."""
    words = wire.read_line(connection).split()
    if len(words) != 4 or words[:2] != [wire.GREETING, token] or not words[3].isdigit() or len(words[3]) > 9:
        return False
    verb, number = words[2], int(words[3])
    connection.sendall(json.dumps(who).encode() + b"\n")
    if verb == wire.ECHO:
        for piece in wire.receive(connection, min(number, wire.MOST_BYTES)):
            connection.sendall(piece)
    elif verb == wire.TAKE:
        count = sum(len(piece) for piece in wire.receive(connection))
        connection.sendall(b"%d\n" % count)
    elif verb == wire.GIVE:
        _give(connection, min(number, wire.MOST_MILLISECONDS) / 1000)
    return verb == wire.DONE


def _give(connection: socket.socket, seconds: float) -> None:
    block = bytes(wire.CHUNK)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        connection.sendall(block)
