# SPDX-License-Identifier: Apache-2.0
"""Process 1 of the fleet, of a simulated host, or of the control node: `python -IS init.py CONFIG.json SOCKET`.

The fleet's process 1 owns the PID namespace that all others live in, so that ending it ends everything; its network
namespace is the backplane (management bridge and cables). SOCKET is where we tell the simulator that we are there
(the kernel adds our process id as the simulator sees it) and wait for its word to go on.
"""

import importlib
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import kernel  # noqa: E402  (run as a script, so only now is it on the path)
import rootfs  # noqa: E402

_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWNET | kernel.CLONE_NEWPID


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _talk(channel: socket.socket, said: bytes, expected: bytes) -> None:
    channel.sendall(said)
    if channel.recv(16) != expected:
        sys.exit(f"the simulator went away after {said.decode()}")  # it was interrupted, and so are we


def _hold_fleet(channel: socket.socket) -> NoReturn:
    kernel.make_mounts_private()
    kernel.mount("proc", "/proc", "proc")
    for scope in ("all", "default"):  # bridges of the backplane shall not send anything of their own
        if os.path.exists(f"/proc/sys/net/ipv6/conf/{scope}"):
            _write(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6", "1")
    _write("/proc/sys/net/ipv4/ip_forward", "1")  # unknown addresses are refused at once instead of timing out
    _reap_always()
    _talk(channel, b"there", b"complete")  # until that comes, whoever dies at the other end takes the fleet with it
    channel.close()
    _rest()


def _reap_always() -> None:
    signal.signal(signal.SIGCHLD, _reap)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    _reap()


def _rest() -> NoReturn:
    while True:
        signal.pause()


def _serve_ssh(listener: socket.socket) -> NoReturn:
    """What launchd does: one sshd per connection, none while nobody is connected."""
    _reap_always()
    argv = ["sshd", "-i", "-e", "-f", "/etc/ssh/sshd_config"]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    while True:
        connection, _ = listener.accept()
        redirect = [(os.POSIX_SPAWN_DUP2, connection.fileno(), 0), (os.POSIX_SPAWN_DUP2, connection.fileno(), 1)]
        os.posix_spawn("/usr/sbin/sshd", argv, environment, file_actions=redirect, setpgroup=0, setsigmask=())
        connection.close()


def _run_control(config: dict[str, Any], channel: socket.socket) -> NoReturn:
    rootfs.build_control(config)
    _talk(channel, b"there", b"wired")
    _ip("-batch", "/dev/stdin", text=config["network"])
    channel.sendall(b"up")
    channel.close()
    _reap_always()
    _rest()


def _run_mac(config: dict[str, Any], channel: socket.socket) -> NoReturn:
    rootfs.build_mac(config)
    _start_commandd()
    _run_host("mac.configuration", channel)


def _start_commandd() -> None:
    """What does the work of the emulated commands, behind a socket that is there before anybody can call one."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind("/.fleet/run/commandd")
    os.chmod("/.fleet/run/commandd", 0o666)
    listener.listen(128)
    handed = [(os.POSIX_SPAWN_DUP2, listener.fileno(), 3)]
    argv = ["/.fleet/python", "-IS", "/.fleet/lib/mac/commandd.py"]
    os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin"}, file_actions=handed, setpgroup=0, setsigmask=())
    listener.close()


def _run_linux(config: dict[str, Any], channel: socket.socket) -> NoReturn:
    rootfs.build_linux(config)
    _run_host("linux.startup", channel)


def _run_host(system: str, channel: socket.socket) -> NoReturn:
    """Start what the module ``system`` does at boot, and sshd."""
    _talk(channel, b"there", b"wired")
    sys.path.insert(0, "/.fleet/lib")
    importlib.import_module(system).boot()  # found only now, in the host's own root
    listener = socket.create_server(("0.0.0.0", 22), backlog=128)
    channel.sendall(b"up")
    channel.close()
    _serve_ssh(listener)


def _ip(*arguments: str, text: str) -> None:
    import subprocess

    subprocess.run(["/usr/sbin/ip", *arguments], input=text, text=True, check=True)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    channel = socket.socket(fileno=int(sys.argv[2]))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 is deaf to what it has no handler for
    kernel.unshare(_NAMESPACES)
    if os.fork():
        os._exit(0)
    socket.sethostname(config["hostname"])
    roles = {"fleet": lambda _, c: _hold_fleet(c), "mac": _run_mac, "linux": _run_linux, "control": _run_control}
    roles[config["role"]](config, channel)


if __name__ == "__main__":
    main()
