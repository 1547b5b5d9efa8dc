# SPDX-License-Identifier: Apache-2.0
"""Starts Ansible and ends it. The only file that imports ansible-runner."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
from ansible_runner.config.runner import RunnerConfig

from boltloom_launcher.ansible.ending import Ending
from boltloom_launcher.ansible.settings import environment, executable, here

Event = Mapping[str, Any]
_ASK_TIMEOUT_S = 120
_PLAY_TIMEOUT_S = 1800  # each task has its own deadline; this one is for what nobody thought of
_POLL_S = 1
_PID_FILE = "ansible.pid"
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


def play(command: Command, private: Path, on_event: Callable[[Event], None], ending: Ending) -> Ended:
    """Run ansible-playbook, give each of its events to ``on_event``. A signal to us ends it.

    It has a terminal of its own, so neither our stdin nor a Ctrl-C on our terminal reaches it but through us.
    """
    config = _configured(command, private)
    ending.pid_file = private / _PID_FILE

    def handle(event: Event) -> bool:
        on_event(event)
        return False  # no file for each event

    runner = ansible_runner.Runner(config, event_handler=handle, cancel_callback=ending.overdue)
    # Its hook for what must go before it kills Ansible, be it cancelled or late: it kills one process group, and each
    # of Ansible's workers has one of its own.
    runner.kill_container = ending.kill
    runner.run()
    with runner.stdout as file:
        text = file.read()
    return Ended(runner.rc if runner.rc is not None else 1, text, bool(runner.timed_out))


def _configured(command: Command, private: Path) -> RunnerConfig:
    config = RunnerConfig(
        str(private),
        playbook="-",
        quiet=True,
        passwords={_BECOME_PROMPT: command.become_password} if command.become_password is not None else {},
        envvars=dict(command.environment),
        timeout=_PLAY_TIMEOUT_S,
    )
    config.prepare()
    if "ANSIBLE_HOST_KEY_CHECKING" not in os.environ:
        config.env.pop("ANSIBLE_HOST_KEY_CHECKING", None)  # ansible-runner would take every host key for good
    # ansible-runner tells nobody which process it started; so that says it itself.
    begin = ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(private / _PID_FILE)]
    config.command = [*begin, executable("ansible-playbook"), *command.arguments]
    config.cwd = here()
    config.pexpect_timeout = _POLL_S
    return config
