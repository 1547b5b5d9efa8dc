# SPDX-License-Identifier: Apache-2.0
"""A rank on a terminal of its own, which it owns as every program of a login session does.

Our end is read and written like the pipes of other ranks. We keep the rank's end open, too, until what the rank wrote
has been read: some systems throw away what is unread when nobody has that end open any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import selectors
import signal
import struct
import termios
from typing import BinaryIO, NoReturn, Sequence, cast

from boltloom_launcher.agent.command import through_sh
from boltloom_launcher.agent.descriptors import as_given, out_of_the_way
from boltloom_launcher.agent.messages import Terminal

_IUTF8 = 0x4000  # on Linux and macOS; not in every Python's termios
_CTRL_D = b"\x04"
_INPUT_FLAGS, _LOCAL_FLAGS, _CHARACTERS = 0, 3, 6  # places in what tcgetattr gives
_AT_EXEC = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores these, and programs do not expect it


class OnTerminal:
    """A process on a new terminal, with as much of Popen as its owner needs: stdout holds both of its streams."""

    def __init__(
        self,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        wants_stdin: bool,
        wanted: Terminal,
        fds: Sequence[int] = (),
    ) -> None:
        """Start it; without ``wants_stdin`` it finds the end of file. It inherits ``fds``.

        :raises OSError: it cannot be started.
        """
        ours, its = os.openpty()
        self.stdout = _far(ours, "rb")
        self.stdin = _far(os.dup(ours), "wb") if wants_stdin else None
        self._its = _far(its, "wb")
        self.stderr = None
        self.returncode: int | None = None
        try:
            self._set_modes(wanted.echo)
            self.resize(wanted.columns, wanted.rows)
            with as_given():
                self.pid = self._start(argv, env, cwd, fds)
        except OSError:
            self.let_go()
            self.stdout.close()
            if self.stdin:
                self.stdin.close()
            raise

    def resize(self, columns: int, rows: int) -> None:
        """The system tells its programs (SIGWINCH) if that is a change."""
        with contextlib.suppress(OSError):  # it has been hung up
            fcntl.ioctl(self.stdout.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def unread(self) -> bool:
        """Its programs have yet to take a line, or an end of file, that was typed."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._its, selectors.EVENT_READ)
            return bool(selector.select(0))

    def end_of_file(self) -> bytes:
        """What a person types there for the end of file."""
        with contextlib.suppress(termios.error):
            typed = termios.tcgetattr(self._its)[_CHARACTERS][termios.VEOF]
            if isinstance(typed, bytes) and typed not in (b"\0", b"\xff"):  # switched off
                return typed
        return _CTRL_D

    def let_go(self) -> None:
        """What it wrote has been read; when nobody else has its end open, ours ends."""
        self._its.close()

    def _set_modes(self, echo: bool) -> None:
        with contextlib.suppress(termios.error):
            modes = termios.tcgetattr(self._its)
            modes[_INPUT_FLAGS] |= _IUTF8  # so that a backspace takes a whole character away
            if not echo:
                modes[_LOCAL_FLAGS] &= ~termios.ECHO
            termios.tcsetattr(self._its, termios.TCSANOW, modes)

    def _start(self, argv: list[str], env: dict[str, str], cwd: str, fds: Sequence[int]) -> int:
        """Popen cannot make a terminal the controlling one. The agent has one thread, so it may fork by itself."""
        problem, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become(argv, env, cwd, fds, tell)
        os.close(tell)
        with os.fdopen(problem, "rb") as file:
            number = file.read()  # ends with exec, which closes the other end
        if number:
            os.waitpid(pid, 0)
            raise OSError(int(number), os.strerror(int(number)), argv[0])
        return pid

    def _become(self, argv: list[str], env: dict[str, str], cwd: str, fds: Sequence[int], tell: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)  # the agent's
            os.setsid()
            its = self._its.fileno()
            fcntl.ioctl(its, termios.TIOCSCTTY, 0)
            os.dup2(its if self.stdin else os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(its, 1)
            os.dup2(its, 2)
            for fd in fds:
                os.set_inheritable(fd, True)
            os.chdir(cwd)
            for number in _AT_EXEC:
                signal.signal(number, signal.SIG_DFL)
            try:
                os.execvpe(argv[0], argv, env)
            except OSError as error:
                if error.errno == errno.ENOEXEC:
                    os.execve("/bin/sh", through_sh(argv, cwd, env), env)
                raise
        except OSError as error:
            os.write(tell, b"%d" % (error.errno or errno.EIO))
        except ValueError:  # a NUL in a word
            os.write(tell, b"%d" % errno.EINVAL)
        finally:
            os._exit(127)


def _far(fd: int, mode: str) -> BinaryIO:
    """As a file of ours, which leaves the low numbers to what is started."""
    return cast(BinaryIO, out_of_the_way(cast(BinaryIO, io.FileIO(fd, mode))))
