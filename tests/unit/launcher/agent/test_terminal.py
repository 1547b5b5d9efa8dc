# SPDX-License-Identifier: Apache-2.0
"""A process on a terminal of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

# In a process with one thread, as the agent is.
BEGIN = """\
import os, sys, termios, time
from boltloom_launcher.agent.messages import Terminal
from boltloom_launcher.agent.terminal import OnTerminal
def start(*argv, reads=True, echo=False):
    return OnTerminal(list(argv), dict(os.environ), "/", reads, Terminal(80, 24, echo))
def read(process):
    data = b""
    while not data.endswith(b"\\n"):
        data += os.read(process.stdout.fileno(), 4096)
    return data
def descriptors():
    return sorted(os.listdir("/proc/self/fd"))
"""


@pytest.mark.parametrize(
    "script",
    [
        # what cannot be started leaves nothing open
        "before = descriptors()\n"
        "for argv, cls in ((['/no/such'], FileNotFoundError), (['/etc/passwd'], PermissionError)):\n"
        "    try: start(*argv)\n"
        "    except cls as error: assert error.filename == argv[0]\n"
        "    else: raise AssertionError\n"
        "assert descriptors() == before",
        # it leads its session and group, in the foreground of the terminal, with the signals that programs expect
        "p = start('sh', '-c', 'ps -o pid=,sid=,pgid=,tpgid= -p $$; grep SigIgn /proc/self/status')\n"
        "data = read(p)\n"
        "while data.count(b'\\n') < 2: data += read(p)\n"
        "assert set(data.splitlines()[0].split()) == {b'%d' % p.pid}\n"
        "assert not int(data.split()[-1], 16) >> 12 & 1  # SIGPIPE\n"
        "os.waitpid(p.pid, 0)",
        # the character for the end of file is the terminal's own
        "p = start('cat')\n"
        "assert p.end_of_file() == b'\\x04'\n"
        "for given, typed in ((b'\\x05', b'\\x05'), (b'\\0', b'\\x04')):\n"
        "    modes = termios.tcgetattr(p.stdout); modes[6][termios.VEOF] = given\n"
        "    termios.tcsetattr(p.stdout, termios.TCSANOW, modes)\n"
        "    assert p.end_of_file() == typed\n"
        "os.kill(p.pid, 9); os.waitpid(p.pid, 0)",
        # what was typed and not read is seen
        "p = start('sh', '-c', 'echo up; kill -STOP $$; read x; echo $x; exec cat')\n"
        "assert read(p) == b'up\\r\\n' and not p.unread()\n"
        "os.waitpid(p.pid, os.WUNTRACED)\n"
        "os.write(p.stdin.fileno(), b'half'); assert not p.unread()\n"
        "os.write(p.stdin.fileno(), b' a line\\n'); assert p.unread()\n"
        "os.kill(p.pid, 18); assert read(p) == b'half a line\\r\\n' and not p.unread()\n"
        "os.kill(p.pid, 9); os.waitpid(p.pid, 0)",
        # nothing of what it wrote is lost, and then its terminal ends
        "p = start('sh', '-c', 'seq 500', reads=False)\n"
        "os.waitpid(p.pid, 0)\n"
        "p.let_go()\n"
        "data = b''\n"
        "try:\n"
        "    while True: data += os.read(p.stdout.fileno(), 4096)\n"
        "except OSError: pass\n"
        "assert data.split() == [b'%d' % n for n in range(1, 501)]",
    ],
    ids=["not started", "leader", "end of file", "unread", "drained"],
)
def test_it(script: str) -> None:
    argv = [sys.executable, "-c", BEGIN + script]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
