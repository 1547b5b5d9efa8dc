# SPDX-License-Identifier: Apache-2.0
"""Hosts behind a real ssh: the same path as local ranks, and what happens when the way there breaks."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from launcher.running import DEADLINE, Launch, Sshd, Start, alive, err, gone, read_lines

pytestmark = pytest.mark.slow  # half a minute of connections


def test_ranks_on_two_hosts(launch: Launch, sshd: Sshd) -> None:
    script = "echo $RANK $LOCAL_RANK $LOCAL_WORLD_SIZE $MASTER_ADDR $BOLTLOOM_HOSTS"
    done = launch(*sshd.options, "--hosts", "far1,far2", "-n", "2", "--", "sh", "-c", script)
    assert err(done) == []
    names = "far1=127.0.0.1;far1=127.0.0.1;far2=127.0.0.1;far2=127.0.0.1"
    # Both names lead to this computer, so all four share it.
    assert sorted(done.stdout.decode().splitlines()) == [f"{r} {r} 4 127.0.0.1 {names}" for r in range(4)]
    assert done.returncode == 0


def test_local_and_remote_in_one_run(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "127.0.0.1,far1", "--", "sh", "-c", "echo ${SSH_CONNECTION:+remote} $RANK")
    assert sorted(done.stdout.decode().splitlines()) == ["0", "remote 1"]


def test_the_working_directory_travels(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    assert launch(*sshd.options, "--hosts", "far1", "pwd", cwd=tmp_path).stdout.decode().strip() == str(tmp_path)
    assert launch(*sshd.options, "--hosts", "far1", "--cwd", "/usr", "pwd").stdout == b"/usr\n"


def test_environment_and_odd_arguments_arrive_as_they_are(launch: Launch, sshd: Sshd) -> None:
    odd = "a 'b' \"c\" $HOME `id` \\ ; ! * \n é"
    script = "import os, sys; print(ascii([os.environ['ODD'], *sys.argv[1:]]))"
    done = launch(*sshd.options, "--hosts", "far1", "--env", f"ODD={odd}", "--", sys.executable, "-c", script, odd, "")
    assert done.stdout.decode().strip() == ascii([odd, odd, ""])


def test_the_status_and_the_host_of_a_remote_failure(launch: Launch, sshd: Sshd) -> None:
    script = '[ "$RANK" = 1 ] && kill -9 $$; exec sleep 300'
    done = launch(*sshd.options, "--hosts", "far1,far2,far3", "--", "sh", "-c", script)
    assert done.returncode == 137
    (line,) = err(done)
    assert re.fullmatch(
        r"boltloom: rank 1 on far2 \(pid \d+\) was killed by SIGKILL after [\d.]+ s; the other 2 ranks were ended", line
    )


def test_ctrl_c_reaches_remote_ranks(start: Start, sshd: Sshd) -> None:
    process = start(*sshd.options, "--hosts", "far1,far2", "--", "sh", "-c", "echo $$; exec sleep 300")
    pids = [int(line) for line in read_lines(process, 2)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert not any(alive(pid) for pid in pids)


def test_killing_the_launcher_leaves_no_remote_orphan(start: Start, sshd: Sshd) -> None:
    script = 'trap "" TERM HUP; setsid sleep 300 & echo $$ $!; wait; wait'
    process = start(*sshd.options, "--grace", "1", "--hosts", "far1,far2", "--", "sh", "-c", script)
    pids = [int(word) for line in read_lines(process, 2) for word in line.split()]
    process.kill()
    assert all(gone(pid, within=20) for pid in pids)


def test_killing_the_agent_leaves_no_remote_orphan(start: Start, sshd: Sshd) -> None:
    """As a system out of memory does; the rank ignores what it can ignore."""
    script = 'trap "" TERM HUP; echo $$ $PPID; while :; do sleep 0.1; done'
    process = start(*sshd.options, "--grace", "0.5", "--hosts", "far1,far2", "--", "sh", "-c", script)
    ranks = [[int(word) for word in line.split()] for line in read_lines(process, 2)]
    os.kill(ranks[0][1], signal.SIGKILL)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 3
    assert b"was lost: the connection to far" in said
    assert all(gone(rank, within=20) for rank, _ in ranks)


def test_a_connection_that_breaks_is_a_failure_with_a_name(start: Start, sshd: Sshd) -> None:
    process = start(*sshd.options, "--grace", "1", "--hosts", "far1,far2", "--", "sh", "-c", "echo $$; exec sleep 300")
    pids = [int(line) for line in read_lines(process, 2)]
    ssh = next(child for child in _children(process.pid) if b"far2" in Path(f"/proc/{child}/cmdline").read_bytes())
    os.kill(ssh, signal.SIGKILL)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 3
    assert b"boltloom: rank 1 on far2 (pid " in said
    assert b"was lost: the connection to far2 was lost; the other rank was ended" in said
    assert all(gone(pid, within=20) for pid in pids)


@pytest.mark.parametrize("name", ["chatty", "binary"])
def test_a_login_shell_that_prints_does_not_disturb(launch: Launch, sshd: Sshd, name: str) -> None:
    done = launch(*sshd.options, "--hosts", name, "--", "echo", "done")
    assert (done.returncode, done.stdout, err(done)) == (0, b"done\n", [])


def test_a_sshd_with_room_for_two_lets_eight_in_one_after_the_other(launch: Launch, crowded: Sshd) -> None:
    done = launch(*crowded.options, "--hosts", "many[1-8]", "--", "sh", "-c", "echo $RANK")
    assert (done.returncode, err(done)) == (0, [])
    assert sorted(done.stdout.split()) == [b"%d" % rank for rank in range(8)]


@pytest.mark.campaign  # the same by a jump host
def test_a_jump_host_with_room_for_two_lets_eight_through(launch: Launch, sshd: Sshd, crowded: Sshd) -> None:
    folder = sshd.config.parent
    key = (folder / "known_hosts").read_text().split(" ", 1)[1]
    (folder / "known_hosts_far").write_text(f"far {key}")
    way = f"Host gate behind*\n  HostName 127.0.0.1\nHost gate\n  Port {crowded.port}\n"
    far = f"Host behind*\n  ProxyJump gate\n  Port {sshd.port}\n  IdentityFile {folder}/user_key\n"
    keys = f"  HostKeyAlias far\n  UserKnownHostsFile {folder}/known_hosts_far\n"
    crowded.config.write_text(way + far + keys + crowded.config.read_text())
    done = launch(*crowded.options, "--hosts", "behind[1-8]", "--", "sh", "-c", "echo $RANK ${SSH_CONNECTION##* }")
    assert (done.returncode, err(done)) == (0, [])
    assert sorted(done.stdout.decode().splitlines()) == [f"{rank} {sshd.port}" for rank in range(8)]


@pytest.mark.campaign  # half a minute of patience
def test_a_login_shell_that_never_runs_our_command_is_named(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "other-shell,far1,reads-stdin", "true")
    assert done.returncode == 3
    shells = "which it does not where a start-up file reads stdin or runs another shell"
    assert err(done) == [
        f"boltloom: {name}: has not answered for 30 s: see that ssh HOST true ends by itself, {shells}"
        for name in ("other-shell", "reads-stdin")
    ]


def test_output_of_several_hosts_keeps_its_lines(launch: Launch, sshd: Sshd) -> None:
    script = "import os\nfor i in range(2000): os.write(1, os.environ['RANK'].encode() * 99 + b'\\n')"
    done = launch(*sshd.options, "--hosts", "far1,far2", "--", sys.executable, "-c", script)
    lines = done.stdout.splitlines()
    assert len(lines) == 4000 and set(lines) == {b"0" * 99, b"1" * 99}


@pytest.mark.parametrize("name", ["person", "sharing"])
def test_what_is_meant_for_a_persons_own_session_does_not_disturb(launch: Launch, sshd: Sshd, name: str) -> None:
    for _ in range(2):
        done = launch(*sshd.options, "--hosts", name, "--", "echo", "done")
        assert (done.returncode, done.stdout, err(done)) == (0, b"done\n", [])
    assert not list(sshd.config.parent.glob("master-*"))


# ---- hosts that are not fit ----


def test_an_unknown_host_is_named_in_sshs_own_words(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "far1,no-such-host.invalid", "true")
    assert done.returncode == 3
    (line,) = err(done)
    assert line.startswith("boltloom: cannot reach no-such-host.invalid by ssh (ssh: Could not resolve hostname")
    assert line.endswith(f"check that ssh -F {sshd.config} no-such-host.invalid works without a question")


def test_all_unreachable_hosts_are_listed(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "closed,far1,no-such-host.invalid", "true")
    assert done.returncode == 3
    assert [line.split(" by ssh")[0] for line in err(done)] == [
        "boltloom: cannot reach closed",
        "boltloom: cannot reach no-such-host.invalid",
    ]
    assert "Connection refused" in err(done)[0]


def test_a_key_that_is_refused(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "stranger", "true")
    assert done.returncode == 3
    (line,) = err(done)
    assert line.startswith("boltloom: cannot reach stranger by ssh (") and "Permission denied" in line


def test_a_host_without_python(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "far1,nopython", "true")
    assert done.returncode == 3
    assert err(done) == [
        "boltloom: Python not found on host nopython (tried python3, /opt/homebrew/bin/python3, "
        "/usr/local/bin/python3): install Python 3.8 or newer there, or give --python"
    ]


def test_a_login_shell_that_ends_before_our_command_is_named(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "exits,nologin,far1", "true")
    assert done.returncode == 3
    remedy = "a start-up file there may exit, or run another shell, only where the shell is interactive"
    assert err(done) == [
        f"boltloom: the login shell on {name} ended (status {status}) and has not run our command: see that "
        f"ssh -F {sshd.config} {name} true works; {remedy}"
        for name, status in (("exits", "7"), ("nologin", "1: This account is currently not available"))
    ]


def test_a_login_shell_that_waits_for_input_gets_nothing_of_ours(start: Start, sshd: Sshd) -> None:
    taken = sshd.config.parent / "taken"
    process = start(*sshd.options, "--hosts", "other-shell,reads-stdin", "true")
    end = time.monotonic() + DEADLINE
    while not taken.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.3)  # for what must not come
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=DEADLINE)
    assert (process.returncode, said) == (130, b"boltloom: interrupted before the ranks had started\n")
    assert taken.read_bytes() == b""


def test_the_users_own_time_to_connect_counts(launch: Launch, sshd: Sshd) -> None:
    began = time.monotonic()
    done = launch(*sshd.options, "--hosts", "impatient", "true")
    assert done.returncode == 3
    assert "timed out" in err(done)[0] and err(done)[0].startswith("boltloom: cannot reach impatient by ssh (")
    assert time.monotonic() - began < 9  # ours is ten seconds


def test_a_command_that_one_host_lacks(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--hosts", "127.0.0.1,far1", "--env", "PATH=/usr/bin:/bin", "--", "no-such-thing")
    assert done.returncode == 3
    hint = "command not found: no-such-thing: give its path, or set PATH with --env"
    assert err(done) == [f"boltloom: 127.0.0.1: {hint}", f"boltloom: far1: {hint}"]


def test_the_deadline_counts_while_a_host_does_not_answer(launch: Launch, sshd: Sshd) -> None:
    done = launch(*sshd.options, "--deadline", "1", "--hosts", "far1,mute", "true")
    assert done.returncode == 124
    (line,) = err(done)
    passed = "boltloom: the deadline for the whole run has passed before the ranks had started"
    assert line in (f"{passed}; nothing has been heard from {who}" for who in ("mute", "far1, mute"))


def test_ctrl_c_while_a_host_does_not_answer(start: Start, sshd: Sshd) -> None:
    process = start(*sshd.options, "--hosts", "closed,mute,127.0.0.1", "true")
    end = time.monotonic() + DEADLINE
    while len(_children(process.pid)) != 3:
        assert process.poll() is None and time.monotonic() < end
    while len(_children(process.pid)) != 2 or not _sleeps(process.pid):  # the refused one has been noticed
        assert process.poll() is None and time.monotonic() < end
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert (process.returncode, said) == (130, b"boltloom: interrupted before the ranks had started\n")


def _children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _sleeps(pid: int) -> bool:
    """It waits in its event loop: it is asleep, and catches SIGINT by itself."""
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    return status["State"].startswith("S") and bool(int(status["SigCgt"], 16) & 1 << signal.SIGTERM - 1)
