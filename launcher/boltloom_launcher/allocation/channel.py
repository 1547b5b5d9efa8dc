# SPDX-License-Identifier: Apache-2.0
"""A connection between a rank and rank 0: signed messages, and no wait without a deadline."""

from __future__ import annotations

import hmac
import select
import socket
import time

from boltloom_launcher.allocation.messages import Message, NotOurs, Refused, decode, encode, session_key, signature

_STRANGERS_LINE = 4096  # nobody who has not signed gets more room
_LONGEST_LINE = 64 << 20
MOST_S = 3600.0  # of one look; poll cannot count to a year


class Ended(Exception):
    """The other side is gone."""


class Silent(Exception):
    """The deadline has passed."""


class Channel:
    """Everything is refused that is not signed, once both nonces are known."""

    def __init__(self, connection: socket.socket, peer: str = "") -> None:
        self.socket = connection
        self.peer = peer  # the other side's address
        connection.setblocking(False)
        self.known = False  # the other side has signed with our key
        self._buffer = b""
        self._ours = self._theirs = b""

    def agree(self, key: bytes, hub: str, visitor: str, at_hub: bool) -> None:
        """Sign from here on."""
        hubs, visitors = (session_key(key, hub, visitor, direction) for direction in ("hub", "visitor"))
        self._ours, self._theirs = (hubs, visitors) if at_hub else (visitors, hubs)

    def signed(self, mark: str, body: bytes) -> bool:
        """This was signed by the other side. What is seen once is trusted from then on."""
        good = hmac.compare_digest(mark, signature(self._theirs, body))
        self.known = self.known or good
        return good

    def read_line(self) -> bytes | None:
        """The next line if it has arrived. :raises Ended: none will. :raises NotOurs: there is no end to it."""
        ended = False
        while b"\n" not in self._buffer and not ended:
            try:
                piece = self.socket.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                raise Ended(error.strerror or str(error)) from None
            ended = not piece
            self._buffer += piece
            if len(self._buffer) > (_LONGEST_LINE if self.known else _STRANGERS_LINE):
                raise NotOurs
        line, newline, rest = self._buffer.partition(b"\n")
        if newline:
            self._buffer = rest
            return line
        if ended:
            raise Ended("it was closed")
        return None

    def wait_line(self, deadline: float) -> bytes:
        """The next line. :raises Silent: it has not come in time."""
        while (line := self.read_line()) is None:
            self._wait(deadline, read=True)
        return line

    def receive(self, deadline: float) -> Message:
        """The next message of a known other side."""
        message, mark, body = decode(self.wait_line(deadline))
        turned_away = isinstance(message, Refused) and message.kind and mark == "-" and not self.known
        if not self.signed(mark, body) and not turned_away:
            raise NotOurs
        return message

    def send(self, message: Message, deadline: float) -> None:
        """:raises Ended: nobody is there to read it."""
        self.send_raw(encode(message, self._ours), deadline)

    def send_raw(self, data: bytes, deadline: float) -> None:
        """The bytes as they are."""
        left = memoryview(data)
        while left:
            try:
                left = left[self.socket.send(left) :]
            except BlockingIOError:
                self._wait(deadline, read=False)
            except OSError as error:
                raise Ended(error.strerror or str(error)) from None

    def close(self) -> None:
        self.socket.close()

    def _wait(self, deadline: float, read: bool) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(self.socket, select.POLLIN if read else select.POLLOUT)
        if left <= 0:
            raise Silent
        poll.poll(min(left, MOST_S) * 1000)  # whoever waits looks again
