# SPDX-License-Identifier: Apache-2.0
"""One clear line, with what to do next, for whatever can be wrong on this computer; and the help."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from launcher.running import Launch, err


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        ((), 2, "no command is given: write it behind the options, as in: boltloom launch -n 2 -- hostname"),
        (("--backend", "foo", "true"), 2, "unknown backend 'foo': choose one of ring, jaccl, jaccl-ring, nccl, mpi"),
        (
            ("--backend", "mpi", "--env", "BOLTLOOM_MPIRUN=no-such-mpirun", "true"),
            3,
            "127.0.0.1: command not found: no-such-mpirun: install Open MPI or MPICH, or name another with --env ",
        ),
        (
            ("--backend", "mpi", "--env", "BOLTLOOM_MPIRUN=true", "true"),
            3,
            "127.0.0.1: /usr/bin/true is neither Open MPI nor MPICH (it says 'true (GNU coreutils) ",
        ),
        (
            ("--backend", "mpi", "--mpi-arg", "-x 'A", "true"),
            2,
            "--mpi-arg cannot be cut into words (No closing quotation): close its quotes",
        ),
        (
            ("--hosts", "a,,b", "true"),
            2,
            "--hosts has '' in it, which is no host: write names with commas between them",
        ),
        (("--env", "1A=2", "true"), 2, "--env has '1A=2', which names no variable: write NAME=VALUE"),
        (("--nonsense", "true"), 2, "No such option '--nonsense'."),
        (
            ("--starting-port", "65535", "-n", "2", "true"),
            2,
            "the ring would need ports up to 65536: give a lower --starting-port",
        ),
        (
            ("no-such-command",),
            3,
            "127.0.0.1: command not found: no-such-command: give its path, or set PATH with --env",
        ),
        (
            ("--cwd", "/no/such/place", "true"),
            3,
            "127.0.0.1: the working directory /no/such/place does not exist: make it, or give another --cwd",
        ),
        (("--", "/tmp"), 3, "127.0.0.1: /tmp is a directory: give a program"),
        (
            ("--cwd", "/etc/passwd", "true"),
            3,
            "127.0.0.1: the working directory /etc/passwd is no directory: give another --cwd",
        ),
        (
            ("-n", "2", "--stdin", "2", "true"),
            2,
            "--stdin is '2', which is no rank of this run: give all, none or a rank from 0 to 1",
        ),
        (
            ("-n", "2", "--only-rank", "2", "true"),
            2,
            "--only-rank is 2, which is no rank of this run: give one from 0 to 1",
        ),
        (("--output-dir", "/dev/null/x", "true"), 2, "--output-dir /dev/null/x cannot be written (Not a directory): "),
        (("--hosts", "a[3-1]", "true"), 2, "--hosts has 'a[3-1]' in it, whose range is none: "),
        (("--deadline", "nan", "true"), 2, "Invalid value for '--deadline': 'nan' is not a number of seconds."),
        (("--grace", "inf", "true"), 2, "Invalid value for '--grace': inf is not in the range 0.0<=x<=31622400.0."),
        (
            ("-i", "/no/inventory", "true"),
            2,
            "inventory /no/inventory does not exist: give the path of an Ansible inventory",
        ),
        (
            ("--hostfile", "/no/hosts.json", "true"),
            2,
            "hostfile /no/hosts.json does not exist: write one with boltloom.cluster.configure, or correct the path",
        ),
        (("--backend", "jaccl", "-n", "2", "true"), 2, "the hosts have no RDMA devices for rank 0 (127.0.0.1): "),
    ],
    ids=lambda value: "-".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_one_line_for_a_mistake(launch: Launch, arguments: tuple[str, ...], status: int, line: str) -> None:
    done = launch(*arguments)
    assert done.returncode == status
    (said,) = err(done)
    assert said.startswith(f"boltloom: {line}")
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "hosts.json is empty: "),
        ("mac1 cores=3", "hosts.json: line 1 has 'cores=3' in it, which is not known: write HOST slots=N"),
        ('{"hosts": [', "hosts.json: line 1 column 12 is not JSON"),
        ('{"hosts": {}}', "hosts.json: hosts is an object: write a list"),
        ('[{"ips": []}]', 'hosts.json: hosts[0] has no "ssh"'),
    ],
)
def test_one_line_for_a_wrong_hostfile(launch: Launch, tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "hosts.json").write_text(text)
    done = launch("--hostfile", "hosts.json", "true", cwd=tmp_path)
    assert done.returncode == 2
    (said,) = err(done)
    assert said.startswith(f"boltloom: {line}")


def test_a_list_of_hosts_is_a_hostfile_too(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("# as for mpirun\nlocalhost slots=2\n")
    done = launch("--hostfile", "hosts", "--", "sh", "-c", "echo $RANK of $WORLD_SIZE", cwd=tmp_path)
    assert (err(done), sorted(done.stdout.splitlines())) == ([], [b"0 of 2", b"1 of 2"])


def test_a_key_that_says_nothing_is_named(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "hosts.json").write_text('{"owner": "me", "hosts": [{"ssh": "localhost", "ips": [], "slots": 4}]}')
    done = launch("--hostfile", "hosts.json", "true", cwd=tmp_path)
    assert done.returncode == 0
    assert err(done) == [
        "boltloom: hosts.json: 'owner' has no effect: no such key is known",
        "boltloom: hosts.json: hosts[0]: 'slots' has no effect: no such key is known",
    ]


def test_a_port_in_use_is_named_with_its_holder(launch: Launch, ports: int) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", ports + 1))
        holder.listen()
        done = launch("-n", "2", "--", "true")
    comm = Path("/proc/self/comm").read_text().strip()
    assert done.returncode == 3
    assert err(done) == [
        f"boltloom: 127.0.0.1: port {ports + 1} of 127.0.0.1 is in use by {comm} (pid {os.getpid()}): "
        "end it, or choose other ports with --starting-port"
    ]


def test_all_problems_are_listed_before_anything_runs(launch: Launch, tmp_path: Path) -> None:
    hosts = [{"ssh": "localhost", "ips": ["127.0.0.1"]}, {"ssh": "127.0.0.1", "ips": ["10.255.255.254"]}]
    (tmp_path / "hosts.json").write_text(json.dumps(hosts))
    mark = tmp_path / "ran"
    done = launch("--hostfile", str(tmp_path / "hosts.json"), "--", "./nothing", str(mark))
    assert done.returncode == 3
    assert [line.split(": ")[1:3] for line in err(done)] == [
        ["localhost", "command not found"],
        ["127.0.0.1", "command not found"],
        ["127.0.0.1", "10.255.255.254 is not an address of this host"],
    ]


def test_a_python_script_needs_no_interpreter_on_the_command_line(launch: Launch, tmp_path: Path) -> None:
    """``mlx.launch -n 2 my_script.py``, as its documentation says."""
    (tmp_path / "train.py").write_text("import sys; print(sys.executable, sys.argv[1:])")
    python = sys.executable
    for arguments, expected in {
        ("train.py", "a"): f"{python} ['a']",
        ("--python", python, "train.py"): f"{python} []",
        ("-m", "train", "b"): f"{python} ['b']",
        ("--python", python, "-m", "train"): f"{python} []",
        ("--no-verify-script", python, "train.py"): f"{python} []",
        ("--no-verify-script", "train.py", "a"): f"{python} ['a']",
        ("--no-verify-script", "-m", "train"): f"{python} []",
    }.items():
        done = launch(*arguments, cwd=tmp_path)
        assert (done.returncode, err(done), done.stdout.decode().strip()) == (0, [], expected)


def test_a_script_without_interpreter_is_run_by_sh(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("echo by $0\n")
    (tmp_path / "plain").chmod(0o755)
    assert launch("./plain", cwd=tmp_path).stdout == f"by {tmp_path}/./plain\n".encode()


def test_a_dry_run_prints_what_a_shell_could_run(launch: Launch, tmp_path: Path) -> None:
    mark = tmp_path / "it's ran"
    arguments = (
        "-n",
        "2",
        "--cwd",
        str(tmp_path),
        "--env",
        "ODD=a 'b' $c",
        "--",
        "sh",
        "-c",
        'echo "$ODD $RANK" >"$0"',
    )
    done = launch("--dry-run", *arguments, str(mark))
    assert (done.returncode, err(done), mark.exists()) == (0, [], False)
    text = done.stdout.decode()
    assert [line for line in text.splitlines() if line.startswith("#")] == [f"# rank {r} on 127.0.0.1" for r in (0, 1)]
    assert text.count("export BOLTLOOM_TOKEN=...\n") == 2
    typed = text.partition("# rank 1")[2].partition("\n")[2]
    subprocess.run(["sh", "-c", typed], check=True, timeout=60)
    assert mark.read_text() == "a 'b' $c 1\n"
    done = launch("--dry-run", "no-such-command")
    assert (done.returncode, done.stdout) == (3, b"")


def test_help_and_version(launch: Launch) -> None:
    assert b"mlx" not in launch("--help").stderr
    text = launch("--help").stdout.decode()
    for option in ("--hosts", "--repeat-hosts", "--hostfile", "--inventory", "--backend", "--env", "--cwd", "--python"):
        assert option in text
    assert launch("--print-python").stdout.decode().strip() == sys.executable
