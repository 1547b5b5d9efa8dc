# SPDX-License-Identifier: Apache-2.0
"""Turns at one sshd."""

from __future__ import annotations

import asyncio

from boltloom_launcher.gate import Gate, gates
from boltloom_launcher.hosts import Reach
from boltloom_launcher.pacing import AT_ONCE
from boltloom_launcher.spawn import Way
from boltloom_launcher.ssh import SshSettings


def test_one_enters_when_one_leaves_and_who_gave_up_keeps_nobody_out() -> None:
    async def scene() -> None:
        gate = Gate(AT_ONCE - 1)
        tasks = [asyncio.create_task(gate.enter()) for _ in range(4)]
        await asyncio.sleep(0)
        assert [task.done() for task in tasks] == [True, False, False, False]
        tasks[1].cancel()
        await asyncio.sleep(0)
        for _ in range(2):
            gate.leave()
        await asyncio.gather(*tasks[2:])

    asyncio.run(scene())


def test_who_is_turned_away_shows_how_much_room_there_is() -> None:
    async def scene() -> None:
        gate = Gate(AT_ONCE)
        for _ in range(AT_ONCE - 2):
            gate.crowded()
            gate.leave()
        late = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        assert not late.done()  # two are inside
        gate.leave()
        await late
        for _ in range(2):
            gate.crowded()
            gate.leave()
        await gate.enter()  # there is always room for one

    asyncio.run(scene())


def test_hosts_behind_one_jump_host_share_its_gate() -> None:
    behind = [("a", "j"), ("b", "j"), ("c", "k")]
    made = gates([Way(Reach(name, name), SshSettings(name, gate)) for name, gate in behind], until=100.0)
    assert made[0] is made[1] is not made[2]
    assert made[0].last_try < 100.0
