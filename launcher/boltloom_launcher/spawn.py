# SPDX-License-Identifier: Apache-2.0
"""Starting agents. Kept apart from the event loop, so that they boot while we still import it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from boltloom_launcher.agent.descriptors import raise_limit
from boltloom_launcher.bootstrap import local_argv, own_agent_bytes, remote_command
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach
from boltloom_launcher.pacing import may_begin
from boltloom_launcher.ssh import SshSettings, ask_ssh, ssh_argv

AgentProcess = subprocess.Popen[bytes]


@dataclass
class Way:
    """The way to the agent of one host."""

    reach: Reach
    settings: SshSettings = SshSettings()
    process: AgentProcess | None = None  # None: its turn has not come yet

    def begin(self) -> AgentProcess:
        """Start the agent of a host, or the ssh that leads to it.

        A local agent is told at once where our modules are; one behind ssh is sent them when it asks. It gets a
        session of its own: a Ctrl-C in our terminal must reach it through us only.

        :raises UnfitError: there is no ssh on this computer.
        """
        reach, pipe = self.reach, subprocess.PIPE
        argv = local_argv()
        if not reach.local:
            argv = ssh_argv(reach.target, remote_command(reach.pythons), reach.options, self.settings)
        try:
            process = subprocess.Popen(argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        except FileNotFoundError:
            raise _no_ssh() from None
        except OSError as error:
            remedy = "see ulimit -u and ulimit -n"
            raise UnfitError([f"{reach.name}: {argv[0]} cannot be started ({error.strerror}): {remedy}"]) from None
        if reach.local and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it ended at once; the connection will say why
                process.stdin.write(own_agent_bytes())
        self.process = process
        return process


def start_agents(reaches: Sequence[Reach]) -> list[Way]:
    """Start the agents of all hosts, but not too many at once through one sshd: the others have to wait.

    Ours first: its ranks shall have the limits that we were given, and we need higher ones.

    :raises UnfitError: there is no ssh on this computer.
    """
    ways = [Way(reach) for reach in reaches]
    for way in ways:
        if way.reach.local:
            way.begin()
    raise_limit()
    far = [way for way in ways if not way.reach.local]
    try:
        asked = ask_ssh([(way.reach.target, way.reach.options) for way in far])
    except FileNotFoundError:
        raise _no_ssh() from None
    for way, settings in zip(far, asked, strict=True):
        way.settings = settings
    for way, may in zip(far, may_begin([settings.gate for settings in asked]), strict=True):
        if may:
            way.begin()
    return ways


def _no_ssh() -> UnfitError:
    return UnfitError(["there is no ssh on this computer: install it, or run on this computer only"])
