# SPDX-License-Identifier: Apache-2.0
"""How ssh is called. The user's own ssh configuration stays in force."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence

from boltloom_launcher.agent.named_tuple import NamedTuple

# ssh takes the first value that it meets. So these stand before whatever anybody says, and our defaults behind it.
_ALWAYS = (
    ("BatchMode", "yes"),  # nobody is there to type a password; fail and say so instead
    # What is meant for a person's own session: it would take the place of our command, or mix its bytes with ours.
    ("RemoteCommand", "none"),
    ("RequestTTY", "no"),
    ("ClearAllForwardings", "yes"),
    # A shared connection of the user's may carry us; we never become one that others would lose when we end.
    ("ControlMaster", "no"),
)
_CONNECT_TIMEOUT_S = 10  # where nobody says another. Who falls silent later is noticed by launcher and agent themselves
_ASK_SSH_S = 10.0
_ASK_AT_ONCE = 32


class SshSettings(NamedTuple):
    """What ssh itself is going to do about a host, after its command line and its configuration."""

    hostname: str = ""
    gate: str = ""  # the sshd that is connected to first: the same for all hosts behind one jump host
    connect_timeout: int | None = None  # seconds, None where nobody says


def ssh_argv(target: str, remote_command: str, options: Sequence[str], settings: SshSettings) -> list[str]:
    """ssh to ``target`` without a terminal (a PTY would merge stdout and stderr, and some keys forbid it)."""
    ours = [word for name, value in _ALWAYS for word in ("-o", f"{name}={value}")]
    timeout = ["-o", f"ConnectTimeout={_CONNECT_TIMEOUT_S}"] if settings.connect_timeout is None else []
    return ["ssh", "-T", *ours, *options, *timeout, "--", target, remote_command]


def ask_ssh(hosts: Sequence[tuple[str, Sequence[str]]]) -> list[SshSettings]:
    """The settings of each host, given as target and options. What ssh does not understand it will say itself, later.

    :raises FileNotFoundError: there is no ssh on this computer.
    """
    answers: list[SshSettings] = []
    for first in range(0, len(hosts), _ASK_AT_ONCE):
        asked = [_ask(target, options) for target, options in hosts[first : first + _ASK_AT_ONCE]]
        until = time.monotonic() + _ASK_SSH_S
        answers += [_settings(_answer(process, until)) for process in asked]
    return answers


def _ask(target: str, options: Sequence[str]) -> subprocess.Popen[str]:
    null = subprocess.DEVNULL
    argv = ["ssh", "-T", *options, "-G", "--", target]
    return subprocess.Popen(argv, stdin=null, stdout=subprocess.PIPE, stderr=null, text=True, errors="replace")


def _answer(process: subprocess.Popen[str], until: float) -> Mapping[str, str]:
    """What was answered, by keyword; nothing where ssh hangs, as in a ``Match exec`` of its configuration."""
    with process:
        try:
            text, _ = process.communicate(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            return {}
    lines = (line.partition(" ") for line in text.splitlines())
    return {name: value for name, _, value in lines}


def _settings(said: Mapping[str, str]) -> SshSettings:
    hostname, timeout = said.get("hostname", ""), said.get("connecttimeout", "")
    jump, command = said.get("proxyjump", "none"), said.get("proxycommand", "none")
    gate = f"{hostname}:{said.get('port', '')}"
    if command != "none":
        gate = command
    if jump != "none":
        gate = jump.partition(",")[0]
    return SshSettings(hostname, gate, int(timeout) if timeout.isascii() and timeout.isdigit() else None)


def inventory_options(
    user: str, port: int | None, key_file: str, first: Sequence[str] = (), last: Sequence[str] = ()
) -> tuple[str, ...]:
    """The options that say what an inventory says about a host. ``first`` and ``last`` are its own words for ssh."""
    options = list(first)
    if port:
        options += ["-p", str(port)]
    if user:
        options += ["-l", user]
    if key_file:
        options += ["-i", key_file]
    return (*options, *last)
