# SPDX-License-Identifier: Apache-2.0
"""The agent's end of the connection: frames in on stdin, frames out on stdout, never blocking."""

from __future__ import annotations

import os
import selectors
from collections import deque
from typing import Callable

from boltloom_launcher.agent.frames import MAGIC, FrameError, FrameReader, pack
from boltloom_launcher.agent.messages import Message, News

_IN, _OUT = 0, 1
_HIGH = 4 << 20  # with more than this waiting to be sent, the ranks' output is no longer read
_LOW = 1 << 20
_WRITE_AT_ONCE = 64  # buffers per writev; every system allows more


class Channel:
    """Sends news and receives orders; tells when the launcher is gone and when there is room for output."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        on_order: Callable[[Message], None],
        on_end: Callable[[], None],
        on_room: Callable[[], None],
    ) -> None:
        self._selector = selector
        self._on_order, self._on_end, self._on_room = on_order, on_end, on_room
        self._reader = FrameReader()
        self._waiting: deque[memoryview] = deque()
        self._bytes = 0
        self._writing = False
        self.full = False
        self.broken = False
        os.set_blocking(_IN, False)
        os.set_blocking(_OUT, False)
        selector.register(_IN, selectors.EVENT_READ, self._receive)
        self._put(MAGIC)

    @property
    def idle(self) -> bool:
        """Nothing is left to send, or nobody is left to read it."""
        return self.broken or not self._waiting

    def send(self, news: News) -> None:
        """Queue one message and write what the connection takes now."""
        self._put(pack(news))

    def _put(self, data: bytes) -> None:
        if self.broken:
            return
        self._waiting.append(memoryview(data))
        self._bytes += len(data)
        if not self._writing:
            self._write()
        self.full = self.full or self._bytes > _HIGH

    def _write(self) -> None:
        try:
            while self._waiting:
                some = [self._waiting[i] for i in range(min(len(self._waiting), _WRITE_AT_ONCE))]
                self._take_off(os.writev(_OUT, some))
        except BlockingIOError:
            pass
        except OSError:
            self._break()
        self._watch_writing(bool(self._waiting))
        if self.full and self._bytes < _LOW:
            self.full = False
            self._on_room()

    def _take_off(self, count: int) -> None:
        self._bytes -= count
        while count:
            first = self._waiting[0]
            if count < len(first):
                self._waiting[0] = first[count:]
                return
            count -= len(first)
            self._waiting.popleft()

    def _watch_writing(self, wanted: bool) -> None:
        if wanted and not self._writing:
            self._selector.register(_OUT, selectors.EVENT_WRITE, self._write)
        elif self._writing and not wanted:
            self._selector.unregister(_OUT)
        self._writing = wanted

    def _break(self) -> None:
        self.broken = True
        self._waiting.clear()
        self._bytes = 0
        self._on_end()

    def _receive(self) -> None:
        try:
            data = os.read(_IN, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            for message in self._reader.feed(data):
                self._on_order(message)
        except FrameError:
            data = b""
        if not data:
            self._selector.unregister(_IN)
            self._on_end()
