# SPDX-License-Identifier: Apache-2.0
"""The agent as one text, and the command that starts it where nothing of ours is installed.

The first bytes that the new process reads on its stdin are the agent's source; the protocol follows on
the same stream. So there is one path for a local child and for a host behind ssh, which says when it reads.
"""

from __future__ import annotations

import shlex
import sys
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

# In the order in which they import each other.
_MODULES = (
    "messages",
    "frames",
    "far_end",
    "port_holder",
    "ports",
    "directory",
    "command",
    "python_program",
    "script",
    "gpus",
    "rdma_state",
    "awake",
    "descriptors",
    "terminal",
    "processes",
    "strays",
    "memory",
    "machine",
    "private_files",
    "rank_log",
    "registry",
    "visits",
    "channel",
    "stdin_feed",
    "output_feed",
    "ending",
    "guard",
    "probe",
    "preflight",
    "first_words",
    "interfaces",
    "which_mpirun",
    "stubs",
    "mpirun",
    "run_record",
    "loop",
)

# One line and no single quote: it must pass every login shell. os.read, because a buffered read would swallow frames.
_READ_AGENT = (
    "import os,sys,zlib;b=bytearray();"
    "[b.extend(os.read(0,{size}-len(b)) or sys.exit(1)) for _ in iter(lambda:len(b)<{size},False)];"
    "exec(zlib.decompress(bytes(b)).decode())"
)

# What nobody imports is not compiled.
_PRELUDE = """\
import sys
_SOURCES = {"boltloom_launcher": "", "boltloom_launcher.agent": ""}
class _Sent:
    def find_spec(name, path=None, target=None):
        folder = name in ("boltloom_launcher", "boltloom_launcher.agent")
        return type(sys.__spec__)(name, _Sent, is_package=folder) if name in _SOURCES else None
    def create_module(spec):
        return None
    def exec_module(module):
        module.__source__ = _SOURCES[module.__name__]
        exec(compile(module.__source__, "<" + module.__name__ + ">", "exec", 0, True), module.__dict__)
sys.meta_path.insert(0, _Sent)
"""

# -I: no user site, no PYTHON* variables, no current directory on the path. -S: no site at all; it starts sooner.
_PYTHON_FLAGS = ("-I", "-S")

# What a far host says when it is about to read the agent. Nothing is sent before: a login shell whose start-up files
# read stdin, or that became another shell, would take it for itself. With a NUL no echo of the command looks like it.
READY = b"\0boltloom-ready\n"

# Tries each interpreter by running it: macOS has a /usr/bin/python3 that only offers to install one.
_FIND_PYTHON = (
    'code=$1; shift; for p; do if "$p" -I -S -c "import sys;sys.exit(sys.version_info<(3,8))" >/dev/null 2>&1'
    ' </dev/null; then printf "\\000boltloom-ready\\n"; exec "$p" -I -S -c "$code"; fi; done; exit {missing}'
)
NO_PYTHON = 86  # exit status of the shell when no interpreter works; no shell and no ssh uses this number

_USUAL_PYTHONS = ("python3", "/opt/homebrew/bin/python3", "/usr/local/bin/python3")


@cache
def agent_bytes() -> bytes:
    """What is written to a new agent's stdin first."""
    folder = Path(__file__).parent / "agent"
    text = [_PRELUDE]
    for name in _MODULES:
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        assert "'''" not in source and not source.endswith("\\"), name
        text.append(f"_SOURCES[{f'boltloom_launcher.agent.{name}'!r}] = r'''{source}'''\n")  # read faster than repr()
    text.append("from boltloom_launcher.agent.loop import main\nmain()\n")
    return zlib.compress("".join(text).encode(), 1)


def local_argv() -> list[str]:
    """Start an agent as our own child, with our own interpreter."""
    return [sys.executable, *_PYTHON_FLAGS, "-c", _reader()]


def remote_command(pythons: Sequence[str] = ()) -> str:
    """Start an agent through a host's login shell, with the first interpreter that works.

    This is the only place where anything is quoted for a shell.
    """
    candidates = [*pythons, *(p for p in _USUAL_PYTHONS if p not in pythons)]
    script = _FIND_PYTHON.format(missing=NO_PYTHON)
    return shlex.join(["/bin/sh", "-c", script, "sh", _reader(), *candidates])


def tried_pythons(pythons: Sequence[str] = ()) -> str:
    """The interpreters that :func:`remote_command` tries, for an error message."""
    return ", ".join([*pythons, *(p for p in _USUAL_PYTHONS if p not in pythons)])


def _reader() -> str:
    return _READ_AGENT.format(size=len(agent_bytes()))
