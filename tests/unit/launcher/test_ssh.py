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
from boltloom_launcher.ssh import SshSettings, ask_ssh, inventory_options, ssh_argv

FIRST = "ssh -T -o BatchMode=yes -o RemoteCommand=none -o RequestTTY=no -o ClearAllForwardings=yes -o ControlMaster=no"


@pytest.mark.parametrize(
    ("target", "options", "timeout", "expected"),
    [
        ("mac1", (), None, f"{FIRST} -o ConnectTimeout=10 -- mac1 CMD"),
        ("admin@mac1", (), 60, f"{FIRST} -- admin@mac1 CMD"),
        ("mac1", ("-p", "2222"), None, f"{FIRST} -p 2222 -o ConnectTimeout=10 -- mac1 CMD"),
        (
            "10.0.0.5",
            inventory_options("me", 2222, "/keys/id", ("-o", "ControlMaster=auto"), ("-o", "ProxyJump=gate")),
            None,
            f"{FIRST} -o ControlMaster=auto -p 2222 -l me -i /keys/id -o ProxyJump=gate -o ConnectTimeout=10 "
            "-- 10.0.0.5 CMD",
        ),
    ],
)
def test_argv(target: str, options: tuple[str, ...], timeout: int | None, expected: str) -> None:
    """ssh takes the first value: what protects the user's sessions is ours, a mere default is the last to speak."""
    assert ssh_argv(target, "CMD", options, SshSettings(connect_timeout=timeout)) == expected.split()


CONFIG = """\
Host studio
  HostName 10.0.0.5
  Port 2222
  ConnectTimeout 60
Host behind*
  ProxyJump me@gate:2022,second
Host piped
  ProxyCommand nc %h %p
"""


def test_what_ssh_itself_is_going_to_do(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG)
    options = ("-F", str(tmp_path / "config"))
    names = ("studio", "behind1", "behind2", "piped", "other")
    studio, behind1, behind2, piped, other = ask_ssh([(name, options) for name in names])
    assert studio == SshSettings("10.0.0.5", "10.0.0.5:2222", 60)
    assert behind1.gate == behind2.gate == "me@gate:2022" and behind1.hostname == "behind1"
    assert piped.gate.startswith("nc ")
    assert other == SshSettings("other", "other:22", None)


def test_ssh_takes_the_users_settings_but_for_those_that_protect_his_own_sessions(tmp_path: Path) -> None:
    theirs = {"connecttimeout": "60", "serveraliveinterval": "7", "serveralivecountmax": "9", "compression": "yes"}
    lines = [
        *(" ".join(each) for each in theirs.items()),
        "ControlMaster auto",
        "ControlPath /tmp/x",
        "RequestTTY force",
    ]
    (tmp_path / "config").write_text("\n".join([*lines, "RemoteCommand tmux", "BatchMode no", "LocalForward 1 a:1"]))
    options = ("-F", str(tmp_path / "config"), "-o", "ControlMaster=yes")
    (settings,) = ask_ssh([("mac1", options)])
    argv = ssh_argv("mac1", "CMD", options, settings)[:-1]
    said = subprocess.run([*argv[:1], "-G", *argv[1:]], capture_output=True, text=True, timeout=30, check=True).stdout
    found = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    assert {name: found[name] for name in theirs} == theirs
    assert (found["batchmode"], found["controlmaster"], found["requesttty"]) == ("yes", "false", "false")
    assert found.get("remotecommand", "none") == "none" and found["clearallforwardings"] == "yes"


def test_what_ssh_does_not_understand_is_left_for_it_to_say() -> None:
    assert ask_ssh([("mac1", ("-o", "NoSuchOption=1"))]) == [SshSettings("", ":")]


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
    assert done.stdout.startswith(bootstrap.READY) and b'"Hello"' in done.stdout


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
