# SPDX-License-Identifier: Apache-2.0
"""How ssh is called, and that what it carries passes a shell unharmed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from boltloom_launcher import bootstrap
from boltloom_launcher.ssh import inventory_options, ssh_argv

OURS = (
    "-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=3 "
    "-o RemoteCommand=none -o RequestTTY=no -o ClearAllForwardings=yes -o ControlMaster=no"
)


@pytest.mark.parametrize(
    ("target", "options", "expected"),
    [
        ("mac1", (), f"ssh -T {OURS} -- mac1 CMD"),
        ("admin@mac1", (), f"ssh -T {OURS} -- admin@mac1 CMD"),
        ("mac1", ("-p", "2222"), f"ssh -T -p 2222 {OURS} -- mac1 CMD"),
        (
            "10.0.0.5",
            inventory_options("me", 2222, "/keys/id", ("-o", "ProxyJump=gate", "-o", "ConnectTimeout=60")),
            f"ssh -T -o ProxyJump=gate -o ConnectTimeout=60 -p 2222 -l me -i /keys/id {OURS} -- 10.0.0.5 CMD",
        ),
        ("mac1", inventory_options("", None, "", ()), f"ssh -T {OURS} -- mac1 CMD"),
    ],
)
def test_argv(target: str, options: tuple[str, ...], expected: str) -> None:
    assert ssh_argv(target, "CMD", options) == expected.split()


def test_the_users_options_stand_first_because_ssh_takes_the_first() -> None:
    argv = ssh_argv("mac1", "CMD", ("-o", "ConnectTimeout=60"))
    assert argv.index("ConnectTimeout=60") < argv.index("ConnectTimeout=10")


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh"])
def test_the_remote_command_passes_any_login_shell(shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"no {shell} here")
    done = subprocess.run(
        [path, "-c", bootstrap.remote_command(["/no/such python", sys.executable])],
        input=bootstrap.agent_bytes(),
        capture_output=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"Hello"' in done.stdout


def test_an_interpreter_that_only_offers_to_install_one_is_passed_over(tmp_path: Path) -> None:
    stub = tmp_path / "python3"
    stub.write_text("#!/bin/sh\necho 'xcode-select: note: No developer tools were found' >&2; exit 1\n")
    stub.chmod(0o755)
    words = shlex.split(bootstrap.remote_command([str(stub), sys.executable]))
    done = subprocess.run(words, input=bootstrap.agent_bytes(), capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")


def test_no_interpreter_at_all_has_its_own_status() -> None:
    words = shlex.split(bootstrap.remote_command())
    done = subprocess.run(words, env={"PATH": "/nowhere"}, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    if Path("/usr/local/bin/python3").exists() or Path("/opt/homebrew/bin/python3").exists():
        pytest.skip("one of the usual interpreters is here")
    assert (done.returncode, done.stdout, done.stderr) == (bootstrap.NO_PYTHON, b"", b"")
