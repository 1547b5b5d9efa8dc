# SPDX-License-Identifier: Apache-2.0
"""Lines between two ranks, however the bytes were split, and how a wait ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from boltloom_launcher.allocation.channel import Channel, Ended, Silent
from boltloom_launcher.allocation.messages import Chosen, NotOurs, Refused, encode

Pair = tuple[Channel, Channel]


@pytest.fixture
def pair() -> Iterator[Pair]:
    hub, visitor = (Channel(each) for each in socket.socketpair())
    hub.agree(b"key", "hub", "visitor", at_hub=True)
    visitor.agree(b"key", "hub", "visitor", at_hub=False)
    yield hub, visitor
    hub.close()
    visitor.close()


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def test_a_long_message_arrives_whole(pair: Pair) -> None:
    hub, visitor = pair
    visitor.send(Chosen([1]), soon())
    assert hub.receive(soon()) == Chosen([1])  # from here on it is known, and may write long lines
    message = Chosen(list(range(200_000)))  # more than a socket holds
    sender = threading.Thread(target=visitor.send, args=(message, soon()))
    sender.start()
    assert hub.receive(soon()) == message
    sender.join()


def test_two_lines_in_one_piece_are_two(pair: Pair) -> None:
    hub, visitor = pair
    visitor.send_raw(b"one\ntwo\nthr", soon())
    assert [hub.wait_line(soon()), hub.wait_line(soon()), hub.read_line()] == [b"one", b"two", None]


def test_what_the_other_direction_has_signed_is_refused(pair: Pair) -> None:
    hub, visitor = pair
    echoed = encode(Chosen([1]), visitor._ours)
    hub.send_raw(echoed, soon())
    with pytest.raises(NotOurs):
        visitor.receive(soon())


def test_an_unsigned_refusal_counts_only_before_the_other_is_known(pair: Pair) -> None:
    hub, visitor = pair
    refusal = encode(Refused("no", "another run"), b"")
    hub.send_raw(refusal, soon())
    assert visitor.receive(soon()) == Refused("no", "another run")
    hub.send_raw(encode(Refused("words of anybody"), b""), soon())
    with pytest.raises(NotOurs):
        visitor.receive(soon())
    hub.send(Chosen([1]), soon())
    assert visitor.receive(soon()) == Chosen([1])
    hub.send_raw(refusal, soon())
    with pytest.raises(NotOurs):
        visitor.receive(soon())


def test_a_stranger_gets_little_room(pair: Pair) -> None:
    hub, visitor = pair
    visitor.send_raw(b"x" * 5000, soon())
    with pytest.raises(NotOurs):
        hub.wait_line(soon())


def test_every_wait_ends(pair: Pair) -> None:
    hub, visitor = pair
    with pytest.raises(Silent):
        hub.receive(soon(0.01))
    with pytest.raises(Silent):
        hub.send_raw(b"x" * (64 << 20), soon(0.01))
    visitor.close()
    with pytest.raises(Ended):
        hub.receive(soon())
