# SPDX-License-Identifier: Apache-2.0
"""What was typed, on its way into ranks that end meanwhile."""

from __future__ import annotations

import os
import selectors
from typing import cast

from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.messages import News, StdinClosed, StdinReady
from boltloom_launcher.agent.processes import RankProcess
from boltloom_launcher.agent.stdin_feed import StdinFeed


class _Told:
    """The launcher's end."""

    def __init__(self) -> None:
        self.news: list[News] = []

    def send(self, news: News) -> None:
        self.news.append(news)


def test_ranks_that_end_while_others_are_fed_in_the_same_round() -> None:
    """The selector has found both ready; the end of the second one is seen while the first one is dealt with."""
    selector, told = selectors.DefaultSelector(), _Told()
    feed = StdinFeed(selector, cast(Channel, told), lambda seconds, action: None)
    ranks = [RankProcess(rank, ["sleep", "100"], dict(os.environ), "/", True) for rank in range(2)]
    for rank in ranks:
        feed.attach(rank)
        feed.give(rank.rank, b"x")
    ready = [key.data for key, _ in selector.select(0)]
    assert len(ready) == 2
    for rank in ranks:
        rank.signal_group(9)
        rank.note_exit(os.waitpid(rank.pid, 0)[1])
        feed.forget(rank)
    for act in ready:
        act()
    assert told.news == [StdinReady(0), StdinReady(1), StdinClosed(0), StdinClosed(1)]
    for rank in ranks:
        for fd in list(rank.outputs):
            rank.close_output(fd)
