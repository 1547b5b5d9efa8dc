# SPDX-License-Identifier: Apache-2.0
"""A computer that is there acknowledges what it is sent, whatever its launcher does."""

from __future__ import annotations

import socket
import subprocess
import time

import pytest
from boltloom_launcher.agent import far_end


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_real_connection(family: socket.AddressFamily) -> None:
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as server:
        client = socket.create_connection(server.getsockname()[:2])
        here, _ = server.accept()
        connection = f"{host} {client.getsockname()[1]} {host} {server.getsockname()[1]}"
        here.sendall(b"x")
        deadline = time.monotonic() + 10
        while far_end.unacknowledged(connection) != 0:  # the other end may take its time to acknowledge
            assert time.monotonic() < deadline
        here.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:  # until neither the other's buffer nor ours has room
                here.send(b"x" * (1 << 20))
        waiting = far_end.unacknowledged(connection)
        assert waiting is not None and waiting > 0
        client.close()
        here.close()
        assert far_end.unacknowledged(connection) is None


@pytest.mark.parametrize(
    "connection", ["", "10.0.0.1 22", "a b c d", "10.0.0.1 x 10.0.0.2 22", "10.9.9.9 1 10.9.9.8 2"]
)
def test_what_is_no_connection_is_not_known(connection: str) -> None:
    assert far_end.unacknowledged(connection) is None


NETSTAT = b"""\
Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0     48  192.168.1.5.22         192.168.1.9.51515      ESTABLISHED
tcp4       0      0  192.168.1.5.22         192.168.1.9.51516      ESTABLISHED
tcp6       0      7  fe80::1%en0.22         fe80::2%en0.4000       ESTABLISHED
tcp6       0      0  2001:db8:1234:5678.22  2001:db8:aaaa:bbbb.99  ESTABLISHED
tcp4       0      0  *.22                   *.*                    LISTEN
"""


@pytest.mark.parametrize(
    ("connection", "waiting"),
    [
        ("192.168.1.9 51515 192.168.1.5 22", 48),
        ("192.168.1.9 51516 192.168.1.5 22", 0),
        ("fe80::2%en0 4000 fe80::1%en0 22", 7),
        ("192.168.1.9 51517 192.168.1.5 22", None),
    ],
)
def test_macos_says_it_by_netstat(connection: str, waiting: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        assert argv == ["netstat", "-anp", "tcp"]
        return subprocess.CompletedProcess(argv, 0, NETSTAT)

    monkeypatch.setattr(far_end.sys, "platform", "darwin")
    monkeypatch.setattr(far_end.subprocess, "run", run)
    assert far_end.unacknowledged(connection) == waiting
