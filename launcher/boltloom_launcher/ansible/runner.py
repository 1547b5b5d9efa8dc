# SPDX-License-Identifier: Apache-2.0
"""Starts Ansible and ends it. The only file that imports ansible-runner."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
from ansible_runner.config.runner import RunnerConfig

from boltloom_launcher.ansible.settings import environment, executable, here

Event = Mapping[str, Any]
_ASK_TIMEOUT_S = 120
_PLAY_TIMEOUT_S = 1800  # each task has its own deadline; this one is for what nobody thought of
_POLL_S = 1
_GRACE_S = 5.0  # from the first signal until Ansible is killed
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BECOME_PROMPT = r"^BECOME password.*:\s*?$"


@dataclass(frozen=True)
class Command:
    """A run of ansible-playbook."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    become_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: int
    text: str  # everything that it printed
    signal: int = 0  # that ended it, 0 if none did
    timed_out: bool = False


def ask(program: str, arguments: Sequence[str], private: Path) -> tuple[str, str, int]:
    """Run a program of Ansible to its end: what it said, what it complained of, its exit status."""
    # Our stdin is the ranks'; and Ansible refuses one that somebody made non-blocking, as mlx.launch does.
    with open(os.devnull, "rb") as nothing:
        answer, complaint, status = ansible_runner.run_command(
            executable_cmd=executable(program),
            cmdline_args=list(arguments),
            runner_mode="subprocess",
            private_data_dir=str(private),
            host_cwd=here(),
            envvars=environment(os.environ),
            input_fd=nothing,
            quiet=True,
            timeout=_ASK_TIMEOUT_S,
        )
    return str(answer or ""), str(complaint or ""), int(status)


def play(command: Command, private: Path, on_event: Callable[[Event], None]) -> Ended:
    """Run ansible-playbook, give each of its events to ``on_event``. A signal to us ends it, and is in the answer.

    It has a terminal of its own, so neither our stdin nor a Ctrl-C on our terminal reaches it but through us.
    """
    config = RunnerConfig(
        str(private),
        playbook="-",
        quiet=True,
        settings={"pexpect_timeout": _POLL_S},
        passwords={_BECOME_PROMPT: command.become_password} if command.become_password is not None else {},
        envvars=dict(command.environment),
        timeout=_PLAY_TIMEOUT_S,
    )
    chosen = "ANSIBLE_HOST_KEY_CHECKING" in os.environ
    config.prepare()
    if not chosen:
        config.env.pop("ANSIBLE_HOST_KEY_CHECKING", None)  # ansible-runner would take every host key for good
    config.command = [executable("ansible-playbook"), *command.arguments]
    config.cwd = here()
    ending = _Ending()

    def handle(event: Event) -> bool:
        ending.process = event.get("pid") or ending.process
        on_event(event)
        return False  # no file for each event

    with ending.listening():
        runner = ansible_runner.Runner(config, event_handler=handle, cancel_callback=ending.overdue)
        runner.run()
    with runner.stdout as file:
        text = file.read()
    return Ended(runner.rc if runner.rc is not None else 1, text, ending.signal, bool(runner.timed_out))


class _Ending:
    """Hands signals on. Ansible ends its workers and their ssh when it is interrupted, not when it is killed."""

    def __init__(self) -> None:
        self.process = 0  # ansible-playbook, once it has said something
        self.signal = 0
        self._since = 0.0

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Signals come here as long as this lasts."""
        before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take(self, number: int, _frame: object) -> None:
        if not self.signal:
            self.signal, self._since = number, time.monotonic()
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGINT)

    def overdue(self) -> bool:
        """It is time to kill: at once before Ansible has workers, else when it did not end in time."""
        if not self.signal:
            return False
        return not self.process or time.monotonic() - self._since > _GRACE_S
