# SPDX-License-Identifier: Apache-2.0
"""Where this computer has the oldest and the newest Python that a host may have."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def candidates(version: str):
    """Where a Python of that version may be: in PATH, or among pyenv's."""
    yield shutil.which(f"python{version}")
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], stdout=subprocess.PIPE, text=True, timeout=30).stdout.strip()
        yield from map(str, sorted(Path(root).glob(f"versions/{version}.*/bin/python{version}")))


def python(version: str) -> str:
    """A working interpreter of that version: pyenv leaves commands in PATH that only say that they do not work."""
    ask = "import sys; print('%d.%d %s' % (*sys.version_info[:2], sys.executable))"
    for path in filter(None, candidates(version)):
        answer = subprocess.run(
            [path, "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=30
        )
        if answer.returncode == 0 and answer.stdout.startswith(version + " "):
            return answer.stdout.split(maxsplit=1)[1].strip()
    pytest.skip(f"there is no python{version} on this computer")
