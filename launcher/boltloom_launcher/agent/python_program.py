# SPDX-License-Identifier: Apache-2.0
"""Which Python the ranks run under, and which script it reads: from the words of their command."""

from __future__ import annotations

import os
import shutil

from boltloom_launcher.agent.command import first_line
from boltloom_launcher.agent.named_tuple import NamedTuple


class PythonProgram(NamedTuple):
    """A command that runs under Python; all empty if it does not."""

    python: str = ""  # as it would be started
    script: str = ""  # the path of the file that it reads
    text: str = ""  # what stands behind -c
    module: str = ""  # what stands behind -m
    installed: bool = False  # an installer has written the script, as it likes


def python_program(argv: list[str], cwd: str, env: dict[str, str]) -> PythonProgram:
    """What ``argv`` runs in that directory, with that environment."""
    if _is_python(argv[0]):
        return _behind_options(argv, cwd)
    found = argv[0] if os.sep in argv[0] else shutil.which(argv[0], path=os.pathsep.join(os.get_exec_path(env)))
    path = os.path.join(cwd, found) if found else ""
    python = _of_first_line(path)
    if not python:
        return PythonProgram()
    installed = os.sep not in argv[0] or os.path.exists(os.path.join(os.path.dirname(path), "python"))
    return PythonProgram(python, path, installed=installed)


def _is_python(path: str) -> bool:
    return os.path.basename(path).rstrip("0123456789.") in ("python", "pypy")


def absent(program: PythonProgram) -> list[str]:
    """The problem of a script that is not there, as the end of a sentence."""
    if not program.script or os.path.exists(program.script):
        return []
    return [f"{program.script} does not exist: copy it to this host, or give another --cwd"]


def _behind_options(argv: list[str], cwd: str) -> PythonProgram:
    """Python's own options end at the script, at -c and at -m."""
    words = iter(argv[1:])
    for word in words:
        if word == "-" or not word.startswith("-"):
            return PythonProgram(argv[0], "" if word == "-" else os.path.join(cwd, word))
        if word.startswith("--"):
            if word == "--check-hash-based-pycs":
                next(words, "")
            continue
        letters = iter(word[1:])
        for letter in letters:
            if letter in "cmWX":
                value = "".join(letters) or next(words, "")
                if letter == "c":
                    return PythonProgram(argv[0], text=value)
                if letter == "m":
                    return PythonProgram(argv[0], module=value)
    return PythonProgram(argv[0])


def _of_first_line(path: str) -> str:
    """The Python that the first line of a script names, "" if it names none."""
    words = os.fsdecode(first_line(path)).split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return words[0] if words and _is_python(words[0]) else ""
