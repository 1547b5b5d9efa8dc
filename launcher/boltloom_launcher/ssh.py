# SPDX-License-Identifier: Apache-2.0
"""How ssh is called. The user's own ssh configuration stays in force."""

from __future__ import annotations

from collections.abc import Sequence

# ssh takes the first value that it meets, so what the user gave stands before these.
_OURS = (
    ("BatchMode", "yes"),  # nobody is there to type a password; fail and say so instead
    ("ConnectTimeout", "10"),
    ("ServerAliveInterval", "15"),  # a cut network is noticed within a minute
    ("ServerAliveCountMax", "3"),
    # What is meant for a person's own session: it would take the place of our command, or mix its bytes with ours.
    ("RemoteCommand", "none"),
    ("RequestTTY", "no"),
    ("ClearAllForwardings", "yes"),
    # A shared connection of the user's may carry us; we never become one that others would lose when we end.
    ("ControlMaster", "no"),
)


def ssh_argv(target: str, remote_command: str, options: Sequence[str] = ()) -> list[str]:
    """ssh to ``target`` without a terminal (a PTY would merge stdout and stderr, and some keys forbid it)."""
    ours = [word for name, value in _OURS for word in ("-o", f"{name}={value}")]
    return ["ssh", "-T", *options, *ours, "--", target, remote_command]


def inventory_options(user: str, port: int | None, key_file: str, extra: Sequence[str]) -> tuple[str, ...]:
    """The options that say what an inventory says about a host."""
    options = list(extra)
    if port:
        options += ["-p", str(port)]
    if user:
        options += ["-l", user]
    if key_file:
        options += ["-i", key_file]
    return tuple(options)
