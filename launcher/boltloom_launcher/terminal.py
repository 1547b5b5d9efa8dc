# SPDX-License-Identifier: Apache-2.0
"""Our own terminal, while one rank has it: every key is a byte for that rank, and we put back what was before.

It is ours to change only while we are in the foreground; a shell that takes it away (a stopped job) puts back its own
modes itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import termios
import time
from collections.abc import Callable

_STDIN, _STDOUT = 0, 1
_INTERRUPT = b"\x1d"  # Ctrl-], as machinectl and systemd-nspawn take it
_TIMES, _WITHIN_S = 3, 1.0
_USUAL_SIZE = (80, 24)
_LINE_MODES = termios.ICANON | termios.ECHO | termios.ECHONL | termios.ISIG | termios.IEXTEN
_INPUT_MODES = (
    termios.IGNBRK
    | termios.BRKINT
    | termios.PARMRK
    | termios.ISTRIP
    | termios.INLCR
    | termios.IGNCR
    | termios.ICRNL
    | termios.IXON
)


class OwnTerminal:
    """Raw between :meth:`begin` and :meth:`release`, whenever we are in the foreground."""

    def __init__(self, raw: bool, on_interrupt: Callable[[], None], on_size: Callable[[], None]) -> None:
        """:param raw: there is one reader of what is typed, and it is typed on a terminal.
        :param on_interrupt: is called when a person wants to end the run, whatever the rank makes of Ctrl-C.
        :param on_size: is called when we are continued: the size may have changed meanwhile.
        """
        self._raw = raw
        self._on_interrupt, self._on_size = on_interrupt, on_size
        self._before: list[object] | None = None  # the modes to put back
        self._wanted = False
        self._pressed: list[float] = []  # when the last keys were the one to interrupt

    def begin(self) -> None:
        """A rank has it from here on."""
        if not self._raw or self._wanted:
            return
        self._wanted = True
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)
        loop.add_signal_handler(signal.SIGQUIT, self._quit)
        self.claim()

    def claim(self) -> None:
        """Make it raw, if that is wanted, possible, and not done."""
        if not self._wanted or self._before is not None or in_background():
            return
        with contextlib.suppress(termios.error):
            modes = termios.tcgetattr(_STDIN)
            self._before = [*modes[:6], list(modes[6])]
            modes[0] &= ~_INPUT_MODES
            modes[1] &= ~termios.OPOST  # what the ranks write has passed a terminal of theirs
            modes[3] &= ~_LINE_MODES
            modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
            termios.tcsetattr(_STDIN, termios.TCSANOW, modes)

    def release(self) -> None:
        """Nobody reads any more: the keys are for us again."""
        if self._wanted:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGQUIT):
                loop.remove_signal_handler(number)
        self._wanted = False
        self._put_back()

    def heard(self, data: bytes) -> None:
        """These keys were pressed. They go to the rank, whatever they are; some are for us as well."""
        if self._before is None:
            return
        for key in data:
            if key != _INTERRUPT[0]:
                self._pressed.clear()
                continue
            self._pressed = [*self._pressed, time.monotonic()][-_TIMES:]
            if len(self._pressed) == _TIMES and self._pressed[-1] - self._pressed[0] <= _WITHIN_S:
                self._pressed.clear()
                self._on_interrupt()

    def _put_back(self) -> None:
        before, self._before = self._before, None
        if before is not None and not in_background():
            with contextlib.suppress(termios.error):  # it has been hung up
                termios.tcsetattr(_STDIN, termios.TCSANOW, before)  # type: ignore[arg-type]

    def _stop(self) -> None:
        self._put_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        self._before = None if self._shell_has_changed_it() else self._before
        self.claim()
        self._on_size()

    def _shell_has_changed_it(self) -> bool:
        """A shell whose job was stopped by SIGSTOP has put back its own modes."""
        with contextlib.suppress(termios.error):
            return bool(termios.tcgetattr(_STDIN)[3] & termios.ICANON)
        return False

    def _quit(self) -> None:
        self.release()
        os.kill(os.getpid(), signal.SIGQUIT)


def size() -> tuple[int, int]:
    """Columns and rows of the terminal that we were started on."""
    for fd in (_STDOUT, _STDIN, 2):
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(fd)
            if columns > 0 and rows > 0:
                return columns, rows
    return _USUAL_SIZE


def in_background() -> bool:
    """Another job has the terminal: whoever reads it or changes its modes now is stopped."""
    try:
        return os.isatty(_STDIN) and os.tcgetpgrp(_STDIN) != os.getpgrp()
    except OSError:
        return False
