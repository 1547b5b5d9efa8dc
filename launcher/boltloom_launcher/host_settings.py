# SPDX-License-Identifier: Apache-2.0
"""What holds for the ranks of one host: the command line first, then what its inventory says."""

from __future__ import annotations

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.job import Request


class Applied(NamedTuple):
    """What the ranks of one host run, and with what around them."""

    argv: tuple[str, ...]
    module: bool
    env: dict[str, str]
    cwd: str
    cwd_required: bool


def applied(request: Request, host: int) -> Applied:
    """The request as it is meant for a host."""
    own = request.roster.reaches[host].settings
    argv, module = request.argv, request.module
    if own.python and not request.python and (module or argv[0].endswith(".py")):
        argv, module = (own.python, *(("-m",) if module else ()), *argv), False
    env = dict(request.env) | {name: value for name, value in own.env if name not in request.given_env}
    cwd_given = request.cwd_required or not own.cwd
    return Applied(argv, module, env, request.cwd if cwd_given else own.cwd, request.cwd_required or bool(own.cwd))
