# SPDX-License-Identifier: Apache-2.0
"""The oldest ansible-core that meta/runtime.yml claims and the newest that there is, each in a virtual environment."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from collection.interpreters import candidates

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".build/ansible-cores"


def requirement(which: str) -> str:
    """What pip is asked for."""
    stated = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    return f"ansible-core{stated.replace('>=', '==')}" if which == "oldest" else f"ansible-core{stated}"


def interpreter(which: str) -> str:
    """Ours for the oldest; for the newest the newest Python here, because each ansible-core drops old ones."""
    if which == "newest":
        for version in ("3.14", "3.13", "3.12"):
            found = [path for path in candidates(version) if path and "shims" not in path]
            if found:
                return found[-1]
    return sys.executable


def ansible_core(which: str) -> Path:
    """The bin folder of that ansible-core; made once per checkout."""
    where = FOLDER / which
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / f"{which}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = where / "made-for"
        wanted = f"{requirement(which)} {interpreter(which)}"
        if not marker.exists() or marker.read_text() != wanted:
            shutil.rmtree(where, ignore_errors=True)
            subprocess.run([interpreter(which), "-m", "venv", where], check=True, timeout=120)
            pip = [where / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*pip, requirement(which)], check=True, timeout=200, stdin=subprocess.DEVNULL)
            marker.write_text(wanted)
    return where / "bin"


def version(binaries: Path) -> tuple[int, ...]:
    """The version of an ansible-core."""
    ask = "import ansible.release; print(ansible.release.__version__)"
    done = subprocess.run([binaries / "python", "-c", ask], check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    return tuple(map(int, done.stdout.strip().split(".")))
