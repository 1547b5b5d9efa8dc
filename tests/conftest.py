# SPDX-License-Identifier: Apache-2.0
"""What holds for every test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A landing is judged by the same examples every time; whoever works on the code meets new ones at each run.
settings.register_profile("landing", derandomize=True, database=None)
settings.load_profile("landing" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first, the longest before the others: nobody waits for one of them at the end."""

    def minutes(item: pytest.Item) -> float:
        mark = item.get_closest_marker("minutes")
        return float(mark.args[0]) if mark else 0.0

    items.sort(key=minutes, reverse=True)


@pytest.fixture(autouse=True)
def stdin_stays_blocking() -> Iterator[None]:
    """mlx.launch makes the stdin that it inherits non-blocking and leaves it so, and Ansible refuses to run with that.

    All tests of a worker share one stdin: such a child gets another (``stdin=subprocess.DEVNULL``).
    """
    yield
    left_blocking = os.get_blocking(0)
    os.set_blocking(0, True)
    assert left_blocking, "this test let a child make our stdin non-blocking: give the child a stdin of its own"


@pytest.fixture(autouse=True)
def signals_are_given_back() -> Iterator[None]:
    """What is being undone ignores signals until its process ends; here that goes on, and children inherit it."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
