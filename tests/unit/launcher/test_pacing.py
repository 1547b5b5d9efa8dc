# SPDX-License-Identifier: Apache-2.0
"""How many connections begin at once through one sshd, and how long all may take."""

from __future__ import annotations

import pytest
from boltloom_launcher.pacing import AT_ONCE, connect_limit, delay, may_begin
from boltloom_launcher.policy.limits import CONNECT_S
from boltloom_launcher.ssh import SshSettings


def test_only_who_shares_a_gate_waits() -> None:
    assert may_begin(["gate"] * (AT_ONCE + 2)) == [True] * AT_ONCE + [False] * 2
    assert all(may_begin([f"mac{i}:22" for i in range(50)]))
    assert all(may_begin([""] * 50))


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ([], CONNECT_S),
        ([SshSettings("a", "a:22", 3)], CONNECT_S),
        ([SshSettings("a", "a:22", 60), SshSettings("b", "b:22")], 80.0),
        ([SshSettings("a", "gate")] * 28, 50.0),
        ([SshSettings("a", "a:22", 10**9)], 3600.0),
    ],
)
def test_the_users_patience_and_the_queue_count(settings: list[SshSettings], seconds: float) -> None:
    assert connect_limit(settings) == seconds


def test_tries_come_apart_and_later_and_later_up_to_a_limit() -> None:
    assert [delay(tries, 0.5) for tries in (1, 2, 3, 4, 5, 60)] == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert delay(3, 0.0) < delay(3, 1.0)
