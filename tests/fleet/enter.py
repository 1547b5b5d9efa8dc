# SPDX-License-Identifier: Apache-2.0
"""Run a command inside a simulated host: `python -IS enter.py PID UID GID CWD COMMAND...`.

Joins the namespaces of process PID, becomes UID:GID, and passes signals, stdio, environment and exit code through.
The command dies with us, so nobody who kills us leaves anything running in the host.
"""

import os
import signal
import sys
from typing import NoReturn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kernel  # run as a script, so only now is it on the path

_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWNET | kernel.CLONE_NEWPID
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_WATCHED = (*_PASSED_ON, signal.SIGCHLD)
_ADMIN = 80  # the group whose members may use sudo on a Mac
_FROM_TERMINAL = 0x80  # SI_KERNEL: Ctrl-C goes to the whole foreground process group


def _become(uid: int, gid: int) -> None:
    if uid == 0:
        return
    os.setgroups([gid, _ADMIN])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def _run(uid: int, gid: int, cwd: str, command: list[str]) -> NoReturn:
    _become(uid, gid)
    kernel.die_with_parent(signal.SIGKILL)  # after the change of identity, which would clear it
    try:
        os.chdir(cwd)
    except OSError:
        os.chdir("/")
    try:
        os.execvp(command[0], command)
    except FileNotFoundError:
        print(f"fleet: {command[0]}: command not found in this host", file=sys.stderr)
        os._exit(127)
    except OSError as error:
        print(f"fleet: {command[0]}: {error.strerror}", file=sys.stderr)
        os._exit(126)


def enter(pid: int, uid: int, gid: int, cwd: str, command: list[str]) -> int:
    """Run the command and return its exit status the way a shell reports it (128 + signal)."""
    pidfd = os.pidfd_open(pid)
    kernel.setns(pidfd, _NAMESPACES)
    os.close(pidfd)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)  # before the fork: no signal may fall between
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        _run(uid, gid, cwd, command)
    while True:
        information = signal.sigwaitinfo(_WATCHED)
        if information.si_signo != signal.SIGCHLD:
            if information.si_code != _FROM_TERMINAL:  # the terminal has told the child already
                os.kill(child, information.si_signo)
            continue
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(enter(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:]))
