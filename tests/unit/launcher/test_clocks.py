# SPDX-License-Identifier: Apache-2.0
"""Who failed first, on hosts that the order to start reached at different times."""

from __future__ import annotations

from boltloom_launcher.clocks import Clocks


def test_a_late_start_does_not_make_a_victim_look_like_the_cause() -> None:
    clocks = Clocks()
    clocks.learn(0, there=0.01, here=0.02)
    clocks.learn(1, there=0.01, here=0.52)  # the order took half a second to get there
    # The rank on host 0 fails at 3.0; the one on host 1 notices 0.1 s later, which is 2.61 by its own count.
    assert clocks.when(0, 3.0) < clocks.when(1, 2.61)


def test_news_that_were_held_up_teach_nothing() -> None:
    clocks = Clocks()
    clocks.learn(0, there=0.1, here=0.2)
    clocks.learn(0, there=0.1, here=5.2)
    assert round(clocks.when(0, 1.0), 6) == 1.1


def test_a_host_that_has_said_nothing_is_taken_at_its_word() -> None:
    assert Clocks().when(3, 1.5) == 1.5
