# SPDX-License-Identifier: Apache-2.0
"""How many connections knock at one sshd at once. No event loop is needed to decide it.

By default it turns some away from the tenth on that it has not let in yet (MaxStartups 10:30:100). Hosts behind one
jump host, or one host under many names, share it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from boltloom_launcher.policy.limits import CONNECT_S
from boltloom_launcher.ssh import SshSettings

AT_ONCE = 8
LET_IN_S = 3.0  # a sshd has let one in by then; what takes longer happens behind it
_AFTER_TIMEOUT_S = 20.0  # beyond ssh's own ConnectTimeout: for its authentication, and for the far shell and Python
_PER_WAITING_S = 1.0
_LONGEST_S = 3600.0
_DELAY_S = 0.2
_LONGEST_DELAY_S = 2.0


def may_begin(gates: Sequence[str]) -> list[bool]:
    """Which of these connections may begin at once. No gate is nobody's: a local agent."""
    seen: Counter[str] = Counter()
    answers = []
    for gate in gates:
        seen[gate] += 1
        answers.append(not gate or seen[gate] <= AT_ONCE)
    return answers


def connect_limit(settings: Sequence[SshSettings]) -> float:
    """Seconds until every host has to have answered: the user's ConnectTimeout counts, and so does a queue."""
    longest = max((each.connect_timeout or 0 for each in settings), default=0)
    busiest = max(Counter(each.gate for each in settings).values(), default=0)
    queue = _PER_WAITING_S * max(0, busiest - AT_ONCE)
    return min(_LONGEST_S, max(CONNECT_S, longest + _AFTER_TIMEOUT_S) + queue)


def delay(tries: int, random: float) -> float:
    """Seconds to wait before another try, ``random`` being from 0 to 1: those turned away together come back apart."""
    return min(_LONGEST_DELAY_S, _DELAY_S * 2.0 ** (tries - 1)) * (0.5 + random)
