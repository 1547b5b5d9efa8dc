# SPDX-License-Identifier: Apache-2.0
"""What the ranks of this host run: the program that the launcher's user named, as this host has it.

Each problem is the end of a sentence that the launcher begins with the host's name.
"""

from __future__ import annotations

import os
import shutil
import sys

from boltloom_launcher.agent.messages import Command
from boltloom_launcher.agent.named_tuple import NamedTuple

_FIRST_LINE = 1024


class Found(NamedTuple):
    """The words to start, or why they cannot be."""

    argv: list[str]
    problem: str = ""


def find(wanted: Command, cwd: str, env: dict[str, str]) -> Found:
    """Look the program up with the ranks' directory and PATH."""
    if wanted.module:
        return Found([_python(wanted.python), "-m", *wanted.argv])
    name, *arguments = wanted.argv
    inside = os.path.join(cwd, name)
    if os.sep in name:
        return _script(wanted, inside, wanted.argv)
    if shutil.which(name, path=os.pathsep.join(os.get_exec_path(env))):
        return Found(wanted.argv)
    if os.path.isfile(inside):  # mlx.launch finds it there, too
        return _script(wanted, inside, [os.path.join(os.curdir, name), *arguments])
    return Found([], f"command not found: {name}: give its path, or set PATH with --env")


def _script(wanted: Command, path: str, argv: list[str]) -> Found:
    """A path that was given, or a file of the working directory."""
    name = wanted.argv[0]
    if not os.path.exists(path):
        return Found([], f"command not found: {name}: give a path that exists there")
    if os.path.isdir(path):
        return Found([], f"{name} is a directory: give a program")
    if not os.access(path, os.X_OK):
        if name.endswith(".py"):
            return Found([_python(wanted.python), *argv])
        return Found([], f"permission denied: {name} is not executable: chmod +x {name}")
    interpreter = _interpreter(path)
    if interpreter and not os.path.exists(interpreter):
        return Found([], f"{name} wants the interpreter {interpreter}, which is not there: correct its first line")
    return Found(argv)


def _interpreter(path: str) -> str:
    """What the first line of a script names."""
    words = first_line(path).split()
    return os.fsdecode(words[0]) if words else ""


def first_line(path: str) -> bytes:
    """Of a script, what stands behind its #!; nothing of another file, or of one that may be run, but not read."""
    try:
        with open(path, "rb") as file:
            first = file.readline(_FIRST_LINE)
    except OSError:
        return b""
    return first[2:] if first.startswith(b"#!") else b""


def _python(wanted: str) -> str:
    """The launcher's own Python where it exists, else the one that we run under."""
    return wanted if os.access(wanted, os.X_OK) else sys.executable


def through_sh(argv: list[str], cwd: str, env: dict[str, str]) -> list[str]:
    """A script that names no interpreter is run by sh, as every shell does it."""
    path = shutil.which(argv[0], path=os.pathsep.join(os.get_exec_path(env))) if os.sep not in argv[0] else None
    return ["/bin/sh", path or os.path.join(cwd, argv[0]), *argv[1:]]
