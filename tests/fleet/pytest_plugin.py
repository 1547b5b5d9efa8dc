# SPDX-License-Identifier: Apache-2.0
"""Fixtures for tests that need a fleet: `from fleet.pytest_plugin import bring_up` in the conftest.py beside them.

Mark such tests with ``pytest.mark.fleet``. Where no fleet can be simulated they are skipped with the reason.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .fleet import Fleet, fleet_up, why_not_here

BringUp = Callable[[Path | str], Fleet]


@pytest.fixture(scope="module")
def bring_up() -> Iterator[BringUp]:
    """Call it with a fleet file or the bare name of a ready one; all go down after the last test of the module."""
    reason = why_not_here()
    if reason:
        pytest.skip(reason)
    with contextlib.ExitStack() as stack:
        yield lambda file: stack.enter_context(fleet_up(file))
