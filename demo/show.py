# SPDX-License-Identifier: Apache-2.0
"""How the demo shows what it does: headings, the command as typed, its output as it comes."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class DemoError(Exception):
    """A step did not do what it promises; the text says which promise."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended. ``lines`` hold stdout and stderr as they came, without newlines."""

    code: int
    lines: tuple[str, ...]
    seconds: float


def heading(text: str) -> None:
    """A step begins."""
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def note(text: str) -> None:
    """A sentence about what was just seen."""
    print(f"   {text}", flush=True)


def stream(
    argv: list[str],
    *,
    typed: list[str],
    deadline: float,
    on_line: Callable[[str], None] = lambda line: None,
    env: dict[str, str] | None = None,
) -> Finished:
    """Runs ``argv``, shows ``typed`` as the command, passes its output through and gives back both.

    :raises DemoError: it took more than ``deadline`` seconds; it is ended first.
    """
    print(f"   $ {shlex.join(typed)}", flush=True)
    begin = time.monotonic()
    lines: list[str] = []
    with _child(argv, env) as child:
        late = threading.Event()

        def give_up() -> None:
            late.set()
            _signal(child, signal.SIGTERM)

        timer = threading.Timer(deadline, give_up)
        timer.start()
        try:
            assert child.stdout is not None
            for raw in child.stdout:
                line = raw.rstrip("\n")
                print(f"   {line}", flush=True)
                lines.append(line)
                on_line(line)
            code = child.wait()
        finally:
            timer.cancel()
        if late.is_set():
            raise DemoError(f"{shlex.join(typed)} had not ended after {deadline:.0f} s")
    return Finished(code, tuple(lines), time.monotonic() - begin)


@contextlib.contextmanager
def _child(argv: list[str], env: dict[str, str] | None) -> Iterator[subprocess.Popen[str]]:
    """A child that does not outlive the block: asked to end, then made to."""
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | (env or {}),
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                _signal(child, signal.SIGTERM)
                try:
                    child.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    child.kill()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)
