# SPDX-License-Identifier: Apache-2.0
"""The program of a rank: found before anything else is done, and at the end this process becomes it."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import NoReturn

from boltloom_launcher.agent.command import find, through_sh
from boltloom_launcher.agent.messages import Command
from boltloom_launcher.allocation.memory_files import write
from boltloom_launcher.backends import STALE, Plan, rank_env
from boltloom_launcher.errors import UnfitError

# Python ignores these in itself, and what is ignored stays so over exec.
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFZ", "SIGXFSZ")


def found(argv: list[str], environment: dict[str, str]) -> list[str]:
    """The words to start. :raises UnfitError: this host has no such program."""
    program = find(Command(argv, sys.executable, False, True), _here(), environment)
    if program.problem:
        raise UnfitError([program.problem])
    return program.argv


def environment_of(plan: Plan, rank: int, inherited: Mapping[str, str], kept: tuple[str, ...]) -> dict[str, str]:
    """All variables of a rank. ``kept`` are those that its scheduler has set better than we could."""
    ours, files = rank_env(plan, rank)
    environment = {name: value for name, value in inherited.items() if name not in STALE or name in kept}
    for name, value in ours.items():
        if name not in kept and not (name == "CUDA_VISIBLE_DEVICES" and name in inherited):
            environment[name] = value
    for name, content in files.items():
        environment[name] = write(name, json.dumps(content))
    return environment


def become(argv: list[str], environment: dict[str, str]) -> NoReturn:
    """:raises UnfitError: the system refuses."""
    sys.stdout.flush()
    sys.stderr.flush()
    for name in _IGNORED_BY_PYTHON:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        try:
            os.execvpe(argv[0], argv, environment)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            script = through_sh(argv, _here(), environment)
            os.execve(script[0], script, environment)
    except OSError as error:
        raise UnfitError([f"{argv[0]} cannot be started ({error.strerror}): correct that"]) from None


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise UnfitError(["the working directory has been removed: start the ranks in another"]) from None
