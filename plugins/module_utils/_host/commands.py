# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Runs the commands of a host: full paths, the C locale, a deadline for each, and an end to what it prints.

Ansible's own ``run_command`` has no deadline, and ``system_profiler`` or a hung
``networksetup`` would then hold the whole play; so this is a runner of our own.
Everything above it takes the runner as an argument, which is what tests replace.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Protocol, Sequence, Tuple

from .._fabric.errors import BoltloomError
from .._fabric.reading import lines, printable

DEFAULT_TIMEOUT = 20.0
AFTER_KILL = 2.0  # what a killed command is waited for
MOST_OUTPUT = 16 << 20  # bytes of both streams: a hundred times what the longest of our commands prints
_CHUNK = 1 << 16

# Where the system puts its own tools. A user's PATH may hold others of the same
# name (Homebrew's coreutils, a wrapper), so these come first and PATH second.
DIRECTORIES = ("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/libexec")


class HostError(BoltloomError):
    """The host is not fit: a command is missing, failed, or did not end in time."""


@dataclass(frozen=True)
class Output:
    """What a command said, and how it ended."""

    argv: Tuple[str, ...]
    rc: int
    stdout: str
    stderr: str

    def words(self) -> str:
        """The command's own complaint in one line: networksetup prints it on stdout, most others on stderr."""
        for text in (self.stderr, self.stdout):
            words = [line.strip() for line in lines(text) if line.strip()]
            if words:
                return printable(" ".join(words), 500)
        return "exit status {0} and no message".format(self.rc)


class Run(Protocol):
    """What runs commands."""

    def __call__(self, argv: Sequence[str], timeout: float = DEFAULT_TIMEOUT) -> Output:
        """Run one command to its end. A command that cannot be found gives exit status 127, as a shell does."""


def run(argv: Sequence[str], timeout: float = DEFAULT_TIMEOUT) -> Output:
    """The real runner. :raises HostError: the command did not end within ``timeout`` seconds, or prints for ever."""
    path = full_path(argv[0])
    if path is None:
        return Output(tuple(argv), 127, "", "{0}: command not found".format(argv[0]))
    try:
        # Not AnsibleModule.run_command, which knows no deadline that takes the children along.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            [path] + list(argv[1:]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # so that a deadline takes its children along
        )
    except (OSError, ValueError) as error:  # ValueError: a word that no command can be given
        raise HostError("{0} cannot be run: {1}".format(_title(argv), printable(str(error)))) from error
    with contextlib.ExitStack() as streams:
        for stream in (process.stdout, process.stderr):
            streams.enter_context(stream)  # type: ignore[arg-type]
        stdout, stderr = _to_its_end(process, argv, timeout)
    return Output(tuple(argv), process.returncode, _text(stdout), _text(stderr))


def _to_its_end(process: "subprocess.Popen[bytes]", argv: Sequence[str], timeout: float) -> Tuple[bytes, bytes]:
    """Both streams. A command that takes or prints too much is killed with its children."""
    deadline = time.monotonic() + timeout
    try:
        stdout, stderr = _gather(process, deadline)
        process.wait(timeout=max(0.0, deadline - time.monotonic()))
        return stdout, stderr
    except subprocess.TimeoutExpired:
        fault = "did not end within {0:g} s".format(timeout)
    except _TooMuchError:
        fault = "printed more than {0} MiB".format(MOST_OUTPUT >> 20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=AFTER_KILL)
    raise HostError(
        "{0} {1}".format(_title(argv), fault), "run it by hand on this host to see what it waits for or prints"
    ) from None


class _TooMuchError(Exception):
    """A command prints without end."""


def _gather(process: "subprocess.Popen[bytes]", deadline: float) -> Tuple[bytes, bytes]:
    """Read both streams to their ends, which a child of the command may hold open longer than the command lives."""
    found: Dict[int, List[bytes]] = {}
    total = 0
    with selectors.DefaultSelector() as selector:
        for stream in filter(None, (process.stdout, process.stderr)):
            found[stream.fileno()] = []
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _events in selector.select(left):
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                found[key.fd].append(data)
                total += len(data)
            if total > MOST_OUTPUT:
                raise _TooMuchError
    stdout, stderr = (b"".join(chunks) for chunks in found.values())
    return stdout, stderr


def _title(argv: Sequence[str]) -> str:
    return printable(" ".join(argv), 300)


def full_path(name: str) -> Optional[str]:
    """The command at that path, else the system's own of that name, else the first in PATH, else None."""
    if os.path.isabs(name) and os.access(name, os.X_OK):
        return name
    name = os.path.basename(name)
    for directory in DIRECTORIES:
        candidate = os.path.join(directory, name)
        if os.access(candidate, os.X_OK):
            return candidate
    return shutil.which(name)


def required(run: Run, argv: Sequence[str], timeout: float = DEFAULT_TIMEOUT) -> Output:
    """Run a command that must succeed. :raises HostError: it did not, with its own words."""
    output = run(argv, timeout)
    if output.rc == 127:
        raise HostError("command not found: {0}".format(argv[0]), "it is part of the system; check the host")
    if output.rc != 0:
        raise HostError("{0} failed: {1}".format(_title(argv), output.words()))
    return output


def _environment() -> Dict[str, str]:
    environment = dict(os.environ)
    environment["LC_ALL"] = "C"
    environment.pop("LANGUAGE", None)
    return environment


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
