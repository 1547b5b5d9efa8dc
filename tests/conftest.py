# SPDX-License-Identifier: Apache-2.0
"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A landing is judged by the same examples every time; whoever works on the code meets new ones at each run.
settings.register_profile("landing", derandomize=True, database=None)
settings.load_profile("landing" if os.environ.get("CI") else "default")


@pytest.fixture(autouse=True)
def stdin_stays_blocking() -> Iterator[None]:
    """mlx.launch makes the stdin that it inherits non-blocking and leaves it so, and Ansible refuses to run with that.

    All tests of a worker share one stdin: such a child gets another (``stdin=subprocess.DEVNULL``).
    """
    yield
    left_blocking = os.get_blocking(0)
    os.set_blocking(0, True)
    assert left_blocking, "this test let a child make our stdin non-blocking: give the child a stdin of its own"
