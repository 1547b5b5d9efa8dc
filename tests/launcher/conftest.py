# SPDX-License-Identifier: Apache-2.0
"""The real command, real processes, and a real sshd on a loopback port."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fleet.pytest_plugin import bring_up  # noqa: F401 - a fixture
from launcher.running import BOLTLOOM, DEADLINE, Launch, Sshd, free_port


@pytest.fixture
def ports() -> int:
    """First of a row of free ports, for --starting-port."""
    return free_port()


@pytest.fixture
def launch(ports: int) -> Launch:
    """Run ``boltloom launch`` to its end."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
        argv = [*BOLTLOOM, "launch", "--starting-port", str(ports), *arguments]
        given: dict[str, object] = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": DEADLINE}
        if "input" in options:
            del given["stdin"]
        return subprocess.run(argv, **{**given, **options})  # type: ignore[call-overload,no-any-return]

    return run


@pytest.fixture
def start(ports: int) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start ``boltloom launch`` and go on; whatever is left at the end of the test is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, fixed: bool = True, **options: object) -> subprocess.Popen[bytes]:
        argv = [*BOLTLOOM, "launch", *(["--starting-port", str(ports)] if fixed else []), *arguments]
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        process = subprocess.Popen(argv, **{**pipes, **options})  # type: ignore[call-overload]
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate(timeout=DEADLINE)


SSHD_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
MaxStartups {startups}
AcceptEnv BOLTLOOM_TEST_LOGIN
ForceCommand {folder}/login
"""

SSH_CONFIG = """\
Host far1 far2 far3 many*
  HostName 127.0.0.1
  Port {port}
Host chatty binary exits nologin other-shell reads-stdin
  HostName 127.0.0.1
  Port {port}
Host chatty
  SetEnv BOLTLOOM_TEST_LOGIN=chatty
Host binary
  SetEnv BOLTLOOM_TEST_LOGIN=binary
Host exits
  SetEnv BOLTLOOM_TEST_LOGIN=exits
Host nologin
  SetEnv BOLTLOOM_TEST_LOGIN=nologin
Host other-shell
  SetEnv BOLTLOOM_TEST_LOGIN=other-shell
Host reads-stdin
  SetEnv BOLTLOOM_TEST_LOGIN=reads-stdin
Host person
  HostName 127.0.0.1
  Port {port}
  RemoteCommand exec tmux
  RequestTTY force
  RemoteForward 22 localhost:1
  ExitOnForwardFailure yes
Host sharing
  HostName 127.0.0.1
  Port {port}
  ControlMaster auto
  ControlPath {folder}/master-%C
Host nopython
  HostName 127.0.0.1
  Port {port}
  SetEnv BOLTLOOM_TEST_LOGIN=nopython
Host stranger
  HostName 127.0.0.1
  Port {port}
  IdentityFile none
  IdentityAgent none
Host mute
  HostName 127.0.0.1
  Port {mute}
Host impatient
  HostName 127.0.0.1
  Port {mute}
  ConnectTimeout 1
Host closed
  HostName 127.0.0.1
  Port 1
Host *
  User {user}
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
  HostKeyAlias loopback
Host * !stranger
  IdentityFile {folder}/user_key
"""

# Stands in for what a host's login shell would do before it runs the command.
LOGIN = """\
#!/bin/sh
case "$BOLTLOOM_TEST_LOGIN" in
  chatty) echo "Welcome to this computer!"; echo "Do behave." >&2 ;;
  binary) head -c 100000 /dev/urandom; head -c 1000 /dev/urandom >&2 ;;
  exits) printf 'a \\377\\200\\n\\001\\002 b\\n' >&2; exit 7 ;;
  nologin) echo "This account is currently not available."; exit 1 ;;
  other-shell) exec sh ;;
  reads-stdin) cat >{folder}/taken ;;
  nopython) PATH={folder}/empty; export PATH ;;
esac
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
"""


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd that only this test run knows, started and stopped by it."""
    with _sshd(tmp_path_factory.mktemp("sshd"), "100") as running:
        yield running


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Sshd]:
    """A sshd that turns everybody away who comes while two others are still at its door."""
    with _sshd(tmp_path, "2:100:2") as running:
        yield running


@contextlib.contextmanager
def _sshd(folder: Path, startups: str) -> Iterator[Sshd]:
    binary = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ["PATH"])
    if binary is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH here")
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"loopback {host_key}")
    port = free_port()
    user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(port=port, folder=folder, startups=startups))
    (folder / "empty").mkdir()
    (folder / "login").write_text(LOGIN.format(folder=folder))
    (folder / "login").chmod(0o755)
    mute = socket.create_server(("127.0.0.1", 0))  # takes connections and never says a word
    (folder / "ssh_config").write_text(
        SSH_CONFIG.format(port=port, mute=mute.getsockname()[1], folder=folder, user=user)
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's sshd locks itself up; its package makes it at boot
    daemon = subprocess.Popen([binary, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE)
    try:
        _wait_for(port, daemon)
        yield Sshd(port, daemon.pid, folder / "ssh_config")
    finally:
        mute.close()
        daemon.terminate()
        daemon.communicate(timeout=DEADLINE)


def _wait_for(port: int, daemon: subprocess.Popen[bytes]) -> None:
    assert daemon.stderr is not None
    said = b""
    while b"listening on" not in said:
        ready, _, _ = select.select([daemon.stderr], [], [], DEADLINE)
        piece = os.read(daemon.stderr.fileno(), 4096) if ready else b""
        assert piece, f"sshd did not start: {said.decode()}"
        said += piece
