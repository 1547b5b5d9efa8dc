# SPDX-License-Identifier: Apache-2.0
"""Frames survive any splitting on the way, and what is no frame is noticed."""

from __future__ import annotations

import pytest
from boltloom_launcher.agent.frames import FrameError, FrameReader, Header, pack
from hypothesis import given
from hypothesis import strategies as st

HEADERS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=3)
FRAMES = st.lists(st.tuples(HEADERS, st.binary(max_size=50)), max_size=5)


@given(FRAMES, st.lists(st.integers(1, 40), min_size=1))
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    frames: list[tuple[Header, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(pack(*frame) for frame in frames)
    reader, out, i = FrameReader(), [], 0
    while stream:
        size = cuts[i % len(cuts)]
        out += list(reader.feed(stream[:size]))
        stream, i = stream[size:], i + 1
    assert out == frames


@pytest.mark.parametrize(
    "noise",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"\x00\x00\x00\x02\x00\x00\x00\x00[]", b"\x00\x00\x00\x02\x00\x00\x00\x00{x"],
    ids=["too long", "no object", "no JSON"],
)
def test_what_is_no_frame_is_an_error(noise: bytes) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(noise))
