# SPDX-License-Identifier: Apache-2.0
"""Frames survive any splitting on the way, and what is no frame is noticed."""

from __future__ import annotations

from typing import Any

import pytest
from boltloom_launcher.agent import messages
from boltloom_launcher.agent.frames import FrameError, FrameReader, pack
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(max_size=5)
VALUES = st.integers() | TEXT | st.none() | st.lists(TEXT, max_size=2) | st.dictionaries(TEXT, TEXT, max_size=2)
PARTS = dict(messages.PARTS)


@st.composite
def some_message(draw: Any) -> Any:
    """A message of any kind, with any values in it."""
    kind = messages.ALL[draw(st.sampled_from(sorted(messages.ALL)))]
    field, part = PARTS.get(kind, ("", None))
    values = []
    for name in kind._fields:
        if name == "data":
            values.append(draw(st.binary(max_size=50)))
        elif name == field and part is not None:
            values.append([part(*(draw(VALUES) for _ in part._fields)) for _ in range(draw(st.integers(0, 2)))])
        elif name == messages.PART.get(kind, ("",))[0]:
            whole = messages.PART[kind][1]
            values.append(whole(*(draw(VALUES) for _ in whole._fields)))
        else:
            values.append(draw(VALUES))
    return kind(*values)


@given(st.lists(some_message(), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_messages_come_out_as_they_went_in_however_they_are_cut(sent: list[Any], cuts: list[int]) -> None:
    stream = b"".join(pack(message) for message in sent)
    reader, out, i = FrameReader(), [], 0
    while stream:
        size = cuts[i % len(cuts)]
        out += list(reader.feed(stream[:size]))
        stream, i = stream[size:], i + 1
    assert out == sent
    assert [type(message) for message in out] == [type(message) for message in sent]


def framed(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + bytes(4) + text


@pytest.mark.parametrize(
    "noise",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        framed(b"{}"),
        framed(b"[]"),
        framed(b"{x"),
        framed(b"7"),
        framed(b'["Nothing"]'),
        framed(b'["Ping", 1]'),
        framed(b'["Started", 1]'),
        framed(b'["Start", {}, [], [[1]]]'),
        framed(b'["Start", {}, [], 7]'),
        framed(b'["Prepare", [], {}, [], "", true, [], 1, 1]'),
        framed(b'[["Ping"]]'),
    ],
)
def test_what_is_no_frame_is_an_error(noise: bytes) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(noise))
