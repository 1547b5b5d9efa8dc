# SPDX-License-Identifier: Apache-2.0
"""Whatever ends the connection, the agent ends its ranks, and then itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boltloom_launcher import bootstrap
from boltloom_launcher.agent.frames import pack
from boltloom_launcher.agent.messages import Command, Ping, Prepare, RankOrder, Start

DEADLINE = 30.0
# The rank and a grandchild in another session; both ignore what can be ignored, and hold the pipe open.
SCRIPT = 'trap "" TERM HUP INT; setsid sleep 300 & sleep 300 & echo up; wait; wait'


@pytest.fixture
def agent() -> Iterator[Callable[[float | None], subprocess.Popen[bytes]]]:
    """Start an agent whose rank says that it is up; its stdin ends with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(silence: float | None, script: str = SCRIPT) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(bootstrap.local_argv(), stdin=pipe, stdout=pipe, stderr=pipe)
        started.append(process)
        command = Command(["sh", "-c", script], "", module=False, checked=True)
        prepare = Prepare(command, {}, [], "/", False, [], files=True, grace=0.2, silence=silence)
        start = Start({}, [], [RankOrder(0, {"MARK": "1"}, {"FILE": "x"}, stdin=False)])
        assert process.stdin is not None and process.stdout is not None
        orders = pack(prepare) + pack(start)
        process.stdin.write(bootstrap.agent_bytes() + orders)
        process.stdin.flush()
        seen = b""
        while b"up\n" not in seen:
            piece = process.stdout.read1()  # type: ignore[attr-defined]
            assert piece, seen
            seen += piece
        return process

    yield run
    for process in started:
        _close_stdin(process)  # not kill: the agent is to take its ranks along
        process.wait(timeout=DEADLINE)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def _close_stdin(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def _send_noise(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\xff" * 64)
    process.stdin.flush()


ENDS = {
    "its stdin ends": (None, _close_stdin),
    "what arrives is not the protocol": (None, _send_noise),
    "it is told to leave by a signal": (None, lambda process: os.kill(process.pid, signal.SIGTERM)),
    "nothing is heard for too long": (0.3, lambda process: None),
}


@pytest.mark.parametrize("name", ENDS)
def test_nobody_is_left(agent: Callable[[float | None], subprocess.Popen[bytes]], name: str) -> None:
    silence, end = ENDS[name]
    process = agent(silence)
    family = _descendants(process.pid)
    assert len(family) == 3
    end(process)
    assert process.wait(timeout=DEADLINE) == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in family)


def test_it_stays_while_it_hears_something(agent: Callable[[float | None], subprocess.Popen[bytes]]) -> None:
    process = agent(2.0)
    assert process.stdin is not None and process.stdout is not None
    for _ in range(4):  # each answered ping takes a share of the silence that would end it
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.7)
        process.stdin.write(pack(Ping()))
        process.stdin.flush()
        assert b"Pong" in process.stdout.read1()  # type: ignore[attr-defined]


def test_it_stays_while_the_other_computer_answers_for_a_launcher_that_is_stopped(
    agent: Callable[[float | None], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        here, _ = server.accept()
        ports = client.getsockname()[1], server.getsockname()[1]
        monkeypatch.setenv("SSH_CONNECTION", f"127.0.0.1 {ports[0]} 127.0.0.1 {ports[1]}")
        process = agent(0.2)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=3)
        client.close()
        here.close()
        assert process.wait(timeout=DEADLINE) == 0


def _altered(monkeypatch: pytest.MonkeyPatch, module: str, given: str, ours: str) -> bytes:
    """An agent of whose source one line is another."""
    text = bootstrap._text
    assert text(module).count(given) == 1
    monkeypatch.setattr(bootstrap, "_text", lambda name: text(name).replace(given, ours))
    return bootstrap._sent.__wrapped__(compiled=False)  # type: ignore[no-any-return]


def test_one_behind_ssh_that_is_asked_nothing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = _altered(monkeypatch, "silence", "_UNASKED_S = 60.0", "_UNASKED_S = 0.3")
    pipe = subprocess.PIPE
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")  # a connection that is gone
    with subprocess.Popen(bootstrap.local_argv(), stdin=pipe, stdout=pipe, stderr=pipe) as far:
        assert far.stdin is not None
        far.stdin.write(sent)
        far.stdin.flush()
        assert far.wait(timeout=DEADLINE) == 0
    monkeypatch.delenv("SSH_CONNECTION")
    with subprocess.Popen(bootstrap.local_argv(), stdin=pipe, stdout=pipe, stderr=pipe) as here:
        assert here.stdin is not None
        here.stdin.write(sent)
        here.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            here.wait(timeout=1)  # whoever started it ends it by closing its stdin
        here.stdin.close()
        assert here.wait(timeout=DEADLINE) == 0


# A helper whose parent has ended, and that left the rank's session.
HELPER = 'setsid sh -c "trap \\"\\" TERM; exec sleep 300"'
DETACHED = f'trap "" TERM; ({HELPER} &) ; sleep 0.2; echo up; wait; exec sleep 300'


@pytest.fixture
def no_subreaper(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS: nobody is handed to the agent."""
    name = "_PR_SET_CHILD_SUBREAPER"
    altered = _altered(monkeypatch, "processes", f"{name} = 36", f"{name} = -1")
    monkeypatch.setattr(bootstrap, "agent_bytes", lambda: altered)


def _helper(mark: bytes = b"MARK=1") -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("name", ENDS)
def test_nobody_is_left_where_no_descendants_are_handed_over(
    agent: Callable[..., subprocess.Popen[bytes]], no_subreaper: None, name: str
) -> None:
    silence, end = ENDS[name]
    process = agent(silence, DETACHED)
    family = _helper()
    assert len(family) == 2
    end(process)
    assert process.wait(timeout=DEADLINE) == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in family)


def test_a_helper_does_not_outlive_a_rank_that_ended_well(
    agent: Callable[..., subprocess.Popen[bytes]], no_subreaper: None
) -> None:
    process = agent(None, DETACHED.replace("wait; exec sleep 300", "exit 0"))
    family = _helper()
    _close_stdin(process)
    assert process.wait(timeout=DEADLINE) == 0
    assert family and not any(os.path.exists(f"/proc/{pid}") for pid in family)


def test_a_killed_agents_guard_ends_those_who_left_the_group_too(agent: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = agent(None, DETACHED)
    family = _helper()
    assert len(family) == 2
    process.kill()
    deadline = time.monotonic() + DEADLINE
    while any(os.path.exists(f"/proc/{pid}") for pid in family):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_descendants(int(child))]
    return found
