# SPDX-License-Identifier: Apache-2.0
"""What ranks tell each other before their program begins, with one codec: a line of JSON behind its signature.

Nothing secret is sent: the run's token is made from the key and the hub's nonce by everybody for himself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, get_type_hints

from boltloom_launcher.agent.named_tuple import NamedTuple

GREETING = "boltloom-exec-1"


class Hello(NamedTuple):
    """A rank comes to rank 0."""

    run: str  # digest: of this run or another one
    nonce: str
    alike: str  # digest of what has to be the same for all ranks
    rank: int
    size: int
    host: str
    local_rank: int  # -1: the scheduler does not say
    local_size: int


class Member(NamedTuple):
    """A rank, as all others shall see it."""

    host: str
    ips: list[str]
    rdma: list[list[str]]
    local_rank: int
    local_size: int


class Draft(NamedTuple):
    """All ranks have come."""

    run_id: str
    address: str  # of rank 0's host
    members: list[Member]


class Chosen(NamedTuple):
    """The ports that a rank has found free and keeps."""

    ports: list[int]


class Agreed(NamedTuple):
    """Everything is known, and the program may begin."""

    coordinator: int  # ports of rank 0's host
    master: int
    ports: list[list[int]]


class Refused(NamedTuple):
    """The run cannot begin, or not with this visitor."""

    why: str
    kind: str = ""


ANOTHER_RUN = "another run"
ANOTHER_KEY = "another key"

Message = Hello | Draft | Chosen | Agreed | Refused
_KINDS = {kind.__name__: kind for kind in (Hello, Draft, Chosen, Agreed, Refused)}


class NotOurs(Exception):
    """What arrived is no message of ours."""


def encode(message: Message, key: bytes) -> bytes:
    """A line, signed with the key; with an empty key it stands for itself."""
    body = json.dumps([type(message).__name__, *message]).encode()
    return signature(key, body).encode() + b" " + body + b"\n"


def decode(line: bytes) -> tuple[Message, str, bytes]:
    """The message, its signature and what was signed. :raises NotOurs: it is none."""
    signed, _, body = line.partition(b" ")
    try:
        name, *values = json.loads(body)
        return _made(name, values), signed.decode("ascii"), body
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotOurs from error


def _made(name: str, values: list[Any]) -> Message:
    kind: Any = _KINDS[name]
    if len(values) != len(kind._fields):
        raise NotOurs
    for wanted, value in zip(get_type_hints(kind).values(), values, strict=True):
        if not isinstance(value, wanted if wanted in (str, int) else list) or isinstance(value, bool):
            raise NotOurs
    made: Message = kind(*values)
    if isinstance(made, Draft):
        made = made._replace(members=[Member(*each) for each in made.members])
    return made


def signature(key: bytes, body: bytes) -> str:
    """What only somebody with the key can write under these bytes."""
    return hmac.new(key, body, hashlib.sha256).hexdigest() if key else "-"


def session_key(key: bytes, hub: str, visitor: str, direction: str) -> bytes:
    """A key of this connection and direction only, so that nothing can be said again elsewhere."""
    return hmac.new(key, f"{direction} {hub} {visitor}".encode(), hashlib.sha256).digest()


def token(key: bytes, hub: str) -> str:
    """The run's token, which libboltloom asks every rank for."""
    return hmac.new(key, f"token {hub}".encode(), hashlib.sha256).hexdigest()[:32]
