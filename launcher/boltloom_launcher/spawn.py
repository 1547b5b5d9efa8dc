# SPDX-License-Identifier: Apache-2.0
"""Starting agents. Kept apart from the event loop, so that they boot while we still import it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence

from boltloom_launcher.agent.descriptors import raise_limit
from boltloom_launcher.bootstrap import agent_bytes, local_argv, remote_command
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach
from boltloom_launcher.ssh import ssh_argv

AgentProcess = subprocess.Popen[bytes]


def start_agents(reaches: Sequence[Reach]) -> list[AgentProcess]:
    """Start them all, ours first: its ranks shall have the limits that we were given, and we need higher ones."""
    started = {reach: start_agent(reach) for reach in reaches if reach.local}
    raise_limit()
    started.update((reach, start_agent(reach)) for reach in reaches if not reach.local)
    return [started[reach] for reach in reaches]


def start_agent(reach: Reach) -> AgentProcess:
    """Start the agent of a host, or the ssh that leads to it, and hand it its own source.

    It gets a session of its own: a Ctrl-C in our terminal must reach it through us only.

    :raises UnfitError: there is no ssh on this computer.
    """
    argv = local_argv() if reach.local else ssh_argv(reach.target, remote_command(reach.pythons), reach.options)
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except FileNotFoundError:
        raise UnfitError(
            [f"there is no {argv[0]} on this computer: install it, or run on this computer only"]
        ) from None
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it ended at once; the connection will say why
            process.stdin.write(agent_bytes())
    return process
