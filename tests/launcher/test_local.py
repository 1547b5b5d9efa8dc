# SPDX-License-Identifier: Apache-2.0
"""Local ranks: output, input, statuses, and what becomes of everybody when somebody ends."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from launcher.running import BOLTLOOM, DEADLINE, Launch, Start, alive, err, gone, read_lines


def test_each_rank_runs_once_with_its_own_number(launch: Launch) -> None:
    done = launch("-n", "4", "--", "sh", "-c", "echo $BOLTLOOM_RANK of $BOLTLOOM_WORLD_SIZE")
    assert done.returncode == 0
    assert sorted(done.stdout.decode().split("\n")) == ["", *(f"{r} of 4" for r in range(4))]
    assert done.stderr == b""


def test_the_hostfile_for_mlx_is_a_private_file_that_is_gone_afterwards(launch: Launch, ports: int) -> None:
    script = "stat -c %a $MLX_HOSTFILE $(dirname $MLX_HOSTFILE); echo $MLX_HOSTFILE; cat $MLX_HOSTFILE; echo"
    done = launch("-n", "2", "--", "sh", "-c", f'[ "$RANK" = 1 ] || {{ {script}; }}')
    mode, folder_mode, path, content = done.stdout.decode().splitlines()
    assert (mode, folder_mode) == ("600", "700")
    assert json.loads(content) == [[f"127.0.0.1:{ports}"], [f"127.0.0.1:{ports + 1}"]]
    assert not Path(path).parent.exists()


def test_two_jobs_at_once_never_share_a_port(start: Start) -> None:
    """Of programs that bind no port before all ranks are there, so that nothing but our word keeps them apart."""
    script = "cat $MLX_HOSTFILE; echo; echo $BOLTLOOM_COORDINATOR $MASTER_PORT; exec sleep 300"
    jobs = [start("-n", "2", "--", "sh", "-c", script, fixed=False) for _ in range(4)]
    seen: list[str] = []
    for job in jobs:
        said = " ".join(read_lines(job, 4))
        seen += {*re.findall(r"[: ](\d{5})\b", said)}
    assert len(seen) == len(set(seen)) == 4 * 4
    for job in jobs:
        job.send_signal(signal.SIGTERM)
        job.communicate(timeout=DEADLINE)
    assert not any(os.path.exists(f"/tmp/boltloom-ports/{port}") for port in seen)


def test_the_secret_stands_on_no_command_line(launch: Launch) -> None:
    script = (
        "import glob, os\n"
        "token = os.environ['BOLTLOOM_TOKEN'].encode()\n"
        "assert len(token) == 32\n"
        "lines = []\n"
        "for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: lines.append(open(path, 'rb').read())\n"
        "    except OSError: pass\n"
        "print(len(lines) > 2 and not any(token in line for line in lines))\n"
    )
    assert launch("--", sys.executable, "-c", script).stdout == b"True\n"


def test_an_outer_runs_identity_does_not_leak_in(launch: Launch) -> None:
    env = {**os.environ, "MLX_JACCL_COORDINATOR": "10.0.0.1:1", "MLX_IBV_DEVICES": "/x", "BOLTLOOM_RANK": "7"}
    done = launch("--", "env", env=env)
    names = {line.split("=")[0]: line for line in done.stdout.decode().splitlines()}
    assert names["BOLTLOOM_RANK"] == "BOLTLOOM_RANK=0"
    assert "MLX_JACCL_COORDINATOR" not in names and "MLX_IBV_DEVICES" not in names


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("exit 7", 7, "exited with status 7"),
        ("kill -9 $$", 137, "was killed by SIGKILL"),
        ("kill -TERM $$", 143, "was killed by SIGTERM"),
    ],
)
def test_one_failing_rank_ends_the_others_and_decides(launch: Launch, script: str, status: int, words: str) -> None:
    started = time.monotonic()
    done = launch("-n", "3", "--", "sh", "-c", f'[ "$RANK" = 1 ] && {script}; exec sleep 300')
    assert done.returncode == status
    (line,) = err(done)
    assert line.startswith("boltloom: rank 1 on 127.0.0.1 (pid ")
    assert words in line and line.endswith("; the other 2 ranks were ended")
    assert time.monotonic() - started < 10


def test_the_last_words_of_a_failing_rank_are_seen(launch: Launch) -> None:
    done = launch(
        "-n", "2", "--", "sh", "-c", '[ "$RANK" = 1 ] && { printf "no newline" >&2; exit 5; }; exec sleep 300'
    )
    assert done.returncode == 5
    assert done.stderr.startswith(b"no newline\nboltloom: rank 1")


def test_a_rank_that_ignores_sigterm_is_killed_after_the_grace(launch: Launch) -> None:
    done = launch(
        "-n", "2", "--grace", "0.3", "--", "sh", "-c", 'trap "" TERM; [ "$RANK" = 1 ] && exit 4; sleep 300 & wait'
    )
    assert done.returncode == 4
    assert err(done)[0].endswith("; the other rank was ended by SIGKILL")


def test_grandchildren_end_too_also_those_that_left_the_group(launch: Launch) -> None:
    script = "sleep 300 & echo $!; setsid sleep 300 & sleep 0.1; pgrep -P $$ | tail -n +1; exit 0"
    done = launch("--grace", "5", "--", "sh", "-c", script)
    pids = {int(word) for word in done.stdout.split()}
    assert done.returncode == 0 and len(pids) >= 2
    assert not any(alive(pid) for pid in pids)


def test_what_happens_is_told_to_programs_line_by_line(launch: Launch, tmp_path: Path) -> None:
    schema = json.loads((Path(__file__).parents[2] / "contracts/events/schema.json").read_text())
    script = '[ "$RANK" = 0 ] && exit 5; exec sleep 300'
    file = tmp_path / "events"
    done = launch(
        "-n", "2", "--max-restarts", "1", "--restart-delay", "0", "--events", str(file), "--", "sh", "-c", script
    )
    assert done.returncode == 5
    seen = [json.loads(line) for line in file.read_text().splitlines()]
    for each in seen:
        jsonschema.validate(each, schema)
    names = [each["event"] for each in seen]
    once = ["starting", "started", "started", "ended", "ended"]
    assert sorted(names[:5]) == sorted(once) and sorted(names[5:10]) == sorted(once)
    assert names[10:] == ["finished"]
    assert (seen[-1]["status"], [each["attempt"] for each in seen if each["event"] == "starting"]) == (5, [1, 2])
    assert len({each["run"] for each in seen if each["event"] == "starting"}) == 1  # its name for `boltloom kill`
    assert {(each["rank"], each["by_us"]) for each in seen if each["event"] == "ended"} == {(0, False), (1, True)}
    done = launch("-n", "2", "--events", str(file), "--deadline", "3", "--", "sleep", "300")
    seen = [json.loads(line) for line in file.read_text().splitlines()[11:]]
    assert [each["event"] for each in seen][3:] == ["stopped", "ended", "ended", "finished"]
    done = launch("--events", "/dev/full", "--", "true")
    assert (done.returncode, err(done)) == (0, ["boltloom: cannot write /dev/full any more: No space left on device"])


def test_stdout_and_stderr_stay_apart_and_bytes_unharmed(launch: Launch) -> None:
    everything = bytes(range(256)) * 40
    script = "import sys; sys.stdout.buffer.write(bytes(range(256))*40); sys.stderr.buffer.write(b'\\xff\\xfe')"
    done = launch("--", sys.executable, "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, everything, b"\xff\xfe")


def test_lines_are_never_mixed_and_tags_name_the_rank(launch: Launch) -> None:
    script = (
        "import os, sys\nr = os.environ['RANK']\nfor i in range(300):\n    os.write(1, (r * 7000 + '\\n').encode())\n"
    )
    done = launch("-n", "3", "--tag-output", "--", sys.executable, "-c", script)
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 900
    assert set(lines) == {f"[{r}] {str(r) * 7000}" for r in range(3)}


def test_a_prompt_is_seen_before_its_line_is_whole(start: Start) -> None:
    """With several ranks, too: each asks, and waits."""
    process = start("-n", "3", "--", sys.executable, "-c", "print('hello', input('name? '))")
    assert process.stdout is not None and process.stdin is not None
    seen = b""
    while seen.count(b"name? ") < 3:
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
        assert ready, seen
        seen += os.read(process.stdout.fileno(), 100)
    process.stdin.write(b"boltloom\n")
    process.stdin.close()
    process.stdin = None
    out, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out.count(b"hello boltloom\n")) == (0, 3)


def test_the_report_has_memory_and_last_words_whatever_bytes_those_are(launch: Launch, tmp_path: Path) -> None:
    script = (
        "import os, sys, time\n"
        "if os.environ['RANK'] == '0': time.sleep(300)\n"
        "memory = b'x' * (200 << 20)\n"
        "os.write(2, memory[:3 << 20] + b'\\x00\\x1b[31m\\xff too \\x1b[2J long')\n"
        "sys.exit(5)\n"
    )
    events = tmp_path / "events"
    done = launch("-n", "2", "--raw", "--events", str(events), "--", sys.executable, "-S", "-c", script)
    assert done.returncode == 5
    headline, words = (line.decode() for line in done.stderr.splitlines()[-2:])
    assert re.search(r"exited with status 5 after [\d.]+ s, at most 2\d\d MiB of memory; the other rank was", headline)
    assert re.fullmatch(r"boltloom: the last words of rank 1: \.\.\.x{200,}\\x00\\xff too  long", words)
    (ended,) = [each for each in map(json.loads, events.read_text().splitlines()) if each.get("code") == 5]
    assert (200 << 20 < ended["peak_bytes"] < 300 << 20, ended["oom_kill"]) == (True, False)


@pytest.mark.fleet
def test_memory_that_runs_out_on_a_host_is_in_the_report(launch: Launch, memory_limit: Path) -> None:
    script = f"echo $$ > {memory_limit}/cgroup.procs; exec {sys.executable} -S -c \"b'x' * (100 << 20)\""
    done = launch("--", "sh", "-c", script)
    assert done.returncode == 137
    assert err(done)[1:] == [
        "boltloom: memory ran out on 127.0.0.1 meanwhile, and its kernel killed for it: see dmesg there"
    ]


@pytest.fixture
def memory_limit() -> Iterator[Path]:
    """A control group whose processes get 32 MiB."""
    own = dict(line.split(":")[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    old = "memory" in own
    root = Path(f"/sys/fs/cgroup/memory{own['memory']}" if old else "/sys/fs/cgroup")
    group = root / f"boltloom-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control groups here ({error})")
    try:
        (group / ("memory.limit_in_bytes" if old else "memory.max")).write_text("32M")
        yield group
    finally:
        group.rmdir()


def test_each_ranks_output_is_kept_and_may_be_hidden(launch: Launch, tmp_path: Path) -> None:
    script = "echo out $RANK; printf err >&2; [ $RANK = 0 ] || kill -9 $$; exec sleep 300"
    done = launch("-n", "2", "--output-dir", str(tmp_path / "logs"), "--quiet-ranks", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout, err(done)[1:]) == (137, b"", ["boltloom: the last words of rank 1: err"])
    kept = {path.name: path.read_text() for path in (tmp_path / "logs").iterdir()}
    assert kept == {f"rank-{r}.{end}": text for r in (0, 1) for end, text in (("out", f"out {r}\n"), ("err", "err"))}
    done = launch("-n", "2", "--only-rank", "1", "--", "sh", "-c", "echo $RANK")
    assert done.stdout == b"1\n"


def test_what_a_python_rank_prints_is_seen_at_once(start: Start) -> None:
    script = "import time; print('here'); time.sleep(60)"
    process = start("-n", "2", "--", sys.executable, "-c", script)
    assert read_lines(process, 2) == ["here", "here"]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130


CHAT = "while (line := input()) != 'q': print(line)"  # every rank reads what is typed, as mlx_lm.chat does


def test_typed_input_goes_to_every_rank(launch: Launch) -> None:
    done = launch("-n", "2", "--", sys.executable, "-c", CHAT, input=b"hello\nworld\nq\nunread\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(done.stdout.split()) == [b"hello"] * 2 + [b"world"] * 2


@pytest.mark.parametrize(("readers", "counts"), [("all", "111"), ("none", "000"), ("1", "010")])
def test_who_reads_what_is_typed_may_be_chosen(launch: Launch, readers: str, counts: str) -> None:
    text = b"line\n" * 40000
    done = launch("-n", "3", "--stdin", readers, "--", "sh", "-c", "wc -c | sed s/^/$RANK:/", input=text)
    assert sorted(done.stdout.split()) == [b"%d:%d" % (r, len(text) * int(n)) for r, n in enumerate(counts)]


def test_a_rank_that_does_not_read_holds_up_nobody(launch: Launch) -> None:
    script = '[ "$RANK" = 1 ] && exec sleep 300; cat >/dev/null; kill -9 $$'
    done = launch("-n", "2", "--", "sh", "-c", script, input=b"x" * (8 << 20))
    assert done.returncode == 137, done.stderr


def test_input_that_nobody_reads_is_no_obstacle(launch: Launch) -> None:
    assert launch("--", "true", input=b"x" * (8 << 20)).returncode == 0


def test_closed_standard_streams_are_no_obstacle(ports: int, tmp_path: Path) -> None:
    command = shlex.join(
        [*BOLTLOOM, "launch", "-p", str(ports), "-n", "2", "--", "sh", "-c", "cat; echo out; echo err >&2"]
    )
    for closing, expected in (("<&-", b"out\nout\n"), (">&-", b""), ("2>&- <&-", b"out\nout\n")):
        done = subprocess.run(["sh", "-c", f"{command} {closing}"], capture_output=True, timeout=DEADLINE)
        assert (done.returncode, done.stdout) == (0, expected), closing


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_is_forwarded_and_everybody_ends(start: Start, number: int, status: int) -> None:
    process = start("-n", "2", "--", "sh", "-c", "echo $$; exec sleep 300")
    pids = [int(line) for line in read_lines(process, 2)]
    process.send_signal(number)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == status
    assert f"interrupted by {signal.Signals(number).name}; 2 ranks were ended".encode() in said
    assert not any(alive(pid) for pid in pids)


def test_a_rank_may_end_well_after_ctrl_c_but_the_run_was_interrupted(start: Start) -> None:
    process = start("--", "sh", "-c", 'trap "echo saved; exit 0" INT; echo ready; while :; do sleep 0.05; done')
    assert read_lines(process, 1) == ["ready"]
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=DEADLINE)
    assert (out, process.returncode) == (b"saved\n", 130)


def test_the_second_ctrl_c_kills_at_once(start: Start) -> None:
    process = start(
        "--grace", "120", "--", "sh", "-c", 'trap "echo caught" INT TERM; echo $$; while :; do sleep 0.05; done'
    )
    pid = int(read_lines(process, 1)[0])
    process.send_signal(signal.SIGINT)
    assert read_lines(process, 1) == ["caught"]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)  # half of the grace
    assert process.returncode == 130
    assert not alive(pid)


def test_killing_the_launcher_leaves_no_orphan(start: Start) -> None:
    process = start(
        "-n", "2", "--grace", "1", "--", "sh", "-c", 'trap "" TERM HUP; setsid sleep 300 & echo $$ $!; wait; wait'
    )
    pids = [int(word) for line in read_lines(process, 2) for word in line.split()]
    assert all(alive(pid) for pid in pids)
    process.kill()
    assert all(gone(pid, within=20) for pid in pids)


def test_killing_the_agent_leaves_no_orphan(start: Start, ports: int, tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    process = start("-n", "2", "--", "sh", "-c", "echo $$; exec sleep 300", env=env)
    pids = [int(line) for line in read_lines(process, 2)]
    os.kill(int(_children(process.pid)[0]), signal.SIGKILL)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 3
    assert b"was lost: the connection to 127.0.0.1 was lost" in said
    assert all(gone(pid, within=DEADLINE) for pid in pids)
    deadline = time.monotonic() + DEADLINE
    locks = [Path(f"/tmp/boltloom-ports/{port}") for port in (ports, ports + 1)]
    while list(tmp_path.iterdir()) or any(lock.exists() for lock in locks):  # the hostfile that MLX would read; ports
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_impatient_user_does_not_wait_for_leftovers_either(start: Start) -> None:
    """The rank is over; what it left behind ignores SIGTERM."""
    script = 'trap "" TERM; sleep 300 & echo $!; kill -9 $$'
    process = start("--grace", "120", "--", "sh", "-c", script)
    left = int(read_lines(process, 1)[0])
    assert process.stderr is not None and b"SIGKILL" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 137
    assert gone(left, within=DEADLINE)


def test_at_a_terminal_lines_are_tagged_and_its_ctrl_c_arrives_once(ports: int) -> None:
    """A Ctrl-C that the terminal sends to the whole foreground group must reach the ranks through us only."""
    script = 'trap "echo caught" INT; trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done'
    argv = [*BOLTLOOM, "launch", "-p", str(ports), "-n", "2", "--grace", "1", "--", "sh", "-c", script]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, {**os.environ, "TERM": "xterm", "NO_COLOR": ""})
    seen = _read_until(terminal, b"ready", 2)
    assert b"\x1b[36m[0]\x1b[0m ready" in seen and b"\x1b[33m[1]\x1b[0m ready" in seen
    os.write(terminal, b"\x03")
    seen = _read_until(terminal, b"2 ranks were ended", 1)
    assert seen.count(b"caught") == 2
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    os.close(terminal)


def _read_until(fd: int, wanted: bytes, times: int) -> bytes:
    seen, end = b"", time.monotonic() + DEADLINE
    while seen.count(wanted) < times:
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        assert ready, seen
        seen += os.read(fd, 4096)
    return seen


def test_the_deadline_ends_the_run(launch: Launch) -> None:
    done = launch("-n", "2", "--deadline", "1.5", "--", "sleep", "300")
    assert done.returncode == 124
    assert err(done) == ["boltloom: the deadline for the whole run has passed; 2 ranks were ended"]


def test_the_deadline_may_pass_before_anything_runs(launch: Launch) -> None:
    started = time.monotonic()
    done = launch("--deadline", "0.0001", "--", "sleep", "300")
    assert (done.returncode, len(err(done))) == (124, 1)
    assert time.monotonic() - started < 15  # less than a phase without a deadline would wait


def test_a_reader_who_goes_away_ends_the_run(start: Start) -> None:
    process = start("--", "yes")
    read_lines(process, 1)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=DEADLINE) == 141
    assert process.stderr.read() == b"boltloom: nobody reads stdout any more; 1 rank was ended\n"


def test_a_full_disk_is_named(ports: int) -> None:
    for script in ("echo hi", "yes"):
        argv = [*BOLTLOOM, "launch", "-p", str(ports), "-n", "2", "--", "sh", "-c", script]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE)
        assert done.returncode == 74
        assert done.stderr.startswith(b"boltloom: cannot write stdout: No space left on device")


@pytest.mark.parametrize(
    ("script", "options", "status", "words"),
    [
        ("yes", ["--deadline", "1.5"], 124, b"the deadline for the whole run has passed"),
        ('[ "$RANK" = 1 ] || exec yes; sleep 1; echo last words >&2; exit 9', [], 9, b"last words\nboltloom: rank 1"),
        ("seq 3000000", ["--deadline", "2"], 124, b"the deadline for the whole run has passed"),
    ],
    ids=["deadline", "failure", "deadline after the end"],
)
def test_a_stuck_reader_blocks_no_control(
    start: Start, script: str, options: list[str], status: int, words: bytes
) -> None:
    process = start("-n", "2", *options, "--", "sh", "-c", script)
    assert process.stdout is not None and process.stderr is not None
    said = b""
    while words not in said:  # though nobody reads its stdout
        ready, _, _ = select.select([process.stderr], [], [], DEADLINE)
        assert ready, said
        piece = os.read(process.stderr.fileno(), 4096)
        assert piece, said
        said += piece
    if status == 9:
        while os.read(process.stdout.fileno(), 1 << 20):  # what the ranks wrote before is not lost
            pass
    assert process.wait(timeout=DEADLINE) == status


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH])
def test_signals_that_end_nothing_are_passed_on(start: Start, number: signal.Signals) -> None:
    script = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"  # of the other one's end, which may come first
        f"signal.signal({int(number)}, lambda *_: (print('got it'), sys.exit(6)))\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    process = start("-n", "2", "--", sys.executable, "-c", script)
    read_lines(process, 2)
    process.send_signal(number)
    out, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out.count(b"got it")) == (6, 2)


def test_somebody_ends_the_agent(start: Start) -> None:
    process = start("-n", "2", "--", "sh", "-c", "echo $$; exec sleep 300")
    pids = [int(line) for line in read_lines(process, 2)]
    os.kill(int(_children(process.pid)[0]), signal.SIGTERM)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 3
    assert said == (
        b"boltloom: the agent on 127.0.0.1 was ended by SIGTERM and ended its 2 ranks: see whether that host shuts "
        b"down, or who ended it\n"
    )
    assert not any(alive(pid) for pid in pids)


def test_all_ranks_start_again_until_they_succeed(launch: Launch, tmp_path: Path) -> None:
    """Whom the first attempt left behind is gone before the second begins; what is typed goes on."""
    script = (
        f"read line; echo $line; [ -e {tmp_path}/$RANK ] && exit 0; echo $$ >{tmp_path}/$RANK; "
        f'[ "$RANK" = 0 ] || exec sleep 300; while [ ! -s {tmp_path}/1 ]; do sleep 0.01; done; '
        f"sleep 300 & echo $! >{tmp_path}/left; exit 5"
    )
    options = ["--max-restarts", "1", "--restart-delay", "0", "--stdin", "0"]
    done = launch("-n", "2", *options, "--", "sh", "-c", script, input=b"first\nsecond\n")
    assert done.returncode == 0
    assert done.stdout.split()[0] == b"first"
    assert re.fullmatch(r"boltloom: rank 0 .* exited with status 5 after .*; the other rank was ended", err(done)[0])
    assert err(done)[1:] == ["boltloom: starting all ranks again in 0 s (1 of 1 restarts)"]
    assert not any(alive(int((tmp_path / name).read_text())) for name in ("0", "1", "left"))


@pytest.mark.slow
def test_the_cause_is_the_rank_that_was_killed_not_the_one_that_missed_it(launch: Launch) -> None:
    """It takes its neighbour with it within a millisecond."""
    program = (
        "import os, signal, socket, sys\n"
        "rank, port = int(os.environ['RANK']), int(os.environ['MASTER_PORT'])\n"
        "if rank == 0:\n"
        "    with socket.create_server(('127.0.0.1', port)) as server: peer, _ = server.accept()\n"
        "else:\n"
        "    while True:\n"
        "        try: peer = socket.create_connection(('127.0.0.1', port)); break\n"
        "        except OSError: pass\n"
        "    peer.send(b'x'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "peer.recv(1)\n"
        "while peer.recv(1): pass\n"
        "sys.exit('lost the connection')\n"
    )
    for _ in range(20):
        done = launch("-n", "2", "--", sys.executable, "-S", "-c", program)
        assert done.returncode == 137, done.stderr
        assert b"rank 1 on 127.0.0.1" in done.stderr and b"was killed by SIGKILL" in done.stderr


@pytest.mark.slow
def test_the_cause_is_the_rank_that_left_though_its_neighbour_ends_before_it(launch: Launch) -> None:
    """MLX closes a rank's connections some time before its process ends."""
    pytest.importorskip("mlx.core")
    script = (
        "import mlx.core as mx, sys\n"
        "group = mx.distributed.init(backend='ring')\n"
        "memory = bytearray(group.rank() << 28)\n"
        "for i in range(10000):\n"
        "    mx.eval(mx.distributed.all_sum(mx.ones(1000)))\n"
        "    if i == 20 and group.rank() == 1: sys.exit(7)\n"
    )
    for _ in range(2):
        done = launch("-n", "2", "--", sys.executable, "-c", script)
        assert done.returncode == 7, done.stderr
        assert b"boltloom: rank 1 on 127.0.0.1" in done.stderr and b"exited with status 7" in done.stderr


def test_a_reader_who_takes_his_time_stops_the_ranks_not_the_memory(start: Start) -> None:
    process = start("--", "yes")
    read_lines(process, 1)
    sizes = []
    for _ in range(3):
        time.sleep(0.3)  # nothing happens: that is what is measured
        sizes.append(int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096)
    assert sizes[-1] < 200 << 20
    assert sizes[-1] - sizes[0] < 4 << 20
    process.send_signal(signal.SIGTERM)  # the loop still listens, though its stdout is stuck
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    while os.read(process.stdout.fileno(), 1 << 20):
        pass
    assert process.wait(timeout=DEADLINE) == 143


def test_an_idle_run_uses_no_cpu(start: Start) -> None:
    process = start("-n", "2", "--", "sh", "-c", "echo ready; exec sleep 300")
    read_lines(process, 2)
    family = [process.pid, *(int(p) for p in _children(process.pid))]
    assert len(family) == 2
    before = sum(_cpu_ticks(pid) for pid in family)
    time.sleep(2.0)  # the time over which nothing may happen
    assert sum(_cpu_ticks(pid) for pid in family) - before <= 1


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_ranks_keep_the_limit_of_open_files_that_we_outgrow() -> None:
    """macOS gives 256, and each rank costs us three: there may be more than that limit allows."""
    shell = 'ulimit -Sn 64; exec "$@"'
    argv = ["sh", "-c", shell, "sh", *BOLTLOOM, "launch", "-n", "30", "--", "sh", "-c", "ulimit -Sn"]
    done = subprocess.run(argv, stdin=subprocess.PIPE, capture_output=True, timeout=DEADLINE)
    assert (done.returncode, err(done), set(done.stdout.splitlines())) == (0, [], {b"64"})
