# SPDX-License-Identifier: Apache-2.0
"""The agent's end of the connections to its stubs: small programs that mpirun starts instead of a rank, or of ssh.

A stub says once, in a line of JSON, what it was started for; one that stands for a rank may hand a descriptor along.
It gets one line back, when that is over: the exit status.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import selectors
import socket
from typing import Any, Callable

_BACKLOG = 256
_MOST = 16 << 20  # bytes of a request; an environment is far smaller
_FDS = 4  # descriptors that a request may bring


class Stub:
    """One of them."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.fds: list[int] = []

    def reply(self, status: int) -> None:
        """What it stood for is over."""
        with contextlib.suppress(OSError):  # somebody ended the stub meanwhile
            self._connection.send(b"%d\n" % status)
        self.close()

    def close(self) -> None:
        """Nobody waits for an answer any more."""
        self.close_fds()
        self._connection.close()

    def close_fds(self) -> None:
        """Somebody else holds what it has handed along."""
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def receive(self) -> bytes:
        """The next piece of the request; b"" at its end. :raises OSError: the connection is broken."""
        size = array.array("i").itemsize
        data, messages, _, _ = self._connection.recvmsg(1 << 16, socket.CMSG_SPACE(_FDS * size))
        for level, kind, payload in messages:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i", payload[: len(payload) - len(payload) % size])
                for fd in fds:
                    os.set_inheritable(fd, False)  # by anybody but the rank that they are for
                self.fds += fds
        return data

    def fileno(self) -> int:
        """Of its connection."""
        return self._connection.fileno()


class Stubs:
    """Takes connections of stubs and reads what they ask for."""

    def __init__(self, selector: selectors.BaseSelector, on_request: Callable[[Stub, dict[str, Any]], None]) -> None:
        self._selector = selector
        self._on_request = on_request
        self._listener: socket.socket | None = None
        self._asking: dict[Stub, bytearray] = {}

    def listen(self, path: str) -> None:
        """Take connections at this path. :raises OSError: it cannot be had."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(path)
        self._listener.listen(_BACKLOG)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Take no more."""
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        for stub in list(self._asking):
            self._forget(stub)
            stub.close()

    def _accept(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            stub = Stub(connection)
            self._asking[stub] = bytearray()
            self._selector.register(stub.fileno(), selectors.EVENT_READ, lambda: self._read(stub))

    def _read(self, stub: Stub) -> None:
        if stub not in self._asking:
            return  # closed in the same round of the selector
        try:
            data = stub.receive()
        except BlockingIOError:
            return
        except OSError:
            data = b""
        asked = self._asking[stub]
        asked += data
        if data and not asked.endswith(b"\n") and len(asked) < _MOST:
            return
        self._forget(stub)
        try:
            request = json.loads(bytes(asked).decode())
        except ValueError:
            stub.close()  # it was ended before it had said everything
            return
        self._on_request(stub, request)

    def _forget(self, stub: Stub) -> None:
        del self._asking[stub]
        self._selector.unregister(stub.fileno())
