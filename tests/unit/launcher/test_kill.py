# SPDX-License-Identifier: Apache-2.0
"""Signals as people write them."""

from __future__ import annotations

import pytest
from boltloom_launcher.cli.kill import _number
from boltloom_launcher.errors import UsageError


@pytest.mark.parametrize(("given", "number"), [("TERM", 15), ("sigint", 2), ("9", 9), ("Kill", 9)])
def test_a_signal(given: str, number: int) -> None:
    assert _number(given) == number


@pytest.mark.parametrize("given", ["", "nonsense", "0", "999", "-9", "TERM ", "\u0665", "SIG"])
def test_what_is_none(given: str) -> None:
    with pytest.raises(UsageError):
        _number(given)
