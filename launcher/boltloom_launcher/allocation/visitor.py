# SPDX-License-Identifier: Apache-2.0
"""What every rank but rank 0 does in the meeting."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field

from boltloom_launcher.allocation.channel import Channel, Ended, Silent
from boltloom_launcher.allocation.messages import (
    ANOTHER_KEY,
    ANOTHER_RUN,
    GREETING,
    Agreed,
    Chosen,
    Draft,
    Hello,
    Message,
    NotOurs,
    Refused,
)
from boltloom_launcher.errors import UnfitError

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25
_ONE_TRY_S = 10.0
# Rank 0 began to wait at another moment. Its answer, which names who is missing, is worth waiting for a little longer.
_GRACE_S = 3.0
_REMEDY = "see what rank 0 says, give its host with --coordinator, or more time with --timeout"


class _Again(Exception):
    """Not yet, and why."""


@dataclass
class Visitor:
    """One visit to rank 0 at ``place``, a name or address and a port."""

    place: tuple[str, int]
    own: Hello
    key: bytes
    deadline: float
    new_names: bool  # an unknown name may become known
    hub_nonce: str = ""
    _channel: Channel | None = field(default=None)

    def visit(self) -> Draft:
        """Go there until it is open and all ranks have come. :raises UnfitError: that does not happen."""
        pause, why = _FIRST_PAUSE_S, "nobody answers"
        while True:
            try:
                self._introduce(min(self.deadline, time.monotonic() + _ONE_TRY_S))
                return self._draft()
            except _Again as error:
                why = str(error)
            if time.monotonic() + pause > self.deadline:
                raise UnfitError([f"rank 0 cannot be met at {self._where()} ({why}): {_REMEDY}"])
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def choose(self, ports: list[int]) -> Agreed:
        """Tell rank 0 our ports, and hear everybody's."""
        self._send(Chosen(ports))
        agreed = self._receive()
        if not isinstance(agreed, Agreed):
            raise self._lost("it answered with something else")
        assert self._channel
        self._channel.close()
        return agreed

    def refuse(self, why: str) -> None:
        """Tell rank 0 that it goes no further here."""
        self._send(Refused(why))

    def _introduce(self, until: float) -> None:
        channel = Channel(self._connect(until))
        try:
            greeting, _, hub = channel.wait_line(until).decode("ascii", "replace").partition(" ")
            if greeting != GREETING:
                raise _Again("somebody else listens there")
            own = self.own._replace(nonce=os.urandom(16).hex())
            channel.agree(self.key, hub, own.nonce, at_hub=False)
            channel.send(own, until)
        except (Ended, Silent, NotOurs):
            channel.close()
            raise _Again("somebody listens there and does not answer") from None
        except _Again:
            channel.close()
            raise
        self._channel, self.hub_nonce = channel, hub

    def _connect(self, until: float) -> socket.socket:
        try:
            return socket.create_connection(self.place, timeout=max(0.01, until - time.monotonic()))
        except socket.gaierror as error:
            if self.new_names or error.errno == socket.EAI_AGAIN:
                raise _Again(f"its name is not known: {error.strerror}") from None
            raise UnfitError(
                [f"{self.place[0]}, where rank 0 shall be, is no known name: give --coordinator"]
            ) from None
        except UnicodeError:
            raise UnfitError([f"{self.place[0]!r}, where rank 0 shall be, is no name: give --coordinator"]) from None
        except OSError as error:
            raise _Again(error.strerror or str(error)) from None

    def _draft(self) -> Draft:
        message = self._receive()
        if isinstance(message, Draft):
            return message
        raise self._lost("it answered with something else")

    def _receive(self) -> Message:
        assert self._channel
        try:
            message = self._channel.receive(self.deadline + _GRACE_S)
        except Silent:
            raise self._lost("it does not answer") from None
        except Ended as error:
            raise self._lost(str(error)) from None
        except NotOurs:
            raise self._lost("it has another key") from None
        if not isinstance(message, Refused):
            return message
        if message.kind == ANOTHER_RUN:
            raise _Again("another run has its port")
        if message.kind == ANOTHER_KEY:
            raise UnfitError(
                [f"rank 0 at {self._where()} has another key: set BOLTLOOM_TOKEN to the same secret for all ranks"]
            )
        raise UnfitError([f"rank 0 has given up: {message.why}"])

    def _send(self, message: Message) -> None:
        assert self._channel
        try:
            self._channel.send(message, self.deadline)
        except (Ended, Silent):
            raise self._lost("it does not read") from None

    def _lost(self, why: str) -> UnfitError:
        return UnfitError([f"rank 0 at {self._where()} is lost ({why}): see what it says"])

    def _where(self) -> str:
        return f"{self.place[0]} port {self.place[1]}"
