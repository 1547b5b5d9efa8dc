# SPDX-License-Identifier: Apache-2.0
"""Signals while Ansible runs: it is interrupted, and only killed when that does not help.

Interrupted, it ends its workers and their ssh. Now and then it loses the interruption (a KeyboardInterrupt that is
raised where Python or Ansible ignores exceptions); then it is killed, and with it every process below, as each of its
workers has a session of its own and would stay.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from boltloom_launcher.agent.processes import descendants, signal_all
from boltloom_launcher.errors import Interrupted

_GRACE_S = 4.0  # from the first signal until Ansible is killed
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Takes the signals that are for us."""

    def __init__(self) -> None:
        self.pid_file: Path | None = None  # where ansible-playbook says which process it is
        self._signal = 0
        self._since = 0.0

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Signals come here as long as this lasts. :raises Interrupted: at the end, if there was one."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # nohup, or a shell that put us into the background
                signal.signal(number, self._take)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.raise_if_due()

    def raise_if_due(self) -> None:
        """:raises Interrupted: a signal came."""
        if self._signal:
            raise Interrupted(self._signal, "interrupted; Ansible and its connections have ended")

    def overdue(self) -> bool:
        """It is time to kill: at once before Ansible has begun, else when it did not end in time."""
        if not self._signal:
            return False
        return not self._process() or time.monotonic() - self._since > _GRACE_S

    def kill(self) -> None:
        """Kill Ansible, if it has begun, and every process below it."""
        process = self._process()
        if process:
            kill_tree(process)

    def _take(self, number: int, _frame: object) -> None:
        if not self._signal:
            self._signal, self._since = number, time.monotonic()
        process = self._process()
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGINT)

    def _process(self) -> int:
        """The process of ansible-playbook, 0 if it has not begun."""
        try:
            return int(self.pid_file.read_text(encoding="ascii")) if self.pid_file else 0
        except (OSError, ValueError):
            return 0


def kill_tree(process: int) -> None:
    """Kill a process of ours and all below it. Each is stopped first, lest it start another that nobody sees."""
    stopped: set[int] = set()
    while found := {process, *descendants(process)} - stopped:
        signal_all(list(found), signal.SIGSTOP)
        stopped |= found
    signal_all(list(stopped), signal.SIGKILL)
