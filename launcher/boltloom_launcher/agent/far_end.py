# SPDX-License-Identifier: Apache-2.0
"""Whether the computer at the other end of the ssh connection still takes what we send.

A launcher that was stopped (Ctrl-Z) says nothing, and yet its computer acknowledges every byte; one that was switched
off, or whose network is cut, does not. The kernel knows the difference: what was not acknowledged waits in the send
queue of the connection.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Iterator, Tuple

_ASK_NETSTAT_S = 5.0
_ESTABLISHED = "01"


def unacknowledged(connection: str) -> int | None:
    """Bytes that the other computer has not acknowledged.

    :param connection: what sshd says in SSH_CONNECTION: client address, its port, our address, our port.
    :return: None if that cannot be known, or if there is no such connection any more.
    """
    words = connection.split()
    if len(words) != 4:
        return None
    try:
        wanted = (_endpoint(words[2], words[3]), _endpoint(words[0], words[1]))
        table = _from_proc() if sys.platform.startswith("linux") else _from_netstat()
        return next((queue for ends, queue in table if ends == wanted), None)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


_End = Tuple[bytes, int]  # address, port
_MAPPED = bytes(10) + b"\xff\xff"  # before an IPv4 address in the place of an IPv6 one


def _endpoint(address: str, port: str) -> _End:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return _plain(socket.inet_pton(family, address.partition("%")[0])), int(port)


def _plain(address: bytes) -> bytes:
    return address[len(_MAPPED) :] if address.startswith(_MAPPED) else address


def _from_proc() -> Iterator[tuple[tuple[_End, _End], int]]:
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(path) as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        for row in rows:
            if row[3] == _ESTABLISHED:
                yield (_hexadecimal(row[1]), _hexadecimal(row[2])), int(row[4].partition(":")[0], 16)


def _hexadecimal(text: str) -> _End:
    """The kernel prints the address as words of 32 bits in the order of this machine's bytes."""
    address, _, port = text.partition(":")
    words = [int(address[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(address), 8)]
    return _plain(b"".join(words)), int(port, 16)


def _from_netstat() -> Iterator[tuple[tuple[_End, _End], int]]:
    argv = ["netstat", "-anp", "tcp"]
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    answer = subprocess.run(argv, stdin=null, stdout=subprocess.PIPE, stderr=null, timeout=_ASK_NETSTAT_S)
    for line in answer.stdout.decode(errors="replace").split("\n"):
        columns = line.split()
        if len(columns) >= 6 and columns[0].startswith("tcp") and columns[5] == "ESTABLISHED":
            try:
                ends = (_endpoint(*_halves(columns[3])), _endpoint(*_halves(columns[4])))
            except ValueError:
                continue  # an address that was cut to the width of its column
            yield ends, int(columns[2])


def _halves(text: str) -> tuple[str, str]:
    address, _, port = text.rpartition(".")
    return address, port
