# SPDX-License-Identifier: Apache-2.0
"""What ssh leaves behind when it fails, and whether another try makes sense."""

from __future__ import annotations

import pytest
from boltloom_launcher.hosts import Reach
from boltloom_launcher.lost import Lost, turned_away, why_lost

DROPPED = b"kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.5 port 22\r\n"
BEHIND_A_JUMP = (
    b"kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n"
)


def lost(words: bytes, status: int = 255, tries: int = 1, asked: bool = False) -> Lost:
    return Lost(status, asked, False, b"", words, tries)


@pytest.mark.parametrize(
    ("what", "again"),
    [
        (lost(DROPPED), True),
        (lost(DROPPED, tries=50), True),
        (lost(b"kex_exchange_identification: Connection closed by remote host\n"), True),
        (lost(BEHIND_A_JUMP), True),
        (lost(b"Connection closed by 10.0.0.5 port 22\n"), True),
        (lost(b"Connection closed by 10.0.0.5 port 22\n", tries=3), False),
        (lost(b"me@gate: Permission denied (publickey).\n" + BEHIND_A_JUMP), False),
        (lost(b"channel 0: open failed: connect failed: x\nstdio forwarding failed\n" + BEHIND_A_JUMP), False),
        (lost(b"ssh: connect to host mac1 port 22: Connection refused\n"), False),
        (lost(b"Connection timed out during banner exchange\n"), False),
        (lost(DROPPED, asked=True), False),
        (lost(DROPPED, status=1), False),
        (lost(b""), False),
    ],
)
def test_another_try(what: Lost, again: bool) -> None:
    assert turned_away(what) == again


MAC1 = Reach("mac1", "me@mac1")


@pytest.mark.parametrize(
    ("what", "line"),
    [
        (
            lost(b"me@gate: Permission denied (publickey).\n" + BEHIND_A_JUMP),
            "cannot reach mac1 by ssh (me@gate: Permission denied (publickey)): check that ssh me@mac1 works "
            "without a question",
        ),
        (
            lost(
                b"channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\n" + BEHIND_A_JUMP
            ),
            "cannot reach mac1 by ssh (channel 0: open failed: connect failed: No route to host): check that "
            "ssh me@mac1 works without a question",
        ),
        (
            lost(DROPPED, tries=9),
            "cannot reach mac1 by ssh (Connection reset by 10.0.0.5 port 22; 9 tries): check that ssh me@mac1 works "
            "without a question, and that its sshd takes so many connections at once (MaxStartups)",
        ),
        (lost(b""), "cannot reach mac1 by ssh (it said nothing): check that ssh me@mac1 works without a question"),
        (
            lost(b"\x80\x81\xfe\xff\x00 a long line\nkn\n\x01 and another\n", status=1, asked=True),
            "the agent did not start on mac1 (status 1)",
        ),
        (
            lost(b"no room \x1b[31mleft\x1b[0m\n", status=1, asked=True),
            "the agent did not start on mac1 (status 1: no room left)",
        ),
    ],
)
def test_the_line_has_the_reason_and_nothing_that_a_terminal_would_not_like(what: Lost, line: str) -> None:
    assert why_lost(MAC1, what) == line
