# SPDX-License-Identifier: Apache-2.0
"""Does the work of the emulated commands: one child for each, forked from here, where all of them are loaded already.

command.c is what is run as a command; what it hands over is described there.
"""

import fcntl
import gc
import importlib
import os
import signal
import socket
import struct
import sys
import traceback
from typing import NoReturn

sys.path.insert(0, "/.fleet/lib")
from mac import machine
from mac.commands import PLACES

_LISTENER = 3  # what process 1 hands us
_CREDENTIALS = struct.Struct("iII")
_LARGEST = 256 * 1024


def _take(channel: socket.socket) -> tuple[str, list[str]]:
    """Become whoever called, with their standard files, in their folder; the command's name and arguments."""
    data, files, _, _ = socket.recv_fds(channel, _LARGEST, 3)
    folder, name, *arguments = os.fsdecode(data[1:-1]).split("\0")
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    _, user, group = _CREDENTIALS.unpack(channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    os.setgroups([group])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    try:
        os.chdir(folder)
    except OSError:
        os.chdir("/")
    return name, arguments


def _end_with(channel: socket.socket) -> None:
    """Have the kernel end us when the other end is closed."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(channel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(channel, fcntl.F_SETFL, fcntl.fcntl(channel, fcntl.F_GETFL) | os.O_ASYNC)
    try:
        gone = channel.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        gone = False
    if gone:
        os._exit(1)


def _run(name: str, arguments: list[str]) -> int:
    try:
        if os.geteuid() == 0:  # whoever can change something is alone while the command runs
            machine.lock()
        status = importlib.import_module("mac.commands." + name).main(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return 141
    except BaseException:
        traceback.print_exc()
        return 1
    return int(status or 0)


def _serve(channel: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    name, arguments = _take(channel)
    _end_with(channel)
    status = _run(name, arguments)
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        channel.send(bytes([status]))
    finally:
        os._exit(0)


def main() -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in PLACES:
        importlib.import_module("mac.commands." + name)
    gc.freeze()  # the children shall not copy what they share with us
    listener = socket.socket(fileno=_LISTENER)
    while True:
        channel, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _serve(channel)
        channel.close()


if __name__ == "__main__":
    main()
