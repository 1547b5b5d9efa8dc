# SPDX-License-Identifier: Apache-2.0
"""The agent has the ranks' own Python asked, and manages without it where it does not answer."""

from __future__ import annotations

import selectors
import socket
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from boltloom_launcher.agent import preflight
from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.ending import Timers
from boltloom_launcher.agent.messages import Attempt, Connect, Connected, Endpoint, Inspect, Inspected
from boltloom_launcher.agent.preflight import Preflight
from launcher.running import free_port

DEADLINE = 30.0


class Host:
    """As much of an agent as a preflight needs."""

    def __init__(self) -> None:
        self.selector, self.timers = selectors.DefaultSelector(), Timers()
        self.sent: list[Inspected | Connected] = []
        self.prepared(["true"], "/", {})

    def prepared(self, argv: list[str], cwd: str, env: dict[str, str]) -> None:
        """The agent knows what its ranks will run."""
        self.preflight = Preflight(self.selector, self.timers, cast(Channel, self), (argv, cwd, env))

    def send(self, news: Inspected | Connected) -> None:
        self.sent.append(news)

    def obey(self, order: Inspect | Connect) -> Inspected | Connected:
        """The one answer to an order."""
        self.sent.clear()
        self.preflight.obey(order)
        end = time.monotonic() + DEADLINE
        while not self.sent:
            assert time.monotonic() < end
            for key, _ in self.selector.select(min(self.timers.wait() or 0.1, 0.1) if self.selector.get_map() else 0):
                key.data()
            self.timers.fire()
        return self.sent[0]


@pytest.fixture
def host() -> Host:
    return Host()


def inspect(*listen: Endpoint) -> Inspect:
    return Inspect(["pytest"], list(listen), "0123456789abcdef", rdma=False)


def test_the_ranks_own_python_is_asked_and_connects(host: Host, tmp_path: Path) -> None:
    target = Endpoint("127.0.0.1", free_port())
    (tmp_path / "a.py").write_text("import torch\n")
    host.prepared([sys.executable, "a.py"], str(tmp_path), {"PATH": "/usr/bin:/bin"})
    news = host.obey(inspect(target))
    assert isinstance(news, Inspected)
    assert (news.python, news.script) == (sys.executable, f"{tmp_path}/a.py")
    assert (news.libraries, news.versions, news.deaf) == (["torch"], {"pytest": pytest.__version__}, "")
    assert news.problem == ""
    assert host.obey(Connect([target])) == Connected([Attempt("127.0.0.1", target.port, "127.0.0.1", "", False)])
    host.preflight.end()


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (None, ""),  # the ranks run no Python
        ("#!/bin/sh\nexit 1\n", "it ended without an answer"),
        ("#!/bin/sh\nexec sleep 60\n", "no answer within 0.5 s"),
        ("not a program", "Exec format error"),
    ],
)
def test_the_agents_own_takes_its_place(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, problem: str
) -> None:
    target = Endpoint("127.0.0.1", free_port())
    python = tmp_path / "python3"
    python.write_text(script or "")
    python.chmod(0o755)
    if "sleep" in (script or ""):
        asked = iter([0.5, 10.0])
        monkeypatch.setattr(preflight._Probe, "ask", _within(preflight._Probe.ask, asked))
    host.prepared([str(python), "-c", "1"] if script else ["true"], "/", {"PATH": "/usr/bin:/bin"})
    news = host.obey(inspect(target))
    assert isinstance(news, Inspected)
    assert (news.problem, news.versions, news.deaf) == (problem, {}, "")
    told = host.obey(Connect([target]))
    assert isinstance(told, Connected)
    assert [attempt.why for attempt in told.attempts] == [""]
    host.preflight.end()


def _within(ask, asked):  # type: ignore[no-untyped-def]
    def quicker(self, question, within, *then):  # type: ignore[no-untyped-def]
        ask(self, question, next(asked, within), *then)

    return quicker


def test_on_a_mac_a_program_of_the_systems_own_is_the_comparison(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets through where the ranks' Python does not: macOS keeps that out of the local network."""
    monkeypatch.setattr(preflight.sys, "platform", "darwin")
    for name, gets_through in (("true", True), ("false", False), ("no-such-program", False)):
        monkeypatch.setattr(preflight, "_APPLES", f"/usr/bin/{name}")
        host.obey(inspect())
        news = host.obey(Connect([Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 2)]))
        assert isinstance(news, Connected)
        assert [attempt.others_may for attempt in news.attempts] == [gets_through, False]
        assert {attempt.why for attempt in news.attempts} == {"Connection refused"}
    host.preflight.end()


def test_a_port_that_somebody_has_taken_meanwhile(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        news = host.obey(inspect(Endpoint("127.0.0.1", port)))
    assert isinstance(news, Inspected)
    assert news.deaf == f"cannot listen on 127.0.0.1 port {port} (Address already in use)"
    host.preflight.end()


def test_without_a_child_nothing_is_claimed(host: Host) -> None:
    assert host.obey(Connect([Endpoint("127.0.0.1", 1)])) == Connected([])
