# SPDX-License-Identifier: Apache-2.0
"""Processes of a host: one rank in a session of its own, and whatever descends from it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Sequence

from boltloom_launcher.agent.command import through_sh
from boltloom_launcher.agent.descriptors import as_given, out_of_the_way
from boltloom_launcher.agent.messages import Terminal

if TYPE_CHECKING:
    from boltloom_launcher.agent.terminal import OnTerminal

_PR_SET_CHILD_SUBREAPER = 36
_F_SETPIPE_SZ = 1031
_PIPE_BYTES = 1 << 20
READ_BYTES = 256 << 10


def become_subreaper() -> bool:
    """Have orphaned descendants handed to us instead of to init. False: the system cannot do that (only Linux can)."""
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    return False


def widen(fd: int) -> None:
    """Make a pipe hold more, so that both ends change turns less often. Only a wish."""
    if sys.platform.startswith("linux"):
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, _F_SETPIPE_SZ, _PIPE_BYTES)


def signal_group(group: int, number: int) -> bool:
    """Signal everybody in a process group (0: only look whether somebody is there). False: the group is gone."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody is there, but no longer ours
    return True


class RankProcess:
    """A running rank: its process group, its pipes, and how it ended."""

    def __init__(
        self,
        rank: int,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        wants_stdin: bool,
        terminal: Terminal | None = None,
        fds: Sequence[int] = (),
    ) -> None:
        """Start it, with pipes or on a terminal; it inherits ``fds``. :raises OSError: it cannot be started."""
        self.rank = rank
        self.terminal = _on_terminal(argv, env, cwd, wants_stdin, terminal, fds) if terminal else None
        self._popen: OnTerminal | subprocess.Popen[bytes] = self.terminal or _piped(argv, env, cwd, wants_stdin, fds)
        self.pid = self._popen.pid
        self.stdin = self._popen.stdin.fileno() if self._popen.stdin else -1
        self.outputs: dict[int, int] = {}  # file descriptor -> 1 (stdout) or 2 (stderr), while it is open
        for stream, pipe in ((1, self._popen.stdout), (2, self._popen.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                widen(pipe.fileno())
                self.outputs[pipe.fileno()] = stream
        if self.stdin >= 0:
            os.set_blocking(self.stdin, False)
        self.alive = True
        self.own = True  # what it writes is the rank's
        self.muted = False  # what it writes is read and dropped
        self.told: set[int] = set()  # the signals that it was sent to end it
        self.leaves_group = False  # it is gone, but others of its group are not

    def signal_group(self, number: int) -> None:
        """Signal everybody in the rank's process group."""
        signal_group(self.pid, number)

    def forward(self, number: int) -> None:
        """Send a signal to the rank alone, which may do with it what it likes."""
        if self.alive:
            signal_all([self.pid], number)

    def ended_by_us(self, number: int | None) -> bool:
        """It ended, by this signal or without one, because it was told to; SIGKILL of somebody else's never counts."""
        return bool(self.told) and (number != signal.SIGKILL or number in self.told)

    def group_lives(self) -> bool:
        """Somebody is left in the group of a rank that has ended."""
        self.leaves_group = self.leaves_group and signal_group(self.pid, 0)
        return self.leaves_group

    def note_exit(self, status: int) -> tuple[int | None, int | None]:
        """Take a wait status; give (exit code, None) or (None, signal)."""
        self.alive = False
        self.leaves_group = True
        self.group_lives()
        if self.terminal:
            self.terminal.let_go()
        if os.WIFSIGNALED(status):
            self._popen.returncode = -os.WTERMSIG(status)
            return None, os.WTERMSIG(status)
        self._popen.returncode = os.WEXITSTATUS(status)
        return os.WEXITSTATUS(status), None

    def close_stdin(self) -> None:
        """The rank reads end of file from here on."""
        if self._popen.stdin is not None and self.stdin >= 0:
            self.stdin = -1
            self._popen.stdin.close()

    def close_output(self, fd: int) -> None:
        """The other end of this pipe is gone."""
        stream = self.outputs.pop(fd)
        pipe = self._popen.stdout if stream == 1 else self._popen.stderr
        if pipe is not None:
            pipe.close()


def _on_terminal(
    argv: list[str], env: dict[str, str], cwd: str, wants_stdin: bool, wanted: Terminal, fds: Sequence[int]
) -> OnTerminal:
    from boltloom_launcher.agent.terminal import OnTerminal  # most runs do without

    return OnTerminal(argv, env, cwd, wants_stdin, wanted, fds)


def _piped(
    argv: list[str], env: dict[str, str], cwd: str, wants_stdin: bool, fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    try:
        return _started(argv, env, cwd, wants_stdin, fds)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        return _started(through_sh(argv, cwd, env), env, cwd, wants_stdin, fds)


def _started(
    argv: list[str], env: dict[str, str], cwd: str, wants_stdin: bool, fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    with as_given():
        started = subprocess.Popen(
            argv,
            bufsize=0,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE if wants_stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=fds,
        )
    for name in ("stdin", "stdout", "stderr"):
        setattr(started, name, out_of_the_way(getattr(started, name)))
    return started


def descendants(ancestor: int) -> list[int]:
    """All processes below ``ancestor``, the deepest last."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    todo = list(children.get(ancestor, []))
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo.extend(children.get(pid, []))
    return found


def stat_fields(pid: int) -> list[bytes]:
    """Of Linux's /proc: the state of a process, its parent, and so on. :raises OSError: there is no such process."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        # The command's name stands in brackets and may itself hold brackets and spaces.
        return file.read().rpartition(b")")[2].split()


def _parents() -> list[tuple[int, int]]:
    if not sys.platform.startswith("linux"):
        argv = ["ps", "-axo", "pid=,ppid="]
        answer = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=5.0)
        return [(int(pid), int(parent)) for pid, parent in (row.split() for row in answer.stdout.splitlines())]
    pairs = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                pairs.append((int(name), int(stat_fields(int(name))[1])))
    return pairs


def exists(pid: int) -> bool:
    """There is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's by now
    return True


def signal_all(pids: list[int], number: int) -> None:
    """Signal each of these processes that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def forward_order(number: int, grace: float) -> list[tuple[float, int]]:
    """What is sent when: the signal itself, SIGTERM half-way if it was a milder one, SIGKILL after ``grace``."""
    steps = [(0.0, number)]
    if number not in (signal.SIGTERM, signal.SIGKILL):
        steps.append((grace / 2, int(signal.SIGTERM)))
    if number != signal.SIGKILL:
        steps.append((grace, int(signal.SIGKILL)))
    return steps
