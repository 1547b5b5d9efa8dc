# SPDX-License-Identifier: Apache-2.0
"""The child under the ranks' Python: the real program, over real sockets."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boltloom_launcher.agent import probe
from launcher.running import free_port

DEADLINE = 30.0
TOKEN = "0123456789abcdef"


class Child:
    """A probe, asked as the agent does it."""

    def __init__(self, cwd: Path, python: list[str]) -> None:
        pipe = subprocess.PIPE
        self.popen = subprocess.Popen([*python, "-c", probe.START], stdin=pipe, stdout=pipe, cwd=cwd, text=True)
        self._write(probe.text())

    def _write(self, value: object) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(json.dumps(value) + "\n")
        self.popen.stdin.flush()

    def ask(self, value: object) -> Any:
        assert self.popen.stdout
        self._write(value)
        line = self.popen.stdout.readline()
        assert line.startswith(probe.MARK), line
        return json.loads(line[len(probe.MARK) :])

    def first(self, *listen: tuple[str, int], distributions: tuple[str, ...] = (), token: str = TOKEN) -> Any:
        return self.ask({"token": token, "distributions": distributions, "listen": listen})


Probe = Callable[..., Child]


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Probe]:
    """Start one; its stdin ends with the test, and so does it."""
    started: list[Child] = []

    def start(*python: str) -> Child:
        started.append(Child(tmp_path, list(python) or [sys.executable]))
        return started[-1]

    yield start
    for each in started:
        each.popen.communicate(timeout=DEADLINE)
        assert each.popen.returncode == 0


def test_versions_are_read_whatever_lies_in_the_directory_of_the_ranks(child: Probe, tmp_path: Path) -> None:
    for name in ("socket.py", "json.py", "threading.py"):
        (tmp_path / name).write_text("raise SystemExit('not this one')\n")
    answer = child().first(distributions=("pytest", "no-such-distribution"))
    assert answer == {"versions": {"pytest": pytest.__version__}, "problems": []}


def test_two_of_them_meet_again_and_again_on_the_same_port(child: Probe) -> None:
    """No connection lingers: the ranks are to listen there next, and MLX's do so without asking for leave."""
    port = free_port()
    for _ in range(2):
        near, far = child(), child("/usr/bin/python3", "-I", "-S")
        assert far.first(("127.0.0.1", port))["problems"] == []
        near.first()
        assert near.ask([["127.0.0.1", port]]) == {"attempts": [["127.0.0.1", port, "127.0.0.1", ""]]}
        far.popen.communicate(timeout=DEADLINE)
        with socket.socket() as plain:
            plain.bind(("127.0.0.1", port))


def test_a_port_that_cannot_be_listened_on(child: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (problem,) = child().first(("127.0.0.1", port))["problems"]
        assert problem == f"cannot listen on 127.0.0.1 port {port} (Address already in use)"


def _parrot(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(100))


def test_what_can_go_wrong_with_a_connection(child: Probe) -> None:
    port = free_port()
    other = child()
    other.first(("127.0.0.1", port), token="f" * len(TOKEN))  # another run's
    # A connection, and then nothing comes through it; one to somebody who says what he hears.
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as parrot:
        threading.Thread(target=_parrot, args=(parrot,), daemon=True).start()
        near = child()
        near.first()
        targets = [["127.0.0.1", port], ["127.0.0.1", 1], mute.getsockname(), parrot.getsockname()]
        whys = [attempt[3] for attempt in near.ask(targets)["attempts"]]
    assert whys == [
        *("Connection reset by peer", "Connection refused", "no answer within 3 s", "something else answers there")
    ]


def test_many_may_knock_at_once(child: Probe) -> None:
    port = free_port()
    far = child()
    far.first(("127.0.0.1", port))
    threads = [threading.Thread(target=socket.create_connection, args=(("127.0.0.1", port),)) for _ in range(20)]
    for thread in threads:
        thread.start()  # and say nothing
    near = child()
    near.first()
    assert near.ask([["127.0.0.1", port]])["attempts"][0][3] == ""
    for thread in threads:
        thread.join(DEADLINE)
