# SPDX-License-Identifier: Apache-2.0
"""What the ranks' own Python is asked before they run: the versions of its libraries, and whether it can connect.

The agent starts it as a child under that Python, in the ranks' directory and with their environment, because systems
judge by the program: macOS lets ssh and ping into the local network, and not a Python that nobody has allowed to. It is
asked and answers in lines on stdin and stdout, and ends when its stdin does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
from typing import Any

MARK = "boltloom-probe "  # before each answer: the ranks' Python may have something to say when it starts
# Reads a line with the text of this module, and runs it. What lies in the ranks' directory is none of the modules here.
START = (
    "import sys;sys.path[:]=[p for p in sys.path if p];"
    'import json;exec(json.loads(sys.stdin.readline()),{"__name__":"__main__"})'
)
CONNECT_S = 3.0
_LIFETIME_S = 120
_ANY_PORT = 9  # connecting a datagram socket sends nothing
_BACKLOG = 128


def text() -> str:
    """This module, for another Python."""
    source = globals().get("__source__")
    if source is None:
        with open(__file__, encoding="utf-8") as file:
            source = file.read()
    return str(source)


def main() -> None:
    """Listen and say what is installed; then, when told so, connect."""
    signal.alarm(_LIFETIME_S)
    order = json.loads(sys.stdin.readline())
    token = order["token"].encode()
    problems = [problem for address, port in order["listen"] for problem in _listen(address, port, token)]
    _say({"versions": _versions(order["distributions"]), "problems": problems})
    line = sys.stdin.readline()
    if line:
        _say({"attempts": _connect_all(json.loads(line), token)})
        sys.stdin.readline()  # others may still want to connect to us
    os._exit(0)


def _say(answer: dict[str, Any]) -> None:
    os.write(1, (MARK + json.dumps(answer) + "\n").encode())


def _versions(distributions: list[str]) -> dict[str, str]:
    """Of those that are installed; none of them is imported, which would take seconds and memory of the GPU."""
    if not distributions:
        return {}
    from importlib import metadata

    found = {}
    for name in distributions:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = str(metadata.version(name))
    return found


def _socket(address: str, port: int, kind: int) -> tuple[socket.socket, Any]:
    flags = socket.AI_NUMERICHOST
    family, _, protocol, _, place = socket.getaddrinfo(address, port, type=kind, flags=flags)[0]
    return socket.socket(family, kind, protocol), place


def _forget_at_once(connection: socket.socket) -> None:
    """Closed without lingering: the ranks are going to use the same ports."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _listen(address: str, port: int, token: bytes) -> list[str]:
    try:
        server, place = _socket(address, port, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(place)
        server.listen(_BACKLOG)
    except OSError as error:
        return [f"cannot listen on {address} port {port} ({error.strerror or error})"]
    threading.Thread(target=_serve, args=(server, token), daemon=True).start()
    return []


def _serve(server: socket.socket, token: bytes) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            continue
        threading.Thread(target=_answer, args=(connection, token), daemon=True).start()


def _answer(connection: socket.socket, token: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.settimeout(CONNECT_S)
        if _receive(connection, len(token)) == token:
            connection.sendall(token[::-1])
            connection.recv(1)  # until the other end has read it
    with contextlib.suppress(OSError):
        _forget_at_once(connection)


def _receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data


def _connect_all(targets: list[list[Any]], token: bytes) -> list[list[Any]]:
    """An entry for each: address, port, our own address on the way there, and what went wrong ("" for nothing)."""
    attempts = [[*target, "", ""] for target in targets]
    threads = [threading.Thread(target=_connect, args=(attempt, token), daemon=True) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return attempts


def _connect(attempt: list[Any], token: bytes) -> None:
    """To exchange bytes is the test: some firewalls take a connection, and then nothing comes through it."""
    address, port = attempt[0], attempt[1]
    try:
        with _socket(address, _ANY_PORT, socket.SOCK_DGRAM)[0] as datagrams:
            datagrams.connect((address, _ANY_PORT))
            attempt[2] = datagrams.getsockname()[0]
        connection, place = _socket(address, port, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_S)
        try:
            connection.connect(place)
            connection.sendall(token)
            if _receive(connection, len(token)) != token[::-1]:
                attempt[3] = "something else answers there"
        finally:
            _forget_at_once(connection)
    except socket.timeout:
        attempt[3] = f"no answer within {CONNECT_S:g} s"
    except OSError as error:
        attempt[3] = error.strerror or str(error)


if __name__ == "__main__":
    main()
