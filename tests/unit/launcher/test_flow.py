# SPDX-License-Identifier: Apache-2.0
"""Hosts may send again what was taken from them, stream by stream."""

from __future__ import annotations

from boltloom_launcher.flow import Flow
from hypothesis import given
from hypothesis import strategies as st

STEPS = st.lists(
    st.tuples(st.just("took"), st.integers(0, 2), st.sampled_from([1, 2]), st.integers(1, 3_000_000))
    | st.tuples(st.sampled_from(["hold", "go_on"]), st.sampled_from([1, 2]))
)


@given(STEPS)
def test_nobody_starves_and_a_stuck_stream_gets_nothing(steps: list[tuple[object, ...]]) -> None:
    granted: dict[tuple[int, int], int] = {}
    stuck: set[object] = set()
    taken: dict[tuple[int, int], int] = {}

    def grant(host: int, stream: int, count: int) -> None:
        assert stream not in stuck
        granted[host, stream] = granted.get((host, stream), 0) + count

    flow = Flow(grant)
    for name, *arguments in steps:
        if name == "took":
            host, stream, count = arguments
            taken[host, stream] = taken.get((host, stream), 0) + count  # type: ignore[index,operator]
        elif name == "hold":
            stuck.add(arguments[0])
        else:
            stuck.discard(arguments[0])
        getattr(flow, str(name))(*arguments)
        for key, count in taken.items():
            owed = count - granted.get(key, 0)
            assert owed >= 0
            assert owed < 1 << 20 or key[1] in stuck
