# SPDX-License-Identifier: Apache-2.0
"""The protocol between launcher and agent: each message as JSON and raw bytes, with their lengths in front.

Output of ranks travels as the raw bytes, so nothing is ever decoded on the way.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Iterator

from boltloom_launcher.agent.messages import ALL, PART, PARTS, Message

# A login shell may print a banner before the agent speaks; the launcher ignores everything up to this mark.
MAGIC = b"\x00boltloom-agent-2\n"

_LENGTHS = struct.Struct(">II")
_LIMIT = 64 << 20  # no frame of ours comes near it; a larger length is not our protocol


class FrameError(Exception):
    """What arrived is not a frame."""


def pack(message: Message) -> bytes:
    """One frame, ready to be written."""
    values: list[Any] = list(message)
    payload = values.pop() if message._fields[-1:] == ("data",) else b""
    text = json.dumps([type(message).__name__, *values]).encode()
    return b"".join((_LENGTHS.pack(len(text), len(payload)), text, payload))


class FrameReader:
    """Cuts a stream of bytes into messages, however the bytes were split on the way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take what arrived and give every message that is complete.

        :raises FrameError: the bytes are not ours.
        """
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _LENGTHS.size:
                head, body = _LENGTHS.unpack_from(self._buffer, start)
                if head > _LIMIT or body > _LIMIT:
                    raise FrameError(f"a frame of {head} + {body} bytes")
                middle = start + _LENGTHS.size + head
                if len(self._buffer) < middle + body:
                    break
                text = bytes(self._buffer[start + _LENGTHS.size : middle])
                payload = bytes(self._buffer[middle : middle + body])
                start = middle + body
                yield _message(text, payload)
        finally:
            del self._buffer[:start]


def _message(text: bytes, payload: bytes) -> Message:
    try:
        name, *values = json.loads(text.decode())
        kind: Any = ALL[name]
    except (ValueError, TypeError, KeyError) as error:
        raise FrameError("a header that is not ours") from error
    if kind._fields[-1:] == ("data",):
        values.append(payload)
    if len(values) != len(kind._fields):
        raise FrameError(f"a {name} with {len(values)} fields")
    given = dict(zip(kind._fields, values))
    try:
        if kind in PART:
            field, part = PART[kind]
            given[field] = part(*given[field])
        if kind in PARTS:
            field, parts = PARTS[kind]
            given[field] = [parts(*each) for each in given[field]]
    except TypeError as error:
        raise FrameError(f"a {name} whose {field} is not ours") from error
    message: Message = kind(**given)
    return message
