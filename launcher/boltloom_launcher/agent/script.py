# SPDX-License-Identifier: Apache-2.0
"""The script that the ranks run: whether it is the same as the others', and which libraries it names."""

from __future__ import annotations

import hashlib
import os
import re

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.agent.python_program import PythonProgram

_MOST = 16 << 20  # bytes; what is larger is no script
# Modules that tell which library is used: the name that their import begins with -> its distribution.
_LIBRARIES = {"mlx": "mlx", "mlx_lm": "mlx", "mlx_vlm": "mlx", "torch": "torch", "boltloom": "boltloom"}
_IMPORT = re.compile(rb"(?:^|;)[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t]+))", re.MULTILINE)


class Script(NamedTuple):
    """What it is, as far as it can be read."""

    path: str
    digest: str  # of its text; "" if there is no file to compare
    libraries: list[str]  # distributions that it imports from


def script(program: PythonProgram, argv: list[str], cwd: str) -> Script:
    """Look at what ``argv`` runs; a script in another language than Python has a content, too."""
    path = program.script
    if not program.python and os.sep in argv[0]:
        path = os.path.join(cwd, argv[0])
    text = _text(path) if path else None
    whole = text if text is not None else program.text.encode() or b"import " + program.module.encode()
    named = _libraries(whole) if program.python else []
    if text is None or program.installed or not (program.python or text.startswith(b"#!")):
        return Script("", "", named)
    # The first line names an interpreter, whose place may differ from host to host.
    body = text.partition(b"\n")[2] if text.startswith(b"#!") else text
    return Script(path, hashlib.sha256(body).hexdigest(), named)


def _text(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            text = file.read(_MOST + 1)
    except OSError:
        return None  # a directory, an archive, a program that may be run but not read
    return text if len(text) <= _MOST else None


def _libraries(text: bytes) -> list[str]:
    names = set()
    for source, several in _IMPORT.findall(text):
        for each in (source or several).split(b","):
            names.add(_LIBRARIES.get(each.strip().split(b" ")[0].split(b".")[0].decode(), ""))
    return sorted(names - {""})
