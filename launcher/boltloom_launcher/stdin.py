# SPDX-License-Identifier: Apache-2.0
"""Our stdin, on its way to rank 0.

mlx.launch gives what is typed to every rank; then N ranks answer one question, and a
debugger in one of them cannot be used. Here rank 0 reads and the others have /dev/null.
One piece is under way at a time: the next is read when the rank has taken the last.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_PIECE = 64 << 10
_BACKGROUND_S = 1.0
_STDIN = 0


class TypingIn:
    """Reads our stdin whenever the rank has room, and hands pieces to ``send``; b"" is the end of file."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._over = False
        self._watching = False

    def ready(self) -> None:
        """The rank has taken everything so far."""
        if self._over:
            return
        try:
            asyncio.get_running_loop().add_reader(_STDIN, self._read)
            self._watching = True
        except PermissionError:
            self._read()  # a plain file or /dev/null: always readable, and epoll refuses to watch it
        except (OSError, ValueError):
            self._finish()

    def stop(self) -> None:
        """Nobody reads any more."""
        self._over = True
        self._unwatch()

    def _read(self) -> None:
        self._unwatch()
        if _in_background():
            # Reading from the terminal would stop us until we are in the foreground again.
            asyncio.get_running_loop().call_later(_BACKGROUND_S, self.ready)
            return
        try:
            data = os.read(_STDIN, _PIECE)
        except BlockingIOError:
            self.ready()
            return
        except OSError:
            data = b""
        if data:
            self._send(data)
        else:
            self._finish()

    def _finish(self) -> None:
        self.stop()
        self._send(b"")

    def _unwatch(self) -> None:
        if self._watching:
            asyncio.get_running_loop().remove_reader(_STDIN)
            self._watching = False


def _in_background() -> bool:
    try:
        return os.isatty(_STDIN) and os.tcgetpgrp(_STDIN) != os.getpgrp()
    except OSError:
        return False
