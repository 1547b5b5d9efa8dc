# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The calling end of a link: who answers there, do bytes come back as they were sent, how fast is it."""

from __future__ import annotations

import secrets
import socket
import statistics
import time
from dataclasses import dataclass
from typing import Any, Mapping

from .._fabric.errors import BoltloomError
from .._fabric.model import WantPort
from .._fabric.reading import json_value, printable
from .._fabric.shown import end as end_words
from . import link_wire as wire
from .commands import HostError

CONNECT_SECONDS = 2.0
ROUNDS = 9  # of which the median is taken
SMALL = 64  # bytes of a round trip
LARGE = 1 << 16  # bytes that must come back unchanged


@dataclass(frozen=True)
class Measured:
    """What a link does. 0 for a rate that was not measured."""

    milliseconds: float  # there and back, the median
    send_gbps: float = 0.0
    receive_gbps: float = 0.0


def measure(want: WantPort, end: Mapping[str, Any], seconds: float) -> Measured:
    """Measure a link whose other end listens; ``seconds`` of each direction, 0 for the latency only.

    :raises OSError: the other end does not answer, or stops answering.
    :raises HostError: something else answers there, or bytes come back changed.
    """
    _echo(want, end, LARGE, 1)
    milliseconds = _echo(want, end, SMALL, ROUNDS)
    send = receive = 0.0
    if seconds > 0:
        send, receive = _send_rate(want, end, seconds), _receive_rate(want, end, seconds)
    return Measured(milliseconds, send, receive)


def farewell(want: WantPort, end: Mapping[str, Any]) -> None:
    """The other end need not wait for us any longer. It ends by itself when this is lost."""
    try:
        _call(want, end, wire.DONE, 0).close()
    except (OSError, HostError):
        return


def _call(want: WantPort, end: Mapping[str, Any], verb: str, number: int) -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        wire.bind_to_device(connection, want.device)
        connection.bind((want.address, 0))
        connection.connect((want.peer_address, int(end["port"])))
        connection.settimeout(wire.STEP_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall("{0} {1} {2} {3}\n".format(wire.GREETING, end["token"], verb, number).encode())
        _check_who(want, wire.read_line(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _check_who(want: WantPort, line: str) -> None:
    """The one that answers must be the peer, at the port that the plan says."""
    try:
        who = json_value(line, want.peer_address)
        host, receptacle, device = str(who["host"]), int(who["receptacle"]), str(who["device"])
        caller = str(who["caller"])
    except (BoltloomError, ValueError, LookupError, TypeError, OverflowError):
        raise HostError(
            "{0} is answered by another program than ours".format(want.peer_address), "see what listens there"
        ) from None
    if host != want.peer or (want.peer_receptacle and receptacle != want.peer_receptacle):
        raise HostError(
            "{0} is answered by {1} instead of {2}".format(
                want.peer_address,
                printable(end_words(host, receptacle, device)),
                end_words(want.peer, want.peer_receptacle, want.peer_device),
            ),
            "the cable was moved: run boltloom.cluster.configure again",
        )
    if caller != want.address:
        raise HostError(
            "{0} is reached from {1} instead of {2}".format(want.peer_address, printable(caller), want.address),
            "something between the two translates addresses",
        )


def _echo(want: WantPort, end: Mapping[str, Any], size: int, rounds: int) -> float:
    """Milliseconds of the median round."""
    times = []
    with _call(want, end, wire.ECHO, size * rounds) as connection:
        for _round in range(rounds):
            sent = secrets.token_bytes(size)
            begin = time.monotonic()
            connection.sendall(sent)
            came = b"".join(wire.receive(connection, size))
            times.append((time.monotonic() - begin) * 1000)
            if came != sent:
                raise HostError(
                    "bytes came back changed from {0}".format(want.peer_address), "replace the cable: it damages data"
                )
    return round(statistics.median(times), 3)


def _send_rate(want: WantPort, end: Mapping[str, Any], seconds: float) -> float:
    block = bytes(wire.CHUNK)
    with _call(want, end, wire.TAKE, 0) as connection:
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        return _gbps(int(wire.read_line(connection)), time.monotonic() - begin)


def _receive_rate(want: WantPort, end: Mapping[str, Any], seconds: float) -> float:
    with _call(want, end, wire.GIVE, int(seconds * 1000)) as connection:
        begin = time.monotonic()
        count = sum(len(piece) for piece in wire.receive(connection))
        return _gbps(count, time.monotonic() - begin)


def _gbps(count: int, seconds: float) -> float:
    return round(count * 8 / max(seconds, 1e-6) / 1e9, 3)
