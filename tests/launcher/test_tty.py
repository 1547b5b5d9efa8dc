# SPDX-License-Identifier: Apache-2.0
"""Ranks on terminals of their own, and what becomes of the one that somebody types on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest
from launcher.running import BOLTLOOM, DEADLINE, Launch, Sshd, err, gone

pytestmark = pytest.mark.slow


class Person:
    """Somebody at a terminal, in whose foreground boltloom runs."""

    def __init__(self, *arguments: str, before: tuple[str, ...] = ()) -> None:
        argv = [*before, *BOLTLOOM, "launch", "--color", "never", *arguments]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(argv[0], argv)
        self.seen = b""
        self.status: int | None = None
        self.resize(100, 30)
        self.modes = termios.tcgetattr(self.terminal)

    @property
    def raw(self) -> bool:
        """The keys are for somebody else."""
        return termios.tcgetattr(self.terminal) != self.modes

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def types(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def sees(self, wanted: bytes) -> bytes:
        """Read until it is there, and give what was there before it."""
        end = time.monotonic() + DEADLINE
        while wanted not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, self.seen
            try:
                self.seen += os.read(self.terminal, 4096)
            except OSError:
                raise AssertionError(f"it ended after {self.seen!r}") from None
        before, _, self.seen = self.seen.partition(wanted)
        return before

    def leaves(self) -> int:
        """Read to the end; the exit status."""
        with contextlib.suppress(OSError):
            while select.select([self.terminal], [], [], DEADLINE)[0]:
                self.seen += os.read(self.terminal, 4096)
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def close(self) -> None:
        os.close(self.terminal)
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def person() -> Iterator[Callable[..., Person]]:
    people: list[Person] = []

    def sit_down(*arguments: str, **options: tuple[str, ...]) -> Person:
        people.append(Person(*arguments, **options))
        return people[-1]

    yield sit_down
    for each in people:
        each.close()


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def test_every_rank_has_a_terminal_of_its_own_and_every_reader_finds_the_end(launch: Launch) -> None:
    script = (
        "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size && : >/dev/tty && "
        'cat && echo "$TERM ${COLUMNS-none}" && cat && echo err >&2'
    )
    env = {**os.environ, "TERM": "vt100", "COLUMNS": "7", "LINES": "7"}
    done = launch("-n", "2", "--tty", "--", "sh", "-c", script, input=b"typed\nlast\n", env=env)
    assert done.returncode == 0
    assert done.stderr == b""
    said = ["24 80", "typed", "last", "vt100 none", "err"]
    assert sorted(done.stdout.decode().split("\r\n")) == sorted(["", *said, *said])


def test_who_reads_nothing_finds_the_end_of_file_at_once(launch: Launch) -> None:
    done = launch("-n", "2", "--tty", "--stdin", "none", "--", "sh", "-c", "cat; [ -t 1 ] && ps -o tpgid= $$; echo $$")
    numbers = [int(word) for word in done.stdout.split()]
    assert len(numbers) == 4 and len(set(numbers)) == 2  # each is the foreground of its terminal


def test_a_program_that_edits_lines_finds_the_end_behind_what_was_typed(launch: Launch) -> None:
    done = launch("--tty", "--", sys.executable, "-i", input=b"print(6 * 7)\n")
    assert done.returncode == 0
    assert b"42\r\n" in done.stdout


def test_nothing_is_lost_of_what_a_rank_wrote_before_it_died(launch: Launch) -> None:
    done = launch(
        "-n", "2", "--tty", "--grace", "5", "--", "sh", "-c", "[ $RANK = 0 ] || exec sleep 300; seq 30000; kill -9 $$"
    )
    assert done.returncode == 137
    assert done.stdout.split() == [b"%d" % number for number in range(1, 30001)]


def test_what_cannot_be_started_is_said(launch: Launch, tmp_path: os.PathLike[str]) -> None:
    done = launch("--tty", "--no-verify-script", "--", "/no/such/program")
    assert done.returncode == 3
    assert "could not be started ([Errno 2] No such file or directory: '/no/such/program')" in err(done)[0]
    script = os.path.join(tmp_path, "script")
    with open(script, "w") as file:
        file.write("[ -t 1 ] && echo by sh $1\n")
    os.chmod(script, 0o755)
    assert launch("--tty", "--", script, "too").stdout == b"by sh too\r\n"


def test_all_keys_go_to_the_one_reader_and_the_terminal_is_put_back(person: Callable[..., Person]) -> None:
    script = (
        'if [ "$RANK" = 1 ]; then echo side; exec sleep 300; fi; trap "echo caught" INT; trap "stty size" WINCH; '
        "echo ready; while :; do sleep 0.05; done"
    )
    somebody = person("-n", "2", "--tty", "--stdin", "0", "--grace", "1", "--", "sh", "-c", script)
    somebody.sees(b"ready\r\n")
    assert somebody.raw
    somebody.types(b"\x03")
    somebody.sees(b"caught\r\n")
    somebody.resize(123, 45)
    assert somebody.sees(b"45 123\r\n").count(b"\n") <= 2  # the other rank's line at most
    somebody.types(b"\x1d\x1d\x1d")
    somebody.sees(b"boltloom: ending 2 ranks, up to 1 s; Ctrl-C again to kill\r")
    assert within(5, lambda: not somebody.raw)
    assert somebody.leaves() == 130


def test_when_the_reader_is_over_the_keys_are_ours_again(person: Callable[..., Person]) -> None:
    script = '[ "$RANK" = 1 ] && { echo side; exec sleep 300; }; echo ready; read x'
    somebody = person("-n", "2", "--tty", "--stdin", "0", "--", "sh", "-c", script)
    before = somebody.sees(b"ready\r\n")
    if b"side" not in before:
        somebody.sees(b"side\r\n")
    assert somebody.raw
    somebody.types(b"\r")
    assert within(DEADLINE, lambda: not somebody.raw)
    somebody.types(b"\x03")
    assert somebody.leaves() == 130


def test_where_all_read_the_terminal_stays_as_it_is_and_shows_what_is_typed(person: Callable[..., Person]) -> None:
    somebody = person("-n", "2", "--tty", "--", "sh", "-c", "echo ready; cat; echo over")
    seen = somebody.sees(b"] ready\r") + somebody.sees(b"] ready\r")
    assert not somebody.raw
    somebody.types(b"hello\n")
    seen = somebody.sees(b"] hello\r") + somebody.sees(b"] hello\r")
    somebody.types(b"\x04")
    assert somebody.leaves() == 0
    assert (seen + somebody.seen).count(b"hello") == 1  # those of the ranks are counted already: theirs show nothing


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGQUIT, -signal.SIGQUIT)])
def test_however_it_ends_the_terminal_is_put_back(person: Callable[..., Person], number: int, status: int) -> None:
    somebody = person("--tty", "--", "sh", "-c", "echo pid $$; exec sleep 300")
    somebody.sees(b"pid ")
    rank = int(somebody.sees(b"\r\n"))
    assert somebody.raw
    os.kill(somebody.pid, number)
    assert within(DEADLINE, lambda: not somebody.raw)
    assert somebody.leaves() == status
    assert gone(rank)


def test_stopped_and_continued(person: Callable[..., Person]) -> None:
    """With a shell before it: what has no job control cannot be stopped."""
    script = "trap 'exit 9' USR1; echo pid $$; while :; do read x; stty size; done"
    somebody = person(
        "--tty", "--", "sh", "-c", script, before=("sh", "-c", 'set -m; "$@" & echo job $!; fg; fg', "sh")
    )
    somebody.sees(b"job ")
    launcher = int(somebody.sees(b"\r\n"))
    somebody.sees(b"pid ")
    assert within(5, lambda: somebody.raw)
    os.kill(launcher, signal.SIGTSTP)  # the shell continues it at once, and says so
    somebody.sees(b"@")
    somebody.resize(90, 31)
    assert within(5, lambda: somebody.raw)
    somebody.types(b"\r")
    somebody.sees(b"31 90\r\n")
    os.kill(launcher, signal.SIGUSR1)
    assert somebody.leaves() == 9


FULL_SCREEN = """\
import curses
def main(screen):
    screen.addstr(2, 3, "size %d %d" % screen.getmaxyx())
    screen.refresh()
    screen.timeout(100)  # curses misses a signal that comes just before it waits
    key = screen.getch()
    while key in (curses.KEY_RESIZE, -1):
        if key == curses.KEY_RESIZE:
            curses.update_lines_cols()
            screen.addstr(4, 3, "now %d %d" % screen.getmaxyx())
            screen.refresh()
        key = screen.getch()
    return key
print("key", curses.wrapper(main))
"""


def test_a_full_screen_program(person: Callable[..., Person]) -> None:
    somebody = person("--tty", "--", sys.executable, "-c", FULL_SCREEN)
    somebody.sees(b"\x1b[3;4Hsize 30 100")
    somebody.resize(80, 25)
    somebody.sees(b"now 25 80")
    somebody.types(b"q")
    somebody.sees(b"key 113\r")  # our terminal may do its part again by now
    assert somebody.leaves() == 0


DEBUGGED = """\
import os
if os.environ["RANK"] == "0":
    value = 6
    breakpoint()
    print("value", value)
"""


def test_a_debugger_far_away_edits_its_lines(person: Callable[..., Person], sshd: Sshd) -> None:
    far = [*sshd.options, "--hosts", "far1:2", "--tty", "--stdin", "0"]
    somebody = person(*far, "--", sys.executable, "-c", DEBUGGED)
    somebody.sees(b"(Pdb) ")
    somebody.types(b"value = 8\x7f7\r")  # with a key that takes one back
    somebody.sees(b"(Pdb) ")
    somebody.types(b"continue\r")
    somebody.sees(b"value 7\r")
    assert somebody.leaves() == 0
