# SPDX-License-Identifier: Apache-2.0
"""The part of the preflight that takes several hosts: the ranks' own Python is asked, and the launcher is told.

A child under that Python (``probe.py``) lives from the order to inspect until the ranks are started. Where the ranks
run no Python, or theirs does not answer, the agent's own takes its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from typing import Any, Callable

from boltloom_launcher.agent import probe
from boltloom_launcher.agent.channel import Channel
from boltloom_launcher.agent.ending import Timers
from boltloom_launcher.agent.messages import Attempt, Connect, Connected, Endpoint, Inspect, Inspected
from boltloom_launcher.agent.python_program import python_program
from boltloom_launcher.agent.rdma_state import rdma_state
from boltloom_launcher.agent.script import script

_ANSWER_S = 10.0  # the first start of a Python after the boot of its host takes seconds
_CONNECT_S = probe.CONNECT_S + 3.0
_KILLED_S = 5.0
_APPLES = "/usr/bin/nc"  # a program that needs nobody's leave to enter the local network


class Preflight:
    """What this host can say to the others before its ranks run."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        timers: Timers,
        channel: Channel,
        command: tuple[list[str], str, dict[str, str]],
    ) -> None:
        """``command`` is what the ranks will run, where, and with which environment."""
        self._selector, self._timers, self._channel = selector, timers, channel
        self._command = command
        self._probe: _Probe | None = None

    def obey(self, order: Inspect | Connect) -> None:
        """Answered by ``Inspected`` or ``Connected``."""
        if isinstance(order, Inspect):
            self._inspect(order)
        else:
            self._connect(order)

    def _inspect(self, order: Inspect) -> None:
        argv, cwd, env = self._command
        program = python_program(argv, cwd, env)
        found = script(program, argv, cwd)
        news = Inspected(
            system=sys.platform,
            python=program.python,
            script=found.path,
            digest=found.digest,
            libraries=found.libraries,
            versions={},
            rdma=rdma_state() if order.rdma else {},
            problem="",
            deaf="",
        )
        if program.python:
            self._ask([program.python], order, news, lambda why: self._ask_ours(order, news._replace(problem=why)))
        else:
            self._ask_ours(order, news)

    def _ask_ours(self, order: Inspect, news: Inspected) -> None:
        """Without its site-packages: they are not those of the ranks."""
        ours = [sys.executable, "-I", "-S"]
        self._ask(ours, order._replace(distributions=[]), news, lambda why: self._channel.send(news._replace(deaf=why)))

    def _ask(self, python: list[str], order: Inspect, news: Inspected, on_failure: Callable[[str], None]) -> None:
        self.end()

        def answered(answer: dict[str, Any]) -> None:
            self._channel.send(news._replace(versions=answer["versions"], deaf="; ".join(answer["problems"])))

        try:
            self._probe = _Probe(python, self._command[1], self._command[2], self._selector, self._timers)
        except OSError as error:
            on_failure(error.strerror or str(error))
            return
        listen = [list(each) for each in order.listen]
        question = {"token": order.token, "distributions": order.distributions, "listen": listen}
        self._probe.ask(question, _ANSWER_S, answered, on_failure)

    def _connect(self, order: Connect) -> None:
        if self._probe is None:
            self._channel.send(Connected([]))
            return

        def answered(answer: dict[str, Any]) -> None:
            tried = answer["attempts"]
            attempts = [Attempt(address, port, source, why, False) for address, port, source, why in tried]
            self._channel.send(Connected(_with_others(attempts)))

        targets = [list(each) for each in order.targets]
        self._probe.ask(targets, _CONNECT_S, answered, lambda why: self._channel.send(Connected([])))

    def end(self) -> None:
        """The ports are the ranks' from here on."""
        if self._probe:
            self._probe.end()
        self._probe = None


def _with_others(attempts: list[Attempt]) -> list[Attempt]:
    """On a Mac, whether the first that failed fails for the system's own programs, too."""
    failed = next((i for i, each in enumerate(attempts) if each.why), None)
    if sys.platform == "darwin" and failed is not None:
        first = attempts[failed]
        attempts[failed] = first._replace(others_may=_apples_gets_through(Endpoint(first.address, first.port)))
    return attempts


def _apples_gets_through(target: Endpoint) -> bool:
    null = subprocess.DEVNULL
    argv = [_APPLES, "-z", "-G", "2", "-w", "2", target.address, str(target.port)]
    try:
        done = subprocess.run(argv, stdin=null, stdout=null, stderr=null, timeout=_CONNECT_S)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


class _Probe:
    """A child that answers one question after the other; each is a line, and so is its answer."""

    def __init__(
        self, python: list[str], cwd: str, env: dict[str, str], selector: selectors.BaseSelector, timers: Timers
    ) -> None:
        """Start it. :raises OSError: it cannot be started."""
        argv = [*python, "-c", probe.START]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._popen = subprocess.Popen(
            argv, bufsize=0, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=null, start_new_session=True
        )
        assert self._popen.stdin is not None and self._popen.stdout is not None
        self._in, self._out = self._popen.stdin, self._popen.stdout
        self._selector, self._timers = selector, timers
        self._said = b""
        self._asked = 0
        self._on_answer: Callable[[dict[str, Any]], None] | None = None
        self._on_failure: Callable[[str], None] | None = None
        os.set_blocking(self._out.fileno(), False)
        selector.register(self._out.fileno(), selectors.EVENT_READ, self._read)
        self._write(probe.text())

    def ask(
        self,
        question: object,
        within: float,
        on_answer: Callable[[dict[str, Any]], None],
        on_failure: Callable[[str], None],
    ) -> None:
        """Exactly one of the two is called, unless the end comes first."""
        self._asked += 1
        asked = self._asked
        self._on_answer, self._on_failure = on_answer, on_failure
        self._write(question)
        self._timers.after(within, lambda: self._late(asked, f"no answer within {within:g} s"))

    def _late(self, asked: int, why: str) -> None:
        if asked == self._asked:
            self._fail(why)

    def _write(self, value: object) -> None:
        with contextlib.suppress(OSError):  # it has ended; its stdout will say so
            self._in.write(json.dumps(value).encode() + b"\n")

    def _read(self) -> None:
        if self._out.closed:
            return  # ended in the same round of the selector
        try:
            data = os.read(self._out.fileno(), 1 << 16)
        except BlockingIOError:
            return
        self._said += data
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            if line.startswith(probe.MARK.encode()) and self._on_answer:
                on_answer = self._on_answer
                self._on_answer = self._on_failure = None
                on_answer(json.loads(line[len(probe.MARK) :]))
        if not data:
            self._selector.unregister(self._out.fileno())
            self._fail("it ended without an answer")

    def _fail(self, why: str) -> None:
        on_failure = self._on_failure
        self._on_answer = self._on_failure = None
        if on_failure:
            on_failure(why)

    def end(self) -> None:
        """It, and whatever it has started, is gone."""
        self._on_answer = self._on_failure = None
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._out.fileno())
        if self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_KILLED_S)
        self._in.close()
        self._out.close()
