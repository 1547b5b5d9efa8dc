# SPDX-License-Identifier: Apache-2.0
"""The protocol between launcher and agent: a JSON header and raw bytes, each with its length in front.

Output of ranks travels as the raw bytes, so nothing is ever decoded on the way.
Headers to the agent carry ``do``, headers from the agent carry ``is``.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Dict, Iterator

# A login shell may print a banner before the agent speaks; the launcher ignores everything up to this mark.
MAGIC = b"\x00boltloom-agent-1\n"

_LENGTHS = struct.Struct(">II")
_LIMIT = 64 << 20  # no frame of ours comes near it; a larger length is not our protocol

Header = Dict[str, Any]


class FrameError(Exception):
    """What arrived is not a frame."""


def pack(header: Header, payload: bytes = b"") -> bytes:
    """One frame, ready to be written."""
    text = json.dumps(header).encode()
    return b"".join((_LENGTHS.pack(len(text), len(payload)), text, payload))


class FrameReader:
    """Cuts a stream of bytes into frames, however the bytes were split on the way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Header, bytes]]:
        """Take what arrived and give every frame that is complete.

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
                header = _header(bytes(self._buffer[start + _LENGTHS.size : middle]))
                payload = bytes(self._buffer[middle : middle + body])
                start = middle + body
                yield header, payload
        finally:
            del self._buffer[:start]


def _header(text: bytes) -> Header:
    try:
        header = json.loads(text.decode())
    except ValueError as error:
        raise FrameError("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise FrameError("a header that is no object")
    return header
