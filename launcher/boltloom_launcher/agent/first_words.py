# SPDX-License-Identifier: Apache-2.0
"""What mpirun and its daemons write. They are silent as long as all is well, and loud when a rank fails.

Their words are held back for a moment: if that moment brings the news of a rank that has failed, they are muted, for
then we say what happened ourselves, and better.
"""

from __future__ import annotations

import selectors

from boltloom_launcher.agent.ending import Timers
from boltloom_launcher.agent.output_feed import OutputFeed
from boltloom_launcher.agent.processes import RankProcess

_HOLD_S = 0.25


class FirstWords:
    """Stands between such processes and the output that goes to the launcher."""

    def __init__(self, selector: selectors.BaseSelector, timers: Timers, outputs: OutputFeed) -> None:
        self._selector = selector
        self._timers = timers
        self._outputs = outputs

    def attach(self, helper: RankProcess) -> None:
        """Wait for its first words."""
        for fd in helper.outputs:
            self._selector.register(fd, selectors.EVENT_READ, lambda: self._heard(helper))

    def over(self, helper: RankProcess, hold: bool) -> None:
        """It has ended; its last words are passed on, after a moment if they may have to be muted."""
        self._ignore(helper)
        if hold:
            self._timers.after(_HOLD_S, lambda: self._drain(helper))
        else:
            self._drain(helper)

    def _heard(self, helper: RankProcess) -> None:
        self._ignore(helper)
        self._timers.after(_HOLD_S, lambda: self._outputs.attach(helper))

    def _ignore(self, helper: RankProcess) -> None:
        watched = self._selector.get_map()
        for fd in helper.outputs:
            if fd in watched:
                self._selector.unregister(fd)

    def _drain(self, helper: RankProcess) -> None:
        self._outputs.attach(helper)
        self._outputs.drain(helper)
