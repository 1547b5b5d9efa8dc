# SPDX-License-Identifier: Apache-2.0
"""The runner of commands: real processes, because that is what it is about."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._host import commands


def test_a_command_s_streams_and_status_come_back_apart():
    output = commands.run(
        [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(4)"]
    )
    assert (output.stdout, output.stderr, output.rc) == ("out\n", "err\n", 4)


def test_commands_speak_the_c_locale(monkeypatch):
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    output = commands.run([sys.executable, "-c", "import os; print(os.environ['LC_ALL'], 'LANGUAGE' in os.environ)"])
    assert output.stdout.split() == ["C", "False"]


def test_a_missing_command_is_status_127_as_in_a_shell():
    output = commands.run(["no-such-command-here"])
    assert output.rc == 127
    assert "not found" in output.words()


def test_a_deadline_takes_the_command_s_children_along():
    # The child keeps the pipe open: only killing the whole group lets the call return.
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    begin = time.monotonic()
    with pytest.raises(commands.HostError, match="did not end within 0.5 s"):
        commands.run([sys.executable, "-c", script], timeout=0.5)
    assert time.monotonic() - begin < 20


def test_a_deadline_does_not_wait_for_a_child_that_left_the_group(tmp_path):
    script = f"setsid sleep 60 & echo $! > {tmp_path / 'pid'}; exec sleep 60"
    begin = time.monotonic()
    with pytest.raises(commands.HostError, match="did not end within 0.5 s"):
        commands.run(["sh", "-c", script], timeout=0.5)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)  # it was still there, and holding the pipe
    assert time.monotonic() - begin < 20


def test_a_command_that_prints_for_ever_is_ended(monkeypatch):
    monkeypatch.setattr(commands, "MOST_OUTPUT", 1 << 20)
    begin = time.monotonic()
    with pytest.raises(commands.HostError, match="^yes boltloom printed more than 1 MiB$"):
        commands.run(["yes", "boltloom"], timeout=60)
    assert time.monotonic() - begin < 20


def test_much_on_both_streams_is_read_whole():
    script = "import sys; sys.stdout.write('o' * 300000); sys.stderr.write('e' * 300000); sys.stdout.write('p')"
    output = commands.run([sys.executable, "-c", script])
    assert (output.stdout, output.stderr) == ("o" * 300000 + "p", "e" * 300000)


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_a_word_that_no_command_can_be_given_is_an_error_of_ours(word):
    with pytest.raises(commands.HostError, match="^echo .* cannot be run: ") as caught:
        commands.run(["echo", word])
    assert caught.value.one_line().isprintable()


def test_a_file_that_is_no_program_is_an_error_of_ours(tmp_path):
    path = tmp_path / "tool"
    path.write_text("no program")
    path.chmod(0o755)
    with pytest.raises(commands.HostError, match="cannot be run: .*Exec format error"):
        commands.run([str(path)])


def test_the_complaint_is_one_printable_line():
    words = commands.Output(("x",), 1, "", "a\u2028b\x1b[31m\nc\x85" + "d" * 9000).words()
    assert words.isprintable() and len(words) < 600


def test_the_system_s_own_tool_wins_over_path(tmp_path, monkeypatch):
    impostor = tmp_path / "env"
    impostor.write_text("#!/bin/sh\n")
    impostor.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    assert commands.full_path("env") != str(impostor)


@pytest.mark.parametrize("name", ["only-here", "/usr/sbin/only-here"])
def test_path_is_the_fallback(name, tmp_path, monkeypatch):
    tool = tmp_path / "only-here"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commands.full_path(name) == str(tool)


def test_required_repeats_the_command_s_own_words():
    with pytest.raises(commands.HostError, match="failed: no room left"):
        commands.required(commands.run, ["sh", "-c", "echo no room left; exit 3"])


@pytest.mark.parametrize(
    ("stdout", "stderr", "words"),
    [
        ("** Error: The parameters were not valid.\n", "", "** Error: The parameters were not valid."),
        ("ignored", "ifconfig: interface bridge0 does not exist\n", "ifconfig: interface bridge0 does not exist"),
        ("", "", "exit status 5 and no message"),
    ],
)
def test_the_complaint_is_found_on_either_stream(stdout, stderr, words):
    assert commands.Output(("x",), 5, stdout, stderr).words() == words
