# SPDX-License-Identifier: Apache-2.0
"""The agent as it is sent, and the command that starts it where nothing of ours is installed.

The first bytes that the new process reads on its stdin are the agent; the protocol follows on the same stream. A host
behind ssh says when it reads, and which Python it has: one that is like ours gets compiled modules, any other their
text. Our own child is told where they lie.
"""

from __future__ import annotations

import importlib.machinery
import marshal
import os.path
import shlex
import sys
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from os.path import dirname as _above
from types import CodeType

_FOLDER = os.path.join(_above(os.path.abspath(__file__)), "agent")

# In the order in which they import each other.
_MODULES = (
    "named_tuple",
    "messages",
    "frames",
    "far_end",
    "silence",
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

# What is needed as text: another Python may have to run it.
_AS_TEXT = ("probe",)

# One line and no single quote: it must pass every login shell. os.read, because a buffered read would swallow frames.
# First the length, in so many digits; then what exec() takes, be it text or code.
_LENGTH = 8
_IMPORTS = "import os,sys,zlib,marshal;"
_READ_AGENT = (
    "r=lambda n,b:([b.extend(os.read(0,n-len(b)) or sys.exit(1)) for _ in iter(lambda:len(b)<n,False)],b)[1];"
    f"exec(marshal.loads(zlib.decompress(r(int(r({_LENGTH},bytearray())),bytearray()))))"
)
_MARSHAL_OF_ALL = 2  # the format of text that every Python reads

# What nobody imports is not compiled.
_PRELUDE = """\
import marshal, sys
_SENT = {"boltloom_launcher": "", "boltloom_launcher.agent": ""}
class _Sent:
    def find_spec(name, path=None, target=None):
        folder = name in ("boltloom_launcher", "boltloom_launcher.agent")
        return type(sys.__spec__)(name, _Sent, is_package=folder) if name in _SENT else None
    def create_module(spec):
        return None
    def exec_module(module):
        sent = _SENT[module.__name__]
        if isinstance(sent, str):
            module.__source__ = sent
            code = compile(sent, "<" + module.__name__ + ">", "exec", 0, True)
        else:
            code = marshal.loads(sent)
        exec(code, module.__dict__)
sys.meta_path.insert(0, _Sent)
"""
_BEGIN = "from boltloom_launcher.agent.loop import main\nmain()\n"

# -I: no user site, no PYTHON* variables, no current directory on the path. -S: no site at all; it starts sooner.
_PYTHON_FLAGS = ("-I", "-S")

# What a far host says when it is about to read the agent, and then, up to the end of the line, which Python it has.
# Nothing is sent before: a login shell whose start-up files read stdin, or that became another shell, would take it
# for itself. With a NUL no echo of the command looks like it.
READY = b"\0boltloom-ready "
_SAY_READY = (
    "import _frozen_importlib_external as f;"
    'os.write(1,bytes(1)+("boltloom-ready %s %s\\n"%(sys.implementation.cache_tag,f.MAGIC_NUMBER.hex())).encode());'
)

# Tries each interpreter by running it: macOS has a /usr/bin/python3 that only offers to install one.
_FIND_PYTHON = (
    'code=$1; shift; for p; do if "$p" -I -S -c "import sys;sys.exit(sys.version_info<(3,8))" >/dev/null 2>&1'
    ' </dev/null; then exec "$p" -I -S -c "$code"; fi; done; exit {missing}'
)
NO_PYTHON = 86  # exit status of the shell when no interpreter works; no shell and no ssh uses this number

_USUAL_PYTHONS = ("python3", "/opt/homebrew/bin/python3", "/usr/local/bin/python3")


def agent_bytes(python: bytes = b"") -> bytes:
    """What is written to a new agent's stdin first. ``python``: what stood behind :data:`READY`."""
    from importlib.util import MAGIC_NUMBER  # a run on this computer alone does without

    return _sent(compiled=python == f"{sys.implementation.cache_tag} {MAGIC_NUMBER.hex()}".encode())


@cache
def _sent(*, compiled: bool) -> bytes:
    if compiled:
        sent: dict[str, str | bytes] = {name: _text(name) if name in _AS_TEXT else _code(name) for name in _MODULES}
        begin: str | CodeType = compile(_whole(sent), "<boltloom_launcher>", "exec", dont_inherit=True)
    else:
        begin = _whole({name: _text(name) for name in _MODULES})
    return _framed(begin)


def own_agent_bytes() -> bytes:
    """The same for a child with our own interpreter: it reads our modules, compiled, where we have them from.

    Not ahead of the standard library: beside us lies what else is installed.
    """
    return _framed(f"import sys\nsys.path.append({_above(_above(_FOLDER))!r})\n{_BEGIN}")


def _framed(begin: str | CodeType) -> bytes:
    data = zlib.compress(marshal.dumps(begin, *((_MARSHAL_OF_ALL,) if isinstance(begin, str) else ())), 1)
    return str(len(data)).zfill(_LENGTH).encode() + data


def _whole(sent: Mapping[str, str | bytes]) -> str:
    text = [_PRELUDE]
    for name, content in sent.items():
        literal = f"r'''{content}'''" if isinstance(content, str) else repr(content)  # read faster than repr()
        text.append(f"_SENT[{_full(name)!r}] = {literal}\n")
    return "".join((*text, _BEGIN))


def _full(name: str) -> str:
    return f"boltloom_launcher.agent.{name}"


def _source(name: str) -> str:
    return os.path.join(_FOLDER, f"{name}.py")


def _text(name: str) -> str:
    with open(_source(name), encoding="utf-8") as file:
        source = file.read()
    assert "'''" not in source and not source.endswith("\\"), name
    return source


def _code(name: str) -> bytes:
    """As Python itself keeps it beside the source, or compiled now."""
    loader = importlib.machinery.SourceFileLoader(_full(name), _source(name))
    return marshal.dumps(loader.get_code(_full(name)))


def local_argv() -> list[str]:
    """Start an agent as our own child, with our own interpreter."""
    return [sys.executable, *_PYTHON_FLAGS, "-c", _IMPORTS + _READ_AGENT]


def remote_command(pythons: Sequence[str] = ()) -> str:
    """Start an agent through a host's login shell, with the first interpreter that works.

    This is the only place where anything is quoted for a shell.
    """
    candidates = [*pythons, *(p for p in _USUAL_PYTHONS if p not in pythons)]
    script = _FIND_PYTHON.format(missing=NO_PYTHON)
    return shlex.join(["/bin/sh", "-c", script, "sh", _IMPORTS + _SAY_READY + _READ_AGENT, *candidates])


def tried_pythons(pythons: Sequence[str] = ()) -> str:
    """The interpreters that :func:`remote_command` tries, for an error message."""
    return ", ".join([*pythons, *(p for p in _USUAL_PYTHONS if p not in pythons)])
