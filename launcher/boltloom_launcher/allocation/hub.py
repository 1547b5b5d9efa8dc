# SPDX-License-Identifier: Apache-2.0
"""Rank 0's side of the meeting: it waits for all others, and tells everybody what it made of it."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from boltloom_launcher.allocation.channel import MOST_S, Channel, Ended, Silent
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
    decode,
)
from boltloom_launcher.errors import UnfitError

_GOODBYE_S = 1.0
_MOST_STRANGERS = 1024
_NAMED = 8  # so many missing ranks are listed one by one


@dataclass
class Guest:
    """A rank that has come."""

    hello: Hello
    channel: Channel
    peer: str  # its address, as seen from here
    here: str  # ours, as it sees it


@dataclass
class Hub:
    """Rank 0, listening. Every problem is told to all who have come, and raised here."""

    listener: socket.socket
    own: Hello
    key: bytes
    deadline: float
    nonce: str = field(default_factory=lambda: os.urandom(16).hex())
    guests: dict[int, Guest] = field(default_factory=dict)
    _strangers: list[Channel] = field(default_factory=list)
    _keys: int = 0  # so many came with another key

    def gather(self) -> dict[int, Guest]:
        """All other ranks. :raises UnfitError: they do not come, or do not fit together."""
        with self._telling():
            self.listener.setblocking(False)
            while len(self.guests) < self.own.size - 1:
                self._turn()
        for stranger in self._strangers:
            stranger.close()
        self.listener.close()
        return self.guests

    def ask(self, draft: Draft) -> dict[int, list[int]]:
        """The ports that each other rank has chosen for this draft."""
        with self._telling():
            self._send_all(draft)
            return {rank: self._ports(guest) for rank, guest in self.guests.items()}

    def agree(self, agreed: Agreed) -> None:
        """Let everybody begin."""
        with self._telling():
            self._send_all(agreed)
        for guest in self.guests.values():
            guest.channel.close()

    def refuse(self, why: str) -> None:
        """Tell everybody who has come that there will be no run, and who is to blame."""
        until = time.monotonic() + _GOODBYE_S
        for guest in self.guests.values():
            with contextlib.suppress(Ended, Silent):
                guest.channel.send(Refused(why), until)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except UnfitError as error:
            self.refuse(error.message)
            raise

    def _turn(self) -> None:
        """Wait for news, and take them."""
        left = self.deadline - time.monotonic()
        poll = select.poll()
        channels = [*self._strangers, *(guest.channel for guest in self.guests.values())]
        for each in (self.listener, *(channel.socket for channel in channels)):
            poll.register(each, select.POLLIN)
        if left <= 0:
            raise UnfitError([self._missing()])
        if not poll.poll(min(left, MOST_S) * 1000):
            return
        for guest in self.guests.values():
            self._still_there(guest)
        for stranger in list(self._strangers):
            self._listen_to(stranger)
        self._accept()

    def _accept(self) -> None:
        try:
            connection, peer = self.listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise UnfitError(["rank 0 may open too few files for so many ranks: raise ulimit -n"]) from None
            return  # it was only a look, or gone before we had it
        self._welcome(connection, peer[0])

    def _welcome(self, connection: socket.socket, peer: str) -> None:
        stranger = Channel(connection, peer)
        if len(self._strangers) >= _MOST_STRANGERS:
            self._strangers.pop(0).close()
        with contextlib.suppress(Ended, Silent):
            stranger.send_raw(f"{GREETING} {self.nonce}\n".encode(), time.monotonic() + _GOODBYE_S)
            self._strangers.append(stranger)

    def _listen_to(self, stranger: Channel) -> None:
        try:
            line = stranger.read_line()
            if line is None:
                return
            message, mark, body = decode(line)
            if not isinstance(message, Hello):
                raise NotOurs
        except (Ended, NotOurs):
            self._strangers.remove(stranger)
            stranger.close()
            return
        self._strangers.remove(stranger)
        if message.run != self.own.run:
            self._turn_away(stranger, ANOTHER_RUN)
            return
        unsigned = Channel(stranger.socket, stranger.peer)
        stranger.agree(self.key, self.nonce, message.nonce, at_hub=True)
        if not stranger.signed(mark, body):
            self._keys += 1
            self._turn_away(unsigned, ANOTHER_KEY)
            return
        self._admit(message, stranger)

    def _turn_away(self, stranger: Channel, kind: str) -> None:
        with contextlib.suppress(Ended, Silent):
            stranger.send(Refused(kind, kind), time.monotonic() + _GOODBYE_S)
        stranger.close()

    def _admit(self, hello: Hello, channel: Channel) -> None:
        guest = Guest(hello, channel, channel.peer, channel.socket.getsockname()[0])
        if hello.rank in self.guests or not 0 < hello.rank < self.own.size:
            self.guests[-1] = guest  # it shall hear why
            raise UnfitError([f"{_name(hello)} came, and there is one already: start each rank once"])
        self.guests[hello.rank] = guest
        for what, theirs, ours in (("a size of", hello.size, self.own.size), ("options", hello.alike, self.own.alike)):
            if theirs != ours:
                differs = f"{what} {theirs} and rank 0 one of {ours}" if what != "options" else "other options or files"
                raise UnfitError([f"{_name(hello)} was started with {differs}: start all ranks alike"])

    def _still_there(self, guest: Guest) -> None:
        """A guest has nothing to say before the draft."""
        try:
            line = guest.channel.read_line()
            if line is None:
                return
            message, mark, body = decode(line)
        except (Ended, NotOurs):
            raise UnfitError([f"{_name(guest.hello)} ended before all ranks had come: see what it says"]) from None
        if isinstance(message, Refused) and guest.channel.signed(mark, body):
            raise UnfitError([f"{_name(guest.hello)}: {message.why}"])

    def _ports(self, guest: Guest) -> list[int]:
        try:
            message = guest.channel.receive(self.deadline)
        except (Ended, NotOurs):
            raise UnfitError([f"{_name(guest.hello)} ended while it chose its ports: see what it says"]) from None
        except Silent:
            raise UnfitError([f"{_name(guest.hello)} says nothing any more: see what it does"]) from None
        if isinstance(message, Chosen):
            return message.ports
        raise UnfitError([f"{_name(guest.hello)}: {message.why if isinstance(message, Refused) else 'lost its way'}"])

    def _send_all(self, message: Message) -> None:
        for guest in self.guests.values():
            try:
                guest.channel.send(message, self.deadline)
            except (Ended, Silent):
                raise UnfitError([f"{_name(guest.hello)} ended before its program began: see what it says"]) from None

    def _missing(self) -> str:
        missing = [rank for rank in range(1, self.own.size) if rank not in self.guests]
        names = ", ".join(map(str, missing[:_NAMED])) + (
            f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        )
        remedy = "see what they say, or give them longer with --timeout"
        if self._keys:
            remedy = f"{self._keys} came with another key, so set BOLTLOOM_TOKEN to the same secret for all ranks"
        return f"only {len(self.guests) + 1} of {self.own.size} ranks came in time, missing: {names}: {remedy}"


def _name(hello: Hello) -> str:
    return f"rank {hello.rank} on {hello.host}"
